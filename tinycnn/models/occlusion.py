"""Occlusion: how much a class's score falls when a square of the picture is covered, for every square."""

from collections.abc import Iterator

import numpy as np

from tinycnn.models.inspection import class_indices
from tinycnn.models.plan import forward, plan
from tinycnn.utils.validation import check_int, check_number

MOST_TOGETHER = 64  # covered pictures in one pass


def occlusion(
    model: object,
    x: np.ndarray,
    class_index: int | np.ndarray,
    size: int = 4,
    strides: int | None = None,
    value: float = 0.0,
) -> np.ndarray:
    """Return how far the score of a class falls when a square of the picture is covered.

    The score is the class's number before the softmax, as for `input_gradient`.

    Args:
        model: built.
        x: pictures (n, h, w, c), of the model's dtype.
        class_index: the class, or one class for each picture (n,).
        size: rows and columns of the square, from 1; at the lower and right border it is cut.
        strides: steps from one square to the next, from 1; None: as large as the square.
        value: the number that replaces the pixels of the square in all channels.

    Returns:
        (n, ceil(h / strides), ceil(w / strides)), one number a square: the score of the whole picture minus
        the score with that square covered.

    Raises:
        ValueError: for samples that are no pictures, or an argument out of its range.

    Source: M. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section 4.2.
    """
    rows = list(occlusion_rows(model, x, size, strides, value))
    falls = np.stack(rows, axis=1)  # (n, rows, columns, classes)
    return falls[np.arange(len(x)), :, :, class_indices(falls[:, 0, 0], class_index)]


def occlusion_rows(
    model: object, x: np.ndarray, size: int = 4, strides: int | None = None, value: float = 0.0
) -> Iterator[np.ndarray]:
    """Cover one row of squares after the other; yield how far the score of every class falls then.

    So a caller can show how far it has come, or give up on the way.

    Args:
        model, x, size, strides, value: see `occlusion`.

    Yields:
        (n, ceil(w / strides), classes), ceil(h / strides) times.

    Raises:
        ValueError: see `occlusion`.
    """
    if x.ndim != 4:
        raise ValueError(f"Only pictures (n, h, w, c) have squares to cover. Received: {x.shape}")
    size = check_int("size", size)
    strides = size if strides is None else check_int("strides", strides)
    value = check_number("value", value)
    steps = plan(model.layers, logits=True)
    scores, _ = forward(steps, x, False, None)  # (n, classes)
    lefts = range(0, x.shape[2], strides)
    together = max(1, MOST_TOGETHER // max(1, len(x)))
    for top in range(0, x.shape[1], strides):
        falls = []
        for first in range(0, len(lefts), together):
            some = lefts[first : first + together]
            covered = np.repeat(x[:, None], len(some), axis=1)  # (n, squares, h, w, c)
            for place, left in enumerate(some):
                covered[:, place, top : top + size, left : left + size] = value
            after, _ = forward(steps, covered.reshape(-1, *x.shape[1:]), False, None)
            falls.append(scores[:, None] - after.reshape(len(x), len(some), *scores.shape[1:]))
        yield np.concatenate(falls, axis=1)


def occlusion_of_pixels(
    falls: np.ndarray, shape: tuple[int, int], size: int = 4, strides: int | None = None
) -> np.ndarray:
    """Return for every pixel the mean of the squares that covered it.

    Args:
        falls: (rows, columns) of one picture, from `occlusion`.
        shape: (h, w) of the picture.
        size, strides: as `occlusion` was given them.

    Returns:
        float64 (h, w); 0 where no square lay.

    Example:
        >>> occlusion_of_pixels(np.array([[1.0, 3.0]]), (2, 3), size=2, strides=1).tolist()
        [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    """
    strides = strides or size
    sums, counts = np.zeros(shape), np.zeros(shape)
    for (i, j), fall in np.ndenumerate(falls):
        square = (slice(i * strides, i * strides + size), slice(j * strides, j * strides + size))
        sums[square] += fall
        counts[square] += 1
    return sums / np.maximum(counts, 1)
