"""Another choice of algorithms than that of the table, for as long as a test lasts."""

import pytest

from tinycnn import ops
from tinycnn.ops import reference


def always(*sizes):
    return True


def never(*sizes):
    return False


def where_it_can(output, kernel_shape, strides, samples=1):
    """Stand in for `winograd.pays`: every 3 x 3 kernel with stride 1 goes that way."""
    return tuple(kernel_shape[:2]) == (3, 3) and tuple(strides) == (1, 1)


def set_winograd(monkeypatch: pytest.MonkeyPatch, pays, few=None):
    """Let `pays` decide about Winograd's algorithm; `few` is how many channels count as few.

    Choices made earlier are not remembered then. Without Numba there is nothing to choose.
    """
    if ops.implementation() is reference:
        return
    from tinycnn.ops.kernels.convolution import algorithms, winograd

    monkeypatch.setattr(winograd, "pays", pays)
    by_table = getattr(algorithms.select, "__wrapped__", algorithms.select)
    monkeypatch.setattr(algorithms, "select", by_table)
    if few is not None:
        monkeypatch.setattr(algorithms, "FEW", few)
