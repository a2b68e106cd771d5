"""Pooling: a window keeps only its maximum, or only its mean, so the image gets smaller.

At the edges of a padded image a window is cut to the part that lies in the image, as Keras does: padding
is never a maximum and never counts in a mean.
"""

from collections.abc import Iterator

import numpy as np

from tinycnn.utils.geometry import Pair


def windows(
    size: Pair, pool: Pair, strides: Pair, start: Pair, output: Pair
) -> Iterator[tuple[int, int, slice, slice]]:
    """Yield (i, j, rows, columns) for each output pixel: two slices, of the image's rows and columns.

    They are what the window of pixel [i, j] covers of the image, without the padding.

    Args:
        size: (h, w) of the image.
        pool: (ph, pw), the size of the window.
        strides: (sh, sw), the steps of the window.
        start: (rows, columns) of padding above and left of the image.
        output: (oh, ow).
    """
    for i in range(output[0]):
        for j in range(output[1]):
            top, left = i * strides[0] - start[0], j * strides[1] - start[1]
            rows = slice(max(top, 0), min(top + pool[0], size[0]))
            columns = slice(max(left, 0), min(left + pool[1], size[1]))
            yield i, j, rows, columns


def max_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, start: Pair, output: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maximum of every window, for each channel by itself, and its position.

    Args:
        x: images (n, h, w, c).
        pool, strides, start, output: see `windows`; every window must cover a pixel of the image.

    Returns:
        y (n, oh, ow, c), and argmax (n, oh, ow, c) int32, for the backward step: the position of the
        maximum in the image, row · w + column. Of equal numbers the first in reading order counts; a NaN
        counts as larger than any number.

    Example:
        >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
        >>> y, argmax = max_pool2d_forward(x, (2, 2), (2, 2), (0, 0), (1, 1))
        >>> y.item(), argmax.item()
        (3.0, 3)
    """
    n, h, w, c = x.shape
    y = np.empty((n, *output, c), x.dtype)
    argmax = np.empty((n, *output, c), np.int32)
    position = np.arange(h * w, dtype=np.int32).reshape(h, w)
    for i, j, rows, columns in windows((h, w), pool, strides, start, output):
        positions = position[rows, columns].ravel()  # (pixels of the window,)
        window = x[:, rows, columns, :].reshape(n, positions.size, c)
        first = window.argmax(axis=1)  # (n, c)
        y[:, i, j, :] = np.take_along_axis(window, first[:, None, :], axis=1)[:, 0, :]
        argmax[:, i, j, :] = positions[first]
    return y, argmax


def max_pool2d_backward(dy: np.ndarray, argmax: np.ndarray, x_shape: tuple) -> np.ndarray:
    """Return dx: each number of dy is added where its window's maximum stands; the rest is 0.

    Args:
        dy: gradient of the loss with respect to y, (n, oh, ow, c).
        argmax: from the forward step, (n, oh, ow, c) int32.
        x_shape: (n, h, w, c).

    Returns:
        dx (n, h, w, c).
    """
    n, h, w, c = x_shape
    dx = np.zeros((n, h * w, c), dy.dtype)
    sample, channel = np.arange(n)[:, None], np.arange(c)[None, :]
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            # forward: y[:, i, j, :] = x at argmax[:, i, j, :]
            dx[sample, argmax[:, i, j, :], channel] += dy[:, i, j, :]
    return dx.reshape(x_shape)


def average_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, start: Pair, output: Pair
) -> np.ndarray:
    """Return the mean of every window, for each channel by itself.

    Args:
        x: images (n, h, w, c).
        pool, strides, start, output: see `windows`; every window must cover a pixel of the image.

    Returns:
        y (n, oh, ow, c).

    Example:
        >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
        >>> average_pool2d_forward(x, (2, 2), (2, 2), (0, 0), (1, 1)).item()
        1.5
    """
    n, h, w, c = x.shape
    y = np.empty((n, *output, c), x.dtype)
    for i, j, rows, columns in windows((h, w), pool, strides, start, output):
        y[:, i, j, :] = x[:, rows, columns, :].mean(axis=(1, 2))
    return y


def average_pool2d_backward(
    dy: np.ndarray, x_shape: tuple, pool: Pair, strides: Pair, start: Pair
) -> np.ndarray:
    """Return dx: each number of dy is divided by its window's pixels and added to each of them.

    Args:
        dy: gradient of the loss with respect to y, (n, oh, ow, c).
        x_shape: (n, h, w, c).
        pool, strides, start: those of the forward step.

    Returns:
        dx (n, h, w, c).
    """
    dx = np.zeros(x_shape, dy.dtype)
    for i, j, rows, columns in windows(x_shape[1:3], pool, strides, start, dy.shape[1:3]):
        window = dx[:, rows, columns, :]  # (n, up to ph, up to pw, c), a view
        # forward: y[:, i, j, :] = mean of the window
        window += dy[:, i : i + 1, j : j + 1, :] / (window.shape[1] * window.shape[2])
    return dx
