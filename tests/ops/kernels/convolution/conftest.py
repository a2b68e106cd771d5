"""What several tests of convolutions ask for."""

import pytest

from tests.support import algorithms


@pytest.fixture
def ways(monkeypatch):
    """Let every 3 x 3 convolution go this way; note each time that one does."""
    from tinycnn.ops.kernels.convolution import winograd, winograd_gradient

    transformed, values, points = [], winograd.filter_transform, winograd.filter_matrix
    algorithms.set_winograd(monkeypatch, algorithms.always, few=0)
    monkeypatch.setattr(
        winograd, "filter_transform", lambda k: transformed.append(k.shape) or values(k)
    )
    noted = lambda dtype: transformed.append("gradient") or points(dtype)  # noqa: E731
    monkeypatch.setattr(winograd_gradient, "filter_matrix", noted)
    return transformed
