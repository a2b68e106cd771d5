"""Pooling: one pass over each window, all channels side by side."""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.max_window import Maxima, Window, set_max
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Pair

# Numbers of x that are worth a thread of their own: one takes as long as 40 multiply-adds.
GRAIN = WORTH_A_THREAD // 40


def samples_a_thread(x_shape):
    """Return how many samples of x, shaped (n, h, w, c), are worth a thread of their own."""
    return GRAIN // (x_shape[1] * x_shape[2] * x_shape[3] + 1)


@jit
def clip_window(begin, length, size):
    """Return the first index and the end of a window's part inside an axis of `size` pixels.

    The window begins at `begin`, negative if in the padding, and is `length` pixels long.
    """
    return max(begin, 0), min(begin + length, size)


def max_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, start: Pair, output: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and argmax (n, oh, ow, c): fast implementation of `reference.max_pool2d_forward`."""
    n, _, _, c = x.shape
    y, argmax = np.empty((n, *output, c), x.dtype), np.empty((n, *output, c), np.int32)
    workers.run(max_forward_span, n, samples_a_thread(x.shape), x, pool, strides, start, y, argmax)
    return y, argmax


@jit
def max_forward_span(first, last, x, pool, strides, start, y, argmax):
    """Write y[first:last] and argmax[first:last] of `max_pool2d_forward`."""
    (_, h, w, c), (_, oh, ow, _) = x.shape, y.shape
    flat, y_flat, argmax_flat = x.ravel(), y.ravel(), argmax.ravel()
    lanes = VECTOR_BYTES // x.itemsize
    for b in range(first, last):
        for i in range(oh):
            for j in range(ow):
                top, bottom = clip_window(i * strides[0] - start[0], pool[0], h)
                left, right = clip_window(j * strides[1] - start[1], pool[1], w)
                window = Window(bottom - top, right - left, top * w + left, w)
                pixels = Matrix(flat, (b * h * w + window.first) * c, w * c)
                maxima = Maxima(y_flat, argmax_flat, ((b * oh + i) * ow + j) * c)
                set_max(pixels, c, window, -np.inf, maxima, vectors=c // lanes, rest=c % lanes)


def max_pool2d_backward(dy: np.ndarray, argmax: np.ndarray, x_shape: tuple) -> np.ndarray:
    """Return dx (n, h, w, c): fast implementation of `reference.max_pool2d_backward`."""
    n, h, w, c = x_shape
    dx = np.empty((n, h * w, c), dy.dtype)
    workers.run(max_backward_span, n, samples_a_thread(x_shape), dy, argmax, dx)
    return dx.reshape(x_shape)


@jit
def max_backward_span(first, last, dy, argmax, dx):
    """Write dx[first:last], (n, h · w, c): each number of dy is added at its argmax, others are 0."""
    _, oh, ow, c = dy.shape
    set_to_zero(dx[first:last].ravel())
    for b in range(first, last):
        for i in range(oh):
            for j in range(ow):
                for ch in range(c):
                    # forward: y[b, i, j, ch] = x[b] at argmax[b, i, j, ch]
                    dx[b, argmax[b, i, j, ch], ch] += dy[b, i, j, ch]


def average_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, start: Pair, output: Pair
) -> np.ndarray:
    """Return y (n, oh, ow, c): fast implementation of `reference.average_pool2d_forward`."""
    n, _, _, c = x.shape
    y = np.empty((n, *output, c), x.dtype)
    workers.run(average_forward_span, n, samples_a_thread(x.shape), x, pool, strides, start, y)
    return y


@jit
def average_forward_span(first, last, x, pool, strides, start, y):
    """Write y[first:last] of `average_pool2d_forward`."""
    (_, h, w, _), (_, oh, ow, c) = x.shape, y.shape
    set_to_zero(y[first:last].ravel())
    for b in range(first, last):
        for i in range(oh):
            for j in range(ow):
                top, bottom = clip_window(i * strides[0] - start[0], pool[0], h)
                left, right = clip_window(j * strides[1] - start[1], pool[1], w)
                for row in range(top, bottom):
                    for column in range(left, right):
                        for ch in range(c):
                            y[b, i, j, ch] += x[b, row, column, ch]
                # Zeros of the padding do not count, as in Keras.
                count = y.dtype.type((bottom - top) * (right - left))
                for ch in range(c):
                    y[b, i, j, ch] /= count


def average_pool2d_backward(
    dy: np.ndarray, x_shape: tuple, pool: Pair, strides: Pair, start: Pair
) -> np.ndarray:
    """Return dx (n, h, w, c): fast implementation of `reference.average_pool2d_backward`."""
    dx = np.empty(x_shape, dy.dtype)
    span = average_backward_span
    workers.run(span, x_shape[0], samples_a_thread(x_shape), dy, pool, strides, start, dx)
    return dx


@jit
def average_backward_span(first, last, dy, pool, strides, start, dx):
    """Write dx[first:last]: the sums of each number of dy, divided by its window's pixels."""
    (_, h, w, _), (_, oh, ow, c) = dx.shape, dy.shape
    set_to_zero(dx[first:last].ravel())
    for b in range(first, last):
        for i in range(oh):
            for j in range(ow):
                top, bottom = clip_window(i * strides[0] - start[0], pool[0], h)
                left, right = clip_window(j * strides[1] - start[1], pool[1], w)
                count = dx.dtype.type((bottom - top) * (right - left))
                for row in range(top, bottom):
                    for column in range(left, right):
                        for ch in range(c):
                            # forward: y[b, i, j, ch] = sum of the window / count
                            dx[b, row, column, ch] += dy[b, i, j, ch] / count
