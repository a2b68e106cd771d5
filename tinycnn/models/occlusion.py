"""Occlusion: how much a class's score falls when a square of the picture is covered, for every square."""

import numpy as np

from tinycnn.models.inspection import class_indices
from tinycnn.models.plan import forward, plan
from tinycnn.utils.validation import check_int, check_number


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
    if x.ndim != 4:
        raise ValueError(f"Only pictures (n, h, w, c) have squares to cover. Received: {x.shape}")
    size = check_int("size", size)
    strides = size if strides is None else check_int("strides", strides)
    value = check_number("value", value)
    steps = plan(model.layers, logits=True)
    scores, _ = forward(steps, x, False, None)  # (n, classes)
    chosen = np.arange(len(x)), class_indices(scores, class_index)  # scores[chosen] is (n,)
    tops, lefts = range(0, x.shape[1], strides), range(0, x.shape[2], strides)
    falls = np.empty((len(x), len(tops), len(lefts)), scores.dtype)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            covered = x.copy()
            covered[:, top : top + size, left : left + size] = value
            falls[:, i, j] = scores[chosen] - forward(steps, covered, False, None)[0][chosen]
    return falls
