"""Dense layers on the product of `product.py`."""

import numpy as np

from tinycnn.kernels.calls import call
from tinycnn.kernels.compile import jit
from tinycnn.kernels.elementwise import copy
from tinycnn.kernels.gather import add_gathered_address, multiples
from tinycnn.kernels.memory import aligned_empty
from tinycnn.kernels.product import ONE, ROWS, ZERO, product_address, strips, whole_vectors
from tinycnn.kernels.threads import workers
from tinycnn.kernels.turn import turn_address

WORTH_A_THREAD = 4_000_000  # multiply-adds
# One pass takes this many k, so that its part of the kernel stays in the second-level cache.
BLOCK = 256
FEW = 4  # samples
INPUTS = 8 * ROWS  # whose gradients are computed at once
COLUMNS = 4  # strips that are brought together at once
WIDE = 16  # columns of a strip, or as many as a vector has


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Twin of `reference.dense_forward`: a strip of columns at a time, each with one owner.

    For a few samples to read the kernel takes longest, so rows that meet a zero are not read. (A weight
    that is NaN or infinite is not noticed there.)
    """
    y = np.empty((len(x), len(bias)), x.dtype)
    if len(x) <= FEW:
        forward_few(add_gathered_address(x.dtype), x, kernel, bias, y)
        return y
    wide = whole_vectors(WIDE, x.dtype)
    together = max(1, min(COLUMNS, -(-len(bias) // wide) // workers.get_count()))
    arrays = product_address(x.dtype), x, kernel, bias, wide, wide * together, y
    least = WORTH_A_THREAD // (x.size * wide * together + 1)
    workers.run(forward_span, -(-len(bias) // (wide * together)), least, *arrays)
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
def forward_span(start, stop, product, x, kernel, bias, wide, size, y):
    """Fill groups start to stop of y's columns, a block of k after the other.

    What is far apart in memory may share its places in the cache: it is brought together first.
    """
    (n, c), f = x.shape, len(bias)
    z, numbers, weights = y.ravel(), x.ravel(), kernel.ravel()
    # An odd number of strips from row to row, or the rows of a strip share their places, too.
    a, b, far = np.empty(n * BLOCK, x.dtype), np.zeros(BLOCK * (size + wide), x.dtype), size + wide
    for k in range(0, max(1, c), BLOCK):
        many = min(BLOCK, c - k)
        steps = (many, ONE, ZERO, many, ONE)
        for sample in range(n):
            at = sample * c + k
            copy(numbers[at : at + many], a[sample * many : (sample + 1) * many])
        for first in range(start * size, min(stop * size, f), size):
            width = min(size, f - first)
            for row in range(many):
                at = (k + row) * f + first
                copy(weights[at : at + width], b[row * far : row * far + width])
            for column in range(0, width, wide):
                at, left = first + column, min(wide, width - column)
                rest = a, ZERO, steps, b, column, (far, ZERO), n, left
                if k == 0:
                    call(product, (z, at, f, bias, at, ZERO, *rest))
                else:
                    call(product, (z, at, f, z, at, f, *rest))


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Twin of `reference.dense_backward_input`.

    The product needs the kernel turned. To turn the small result is cheaper: dxᵀ = kernel · dyᵀ.
    """
    dx = aligned_empty((len(dy), len(kernel)), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * INPUTS + 1)
    addresses = product_address(dy.dtype), turn_address(dy.dtype)
    arrays = addresses, strips(dy.T, whole_vectors(WIDE, dy.dtype)), kernel, dx
    workers.run(backward_input_span, -(-len(kernel) // INPUTS), least, *arrays)
    return dx


@jit
def backward_input_span(start, stop, addresses, turned, kernel, dx):
    """Fill the columns of dx that belong to groups start to stop of inputs."""
    (c, f), n, (count, _, wide), (product, turn) = kernel.shape, len(dx), turned.shape, addresses
    room, zeros = np.empty(INPUTS * n, dx.dtype), np.zeros(wide, dx.dtype)
    found, a, b = dx.ravel(), kernel.ravel(), turned.ravel()
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        many = min(INPUTS, c - first)
        for strip in range(count):
            # forward: y = x @ kernel + bias
            at, steps, b_steps = strip * wide, (f, ONE, ZERO, f, ONE), (wide, ZERO)
            places = room, at, n, zeros, ZERO, ZERO, a, first * f, steps, b, at * f, b_steps
            call(product, (*places, many, min(wide, n - at)))
        call(turn, (room, ZERO, n, room, True, many, n, found, first, c))


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.dense_backward_kernel`."""
    dkernel = aligned_empty((x.shape[1], dy.shape[1]), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * INPUTS + 1)
    addresses = product_address(dy.dtype), turn_address(dy.dtype)
    arrays = addresses, strips(dy, whole_vectors(WIDE, dy.dtype)), x, dkernel
    workers.run(backward_kernel_span, -(-x.shape[1] // INPUTS), least, *arrays)
    return dkernel, dy.sum(axis=0)


@jit
def backward_kernel_span(start, stop, addresses, dy, x, dkernel):
    """Fill the rows of dkernel that belong to groups start to stop of inputs: k runs over the samples."""
    (n, c), f, (count, _, wide), (product, turn) = x.shape, dkernel.shape[1], dy.shape, addresses
    room, zeros = np.empty(INPUTS * n, dy.dtype), np.zeros(wide, dy.dtype)
    z, numbers, b = dkernel.ravel(), x.ravel(), dy.ravel()
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        many = min(INPUTS, c - first)
        call(turn, (numbers, first, c, numbers, True, n, many, room, ZERO, n))
        for strip in range(count):
            # forward: y = x @ kernel + bias
            at, steps, b_steps = strip * wide, (n, ONE, ZERO, n, ONE), (wide, ZERO)
            places = z, first * f + at, f, zeros, ZERO, ZERO, room, ZERO, steps, b, at * n, b_steps
            call(product, (*places, many, min(wide, f - at)))
