"""What several files of tests ask for."""

import hypothesis
import pytest

from tests.support import algorithms

# On a busy machine anything may take long.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture
def directly(monkeypatch):
    """No convolution goes Winograd's way, which rounds otherwise, even integers."""
    algorithms.set_winograd(monkeypatch, algorithms.never)
