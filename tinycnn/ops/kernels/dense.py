"""Dense layers on the product of `product.py`.

Long sums are taken in blocks: 256 products are added up by themselves, then the blocks' sums one by one. So a
number meets 256 roundings and one for each block, not one for each product: a float32 sum of 60,000 numbers
is ten times as precise. The blocks do not depend on threads or samples, nor do the bits.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import add, copy, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import ONE, ROWS, ZERO, product_address, strips, whole_vectors
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.sparse_gemm import add_gathered_address, multiples
from tinycnn.ops.kernels.blocks.transpose import turn_address
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.thread_pool import workers

WORTH_A_THREAD = 4_000_000  # multiply-adds
# One pass takes this many k: so sums are precise, and its part of the kernel stays in the second-level cache.
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
    """Fill y, (n, f), with the sums of the rows of the kernel whose input is not zero, in blocks of k."""
    (n, c), f = x.shape, kernel.shape[1]
    values, indices = np.empty(n * BLOCK, x.dtype), np.empty(n * BLOCK, np.int64)
    firsts, stops, places = multiples(n, BLOCK), multiples(n, BLOCK), multiples(n, f)
    z, part, rows = y.ravel(), np.empty(n * f, y.dtype), kernel.ravel()
    for sample in range(n):
        copy(bias, y[sample])
    for first in range(0, c, BLOCK):
        for sample in range(n):
            stop = firsts[sample]
            for k in range(first, min(first + BLOCK, c)):
                values[stop], indices[stop] = x[sample, k], k * f
                stop += x[sample, k] != 0
            stops[sample] = stop
        lists = values, indices, firsts, stops
        if first == 0:
            call(add_gathered, (z, ZERO, places, rows, ZERO, *lists, f))
        else:
            set_to_zero(part)
            call(add_gathered, (part, ZERO, places, rows, ZERO, *lists, f))
            add(part, z)


@inlined
def add_rows(part, row, z, z_at, z_row, rows, columns):
    """Add a matrix of `rows` x `columns` numbers in `part` to one in `z`; both flat."""
    for i in range(rows):
        here, there = i * row, z_at + i * z_row
        add(part[here : here + columns], z[there : there + columns])


@jit
def forward_span(start, stop, product, x, kernel, bias, wide, size, y):
    """Fill groups start to stop of y's columns, a block of k after the other.

    What is far apart in memory may share its places in the cache: it is brought together first.
    """
    (n, c), f = x.shape, len(bias)
    z, numbers, weights = y.ravel(), x.ravel(), kernel.ravel()
    # An odd number of strips from row to row, or the rows of a strip share their places, too.
    a, b, far = np.empty(n * BLOCK, x.dtype), np.zeros(BLOCK * (size + wide), x.dtype), size + wide
    part, zeros = np.empty(n * far, x.dtype), np.zeros(wide, x.dtype)
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
                    call(product, (part, column, far, zeros, ZERO, ZERO, *rest))
            if k > 0:
                add_rows(part, far, z, first, f, n, width)


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
    part, found, a, b = (
        np.empty(INPUTS * wide, dx.dtype),
        dx.ravel(),
        kernel.ravel(),
        turned.ravel(),
    )
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        many = min(INPUTS, c - first)
        for strip in range(count):
            # forward: y = x @ kernel + bias
            at, left = strip * wide, min(wide, n - strip * wide)
            for k in range(0, max(1, f), BLOCK):
                length = min(BLOCK, f - k)
                steps, b_steps = (f, ONE, ZERO, length, ONE), (wide, ZERO)
                rest = a, first * f + k, steps, b, at * f + k * wide, b_steps, many, left
                if k == 0:
                    call(product, (room, at, n, zeros, ZERO, ZERO, *rest))
                else:
                    call(product, (part, ZERO, wide, zeros, ZERO, ZERO, *rest))
                    add_rows(part, wide, room, at, n, many, left)
        call(turn, (room, ZERO, n, room, True, many, n, found, first, c))


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.dense_backward_kernel`."""
    dkernel = aligned_empty((x.shape[1], dy.shape[1]), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * INPUTS + 1)
    addresses = product_address(dy.dtype), turn_address(dy.dtype)
    arrays = addresses, strips(dy, whole_vectors(WIDE, dy.dtype)), x, dkernel
    workers.run(backward_kernel_span, -(-x.shape[1] // INPUTS), least, *arrays)
    sums = [dy[k : k + BLOCK].sum(axis=0) for k in range(0, max(1, len(dy)), BLOCK)]
    return dkernel, sum(sums[1:], sums[0])


@jit
def backward_kernel_span(start, stop, addresses, dy, x, dkernel):
    """Fill the rows of dkernel that belong to groups start to stop of inputs: k runs over the samples."""
    (n, c), f, (count, _, wide), (product, turn) = x.shape, dkernel.shape[1], dy.shape, addresses
    room, zeros = np.empty(INPUTS * n, dy.dtype), np.zeros(wide, dy.dtype)
    part, z, numbers, b = np.empty(INPUTS * wide, dy.dtype), dkernel.ravel(), x.ravel(), dy.ravel()
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        many = min(INPUTS, c - first)
        call(turn, (numbers, first, c, numbers, True, n, many, room, ZERO, n))
        for strip in range(count):
            # forward: y = x @ kernel + bias
            at, left = first * f + strip * wide, min(wide, f - strip * wide)
            for k in range(0, max(1, n), BLOCK):
                length = min(BLOCK, n - k)
                steps, b_steps = (n, ONE, ZERO, length, ONE), (wide, ZERO)
                rest = room, k, steps, b, (strip * n + k) * wide, b_steps, many, left
                if k == 0:
                    call(product, (z, at, f, zeros, ZERO, ZERO, *rest))
                else:
                    call(product, (part, ZERO, wide, zeros, ZERO, ZERO, *rest))
                    add_rows(part, wide, z, at, f, many, left)
