"""Conv2D + ReLU or tanh + AveragePooling2D: what lies between them is touched once."""

import numpy as np

from tinycnn.ops.kernels.activations import KINDS, bend, bend_back
from tinycnn.ops.kernels.blocks.elementwise import add, set_to_zero
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import Padding, Pair
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution import single_channel
from tinycnn.ops.kernels.convolution.direct import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.ops.kernels.pooling import samples_a_thread


def conv2d_average_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    activation: str,
    pool: Pair,
) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_average_pool2d_forward`."""
    if single_channel.pays(kernel.shape, strides):
        return single_channel.forward(x, kernel, bias, padding, KINDS[activation], pool)
    a = conv2d_forward(x, kernel, bias, strides, padding)
    n, oh, ow, f = a.shape
    y = aligned_empty((n, oh // pool[0], ow // pool[1], f), x.dtype)
    workers.run(forward_span, n, samples_a_thread(a.shape) // 2, a, pool, KINDS[activation], y)
    return y, a


@jit
def forward_span(first, last, a, pool, kind, y):
    """Bend samples first to last of a, in place, and pool them, row by row."""
    (_, oh, ow, f), (_, rows, columns, _), (ph, pw) = a.shape, y.shape, pool
    numbers, found, size = a.ravel(), y.ravel(), ow * f
    row, count = np.empty(size, a.dtype), a.dtype.type(ph * pw)
    for b in range(first, last):
        bend(numbers[b * oh * size : (b + 1) * oh * size], kind)
        for i in range(rows):
            set_to_zero(row)
            for above in range(ph):
                start = (b * oh + i * ph + above) * size
                add(numbers[start : start + size], row)
            for j in range(columns):
                at, read = ((b * rows + i) * columns + j) * f, j * pw * f
                for ch in range(f):
                    total = row[read + ch]
                    for right in range(1, pw):
                        total += row[read + right * f + ch]
                    found[at + ch] = total / count


def conv2d_average_pool2d_backward(
    dy: np.ndarray,
    a: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Pair,
    padding: Padding,
    activation: str,
    pool: Pair,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_average_pool2d_backward`."""
    if single_channel.pays(kernel.shape, strides) and not input_gradient:
        arrays = dy, a, x, kernel.shape, padding
        return None, *single_channel.backward(*arrays, KINDS[activation], pool)
    a = np.ascontiguousarray(a)
    dz, least = aligned_empty(a.shape, a.dtype), samples_a_thread(a.shape) // 2
    workers.run(backward_span, len(a), least, dy, a, pool, KINDS[activation], dz)
    dkernel, dbias = conv2d_backward_kernel(dz, x, kernel.shape, strides, padding)
    if not input_gradient:
        return None, dkernel, dbias
    return conv2d_backward_input(dz, kernel, x.shape, strides, padding), dkernel, dbias


@jit
def backward_span(first, last, dy, a, pool, kind, dz):
    """Share the gradients of samples first to last among their windows, and go back through the bend."""
    (_, oh, ow, f), (_, rows, columns, _), (ph, pw) = a.shape, dy.shape, pool
    numbers, signs, found, size = dy.ravel(), a.ravel(), dz.ravel(), ow * f
    row, count = np.zeros(size, a.dtype), a.dtype.type(ph * pw)
    for b in range(first, last):
        for i in range(rows):
            for j in range(columns):
                read, at = ((b * rows + i) * columns + j) * f, j * pw * f
                for right in range(pw):
                    for ch in range(f):
                        # forward: y[b, i, j, ch] = sum of the window / count
                        row[at + right * f + ch] = numbers[read + ch] / count
            for above in range(ph):
                # forward: a = bend(z)
                start = (b * oh + i * ph + above) * size
                stop = start + size
                bend_back(row, signs[start:stop], found[start:stop], kind)
        set_to_zero(found[(b * oh + rows * ph) * size : (b + 1) * oh * size])
