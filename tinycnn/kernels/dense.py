"""Dense layers on the product of `product.py`."""

import numpy as np

from tinycnn.kernels.calls import call
from tinycnn.kernels.compile import jit
from tinycnn.kernels.gather import add_gathered_address, multiples
from tinycnn.kernels.memory import aligned_empty
from tinycnn.kernels.product import ONE, ROWS, ZERO, product_address, widened
from tinycnn.kernels.threads import workers
from tinycnn.kernels.vectors import VECTOR_BYTES, VECTORS

WORTH_A_THREAD = 500_000  # multiply-adds
# One pass takes this many k, so that its part of the kernel stays in the second-level cache.
BLOCK = 256
FEW = 4  # samples
STRIP = 8 * ROWS  # inputs whose gradients are computed at once and then turned


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Twin of `reference.dense_forward`: a strip of columns at a time, each with one owner.

    For a few samples to read the kernel takes longest, so rows that meet a zero are not read. (A weight
    that is NaN or infinite is not noticed there.)
    """
    y = np.empty((len(x), len(bias)), x.dtype)
    if len(x) <= FEW:
        forward_few(add_gathered_address(x.dtype), x, kernel, bias, y)
        return y
    strip = VECTORS * VECTOR_BYTES // x.itemsize
    least = WORTH_A_THREAD // (x.size * strip + 1)
    arrays = product_address(x.dtype), x, widened(kernel), bias, strip, y
    workers.run(forward_span, -(-len(bias) // strip), least, *arrays)
    return y


@jit
def forward_few(add_gathered, x, kernel, bias, y):
    """Fill y, (n, f), with the sums of the rows of the kernel whose input is not zero."""
    (n, c), f = x.shape, kernel.shape[1]
    values, indices = np.empty(n * c + 1, x.dtype), np.empty(n * c + 1, np.int64)
    firsts, stops, places = multiples(n, c), multiples(n, c), multiples(n, f)
    for sample in range(n):
        for k in range(c):
            values[stops[sample]], indices[stops[sample]] = x[sample, k], k * f
            stops[sample] += x[sample, k] != 0
        for j in range(f):
            y[sample, j] = bias[j]
    flat, rows = y.ravel(), kernel.ravel()
    lists = values, indices, firsts, stops
    call(add_gathered, (flat, ZERO, places, rows, ZERO, *lists, f))


@jit
def forward_span(start, stop, product, x, kernel, bias, strip, y):
    """Fill strips start to stop of y, a block of k after the other."""
    (n, c), f, wide = x.shape, len(bias), kernel.shape[1]
    z, a, b = y.ravel(), x.ravel(), kernel.ravel()
    for column in range(start * strip, min(stop * strip, f), strip):
        width = min(strip, f - column)
        steps = (c, ONE, ZERO, min(BLOCK, c), ONE)
        places = z, column, f, bias, column, ZERO, a, ZERO, steps, b, column, (wide, ZERO)
        call(product, (*places, n, width))
        for k in range(BLOCK, c, BLOCK):
            steps, at = (c, ONE, ZERO, min(BLOCK, c - k), ONE), k * wide + column
            places = z, column, f, z, column, f, a, k, steps, b, at, (wide, ZERO)
            call(product, (*places, n, width))


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Twin of `reference.dense_backward_input`.

    The product needs the kernel turned. To turn the small result is cheaper: dxᵀ = kernel · dyᵀ.
    """
    turned = widened(dy.T)  # (f, whole vectors of samples)
    dx = aligned_empty((len(dy), len(kernel)), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * STRIP + 1)
    arrays = product_address(dy.dtype), turned, kernel, dx
    workers.run(backward_input_span, -(-len(kernel) // STRIP), least, *arrays)
    return dx


@jit
def backward_input_span(start, stop, product, turned, kernel, dx):
    """Fill the columns of dx that belong to strips start to stop of inputs."""
    (c, f), n, wide = kernel.shape, len(dx), turned.shape[1]
    strip, zeros = np.empty((STRIP, n), dx.dtype), np.zeros(n, dx.dtype)
    z, a, b = strip.ravel(), kernel.ravel(), turned.ravel()
    for first in range(start * STRIP, min(stop * STRIP, c), STRIP):
        many = min(STRIP, c - first)
        # forward: y = x @ kernel + bias
        steps = (f, ONE, ZERO, f, ONE)
        places = z, ZERO, n, zeros, ZERO, ZERO, a, first * f, steps, b, ZERO, (wide, ZERO)
        call(product, (*places, many, n))
        for sample in range(n):
            for i in range(many):
                dx[sample, first + i] = strip[i, sample]


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.dense_backward_kernel`."""
    dkernel = aligned_empty((x.shape[1], dy.shape[1]), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * ROWS + 1)
    arrays = product_address(dy.dtype), widened(dy), x, dkernel
    workers.run(backward_kernel_span, -(-x.shape[1] // ROWS), least, *arrays)
    return dkernel, dy.sum(axis=0)


@jit
def backward_kernel_span(start, stop, product, dy, x, dkernel):
    """Fill dkernel six rows at a time: k runs over the samples, in order."""
    (n, c), f, wide = x.shape, dkernel.shape[1], dy.shape[1]
    z, a, b, zeros = dkernel.ravel(), x.ravel(), dy.ravel(), np.zeros(f, dy.dtype)
    for row in range(start * ROWS, min(stop * ROWS, c), ROWS):
        steps, rows = (ONE, c, ZERO, n, ONE), min(ROWS, c - row)
        # forward: y = x @ kernel + bias
        places = z, row * f, f, zeros, ZERO, ZERO, a, row, steps, b, ZERO, (wide, ZERO)
        call(product, (*places, rows, f))
