"""What several files of tests ask for."""

import pytest

from tinycnn import ops, reference


@pytest.fixture
def directly(monkeypatch):
    """No convolution goes Winograd's way, which rounds otherwise, even integers."""
    if ops.implementation() is not reference:
        monkeypatch.setattr("tinycnn.kernels.winograd.pays", lambda *shapes: False)
