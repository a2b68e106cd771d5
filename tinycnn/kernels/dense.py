"""Dense layers on the product of `product.py`."""

import numpy as np

from tinycnn.kernels.compile import jit
from tinycnn.kernels.product import ROWS, VECTOR_BYTES, VECTORS, add_product
from tinycnn.kernels.threads import workers

WORTH_A_THREAD = 500_000  # multiply-adds
# One pass takes this many k, so that its part of the kernel stays in the second-level cache.
BLOCK = 256


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Twin of `reference.dense_forward`."""
    y = np.empty((len(x), len(bias)), x.dtype)
    y[...] = bias
    add_matrix_product(y, x, kernel)
    return y


def add_matrix_product(y, x, kernel):
    """Add x (n, c) · kernel (c, f) to y (n, f), a strip of columns at a time, each with one owner."""
    strip = VECTORS * VECTOR_BYTES // x.itemsize
    strips = -(-y.shape[1] // strip)
    grain = WORTH_A_THREAD // (x.size * strip + 1)
    workers.run(product_span, strips, grain, y, x, kernel, strip)


@jit
def product_span(start, stop, y, x, kernel, strip):
    """Add x · kernel to strips start to stop of y."""
    (n, c), f = x.shape, kernel.shape[1]
    for column in range(start * strip, min(stop * strip, f), strip):
        for k in range(0, c, BLOCK):
            steps = (c, 1, 0, min(BLOCK, c - k), 1)
            at, columns = k * f + column, min(strip, f - column)
            add_product(
                y.ravel(), column, f, x.ravel(), k, steps, kernel.ravel(), at, f, n, columns
            )


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Twin of `reference.dense_backward_input`."""
    turned = np.empty(kernel.shape[::-1], kernel.dtype)
    workers.run(
        transpose_span, len(kernel), WORTH_A_THREAD // (kernel.shape[1] + 1), kernel, turned
    )
    dx = np.zeros((len(dy), len(kernel)), dy.dtype)
    add_matrix_product(dx, dy, turned)
    return dx


@jit
def transpose_span(start, stop, matrix, turned):
    """Write rows start to stop of a matrix as columns, in small squares that fit the cache."""
    side = 16
    for top in range(start, stop, side):
        for left in range(0, matrix.shape[1], side):
            for row in range(top, min(top + side, stop)):
                for column in range(left, min(left + side, matrix.shape[1])):
                    turned[column, row] = matrix[row, column]


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.dense_backward_kernel`."""
    dkernel = np.zeros((x.shape[1], dy.shape[1]), dy.dtype)
    strips = -(-x.shape[1] // ROWS)
    workers.run(
        backward_kernel_span, strips, WORTH_A_THREAD // (dy.size * ROWS + 1), dy, x, dkernel
    )
    return dkernel, dy.sum(axis=0)


@jit
def backward_kernel_span(start, stop, dy, x, dkernel):
    """Fill dkernel six rows at a time: k runs over the samples, in order."""
    (n, c), f = x.shape, dy.shape[1]
    for row in range(start * ROWS, min(stop * ROWS, c), ROWS):
        steps = (1, c, 0, n, 1)
        rows = min(ROWS, c - row)
        # forward: y = x @ kernel + bias
        add_product(dkernel.ravel(), row * f, f, x.ravel(), row, steps, dy.ravel(), 0, f, rows, f)
