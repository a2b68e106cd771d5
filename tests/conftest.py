"""What several files of tests ask for."""

import hypothesis
import pytest

from tinycnn import ops
from tinycnn.ops import reference

# On a busy machine anything may take long.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture
def directly(monkeypatch):
    """No convolution goes Winograd's way, which rounds otherwise, even integers."""
    if ops.implementation() is not reference:
        monkeypatch.setattr("tinycnn.ops.kernels.convolution.winograd.pays", lambda *shapes: False)
