"""What several tests of convolutions ask for."""

import pytest

from tests.support import algorithms


@pytest.fixture
def ways(monkeypatch):
    """Let every 3 x 3 convolution go this way; note each time that one does."""
    from tinycnn.ops.kernels.convolution import winograd, winograd_gradient

    transformed, values, enlarged = [], winograd.filter_transform, winograd.enlarge_to_tiles
    algorithms.set_winograd(monkeypatch, algorithms.always, few=0)
    monkeypatch.setattr(
        winograd, "filter_transform", lambda k: transformed.append(k.shape) or values(k)
    )
    noted = lambda geometry: transformed.append("gradient") or enlarged(geometry)  # noqa: E731
    monkeypatch.setattr(winograd_gradient, "enlarge_to_tiles", noted)
    return transformed
