"""One step for many small arrays at once: to call the step for each takes longer than the step itself."""

import itertools
from collections.abc import Callable

import numpy as np

SMALL = (
    2**16
)  # numbers in an array: to copy a larger one would take longer than to call the step for it

Row = tuple[np.ndarray, ...]  # a weight array, its gradient, its slots


def update_together(
    update: Callable[[np.ndarray, np.ndarray, list], None], rows: list[Row]
) -> None:
    """Call update(param, grad, slots) once for all small arrays, put behind each other, and for each other.

    That gives the same numbers if the step treats each number by itself.

    Args:
        update: changes all but grad in place.
        rows: arrays of one shape and dtype each.

    Example:
        >>> weights = [np.ones(2), np.zeros((1, 3))]
        >>> def update(param, grad, slots):
        ...     param -= grad
        >>> update_together(update, [(weight, np.ones_like(weight)) for weight in weights])
        >>> weights
        [array([0., 0.]), array([[-1., -1., -1.]])]
    """
    joined: dict[np.dtype, list[Row]] = {}
    for row in rows:
        if row[0].size <= SMALL:
            joined.setdefault(row[0].dtype, []).append(row)
        else:
            update(row[0], row[1], list(row[2:]))
    for small in joined.values():
        _update_joined(update, list(zip(*small, strict=True)))


def _update_joined(update: Callable[..., None], columns: list[Row]) -> None:
    """Call update once; columns are all weight arrays, all gradients, and each slot's arrays."""
    param, grad, *slots = (np.concatenate([a.reshape(-1) for a in column]) for column in columns)
    update(param, grad, slots)
    stops = itertools.accumulate(array.size for array in columns[0])
    places = [slice(stop - array.size, stop) for stop, array in zip(stops, columns[0], strict=True)]
    for whole, column in zip((param, *slots), (columns[0], *columns[2:]), strict=True):
        for array, place in zip(column, places, strict=True):
            array.reshape(-1)[:] = whole[place]
