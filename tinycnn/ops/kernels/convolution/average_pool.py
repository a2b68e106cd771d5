"""Conv2D + ReLU or tanh + AveragePooling2D: what lies between them is touched once."""

import numpy as np

from tinycnn.ops.kernels.activations import ACTIVATION_CODES, activate, activation_gradient
from tinycnn.ops.kernels.blocks.elementwise import add, set_to_zero
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution import algorithms, single_channel
from tinycnn.ops.kernels.convolution.conv2d import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.ops.kernels.pooling import samples_a_thread
from tinycnn.utils.geometry import FusedConvolution


def conv2d_average_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    fused: FusedConvolution,
) -> tuple[np.ndarray, np.ndarray]:
    """Fast implementation of `reference.conv2d_average_pool2d_forward`."""
    strides, padding, pool = fused.strides, fused.padding, fused.pool
    code, problem = ACTIVATION_CODES[fused.activation], problem_of(x, kernel, fused)
    if algorithms.select("average_pool_forward", problem) == "single_channel":
        return single_channel.forward(x, kernel, bias, padding, code, pool)
    a = conv2d_forward(x, kernel, bias, strides, padding, filters=fused.filters)
    n, oh, ow, f = a.shape
    y = aligned_empty((n, oh // pool[0], ow // pool[1], f), x.dtype)
    workers.run(forward_span, n, samples_a_thread(a.shape) // 2, a, pool, code, y)
    return y, a


def problem_of(
    x: np.ndarray, kernel: np.ndarray, fused: FusedConvolution, input_gradient: bool = True
) -> algorithms.Problem:
    """Return the sizes of a fused convolution, for the choice of its algorithm."""
    sizes = x.shape[1:3], kernel.shape, fused.strides, fused.padding, fused.pool
    return algorithms.Problem(*sizes, input_gradient)


@jit
def forward_span(first, last, a, pool, activation_code, y):
    """Activate samples first to last of a, in place, and pool them, row by row."""
    (_, oh, ow, f), (_, rows, columns, _), (ph, pw) = a.shape, y.shape, pool
    a_flat, y_flat, line = a.ravel(), y.ravel(), ow * f
    row, count = np.empty(line, a.dtype), a.dtype.type(ph * pw)
    for b in range(first, last):
        activate(a_flat[b * oh * line : (b + 1) * oh * line], activation_code)
        for i in range(rows):
            set_to_zero(row)
            for above in range(ph):
                start = (b * oh + i * ph + above) * line
                add(a_flat[start : start + line], row)
            for j in range(columns):
                offset, start_column = ((b * rows + i) * columns + j) * f, j * pw * f
                for ch in range(f):
                    total = row[start_column + ch]
                    for right in range(1, pw):
                        total += row[start_column + right * f + ch]
                    y_flat[offset + ch] = total / count


def conv2d_average_pool2d_backward(
    dy: np.ndarray,
    a: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Fast implementation of `reference.conv2d_average_pool2d_backward`."""
    strides, padding, pool = fused.strides, fused.padding, fused.pool
    code, problem = ACTIVATION_CODES[fused.activation], problem_of(x, kernel, fused, input_gradient)
    if algorithms.select("average_pool_backward", problem) == "single_channel":
        return None, *single_channel.backward(dy, a, x, kernel.shape, padding, code, pool)
    a = np.ascontiguousarray(a)
    dz, least = aligned_empty(a.shape, a.dtype), samples_a_thread(a.shape) // 2
    workers.run(backward_span, len(a), least, dy, a, pool, code, dz)
    dkernel, dbias = conv2d_backward_kernel(dz, x, kernel.shape, strides, padding)
    if not input_gradient:
        return None, dkernel, dbias
    return conv2d_backward_input(dz, kernel, x.shape, strides, padding), dkernel, dbias


@jit
def backward_span(first, last, dy, a, pool, activation_code, dz):
    """Share the gradients of samples first to last among their windows; go back through the activation."""
    (_, oh, ow, f), (_, rows, columns, _), (ph, pw) = a.shape, dy.shape, pool
    dy_flat, a_flat, dz_flat, line = dy.ravel(), a.ravel(), dz.ravel(), ow * f
    row, count = np.zeros(line, a.dtype), a.dtype.type(ph * pw)
    for b in range(first, last):
        for i in range(rows):
            for j in range(columns):
                position, offset = ((b * rows + i) * columns + j) * f, j * pw * f
                for right in range(pw):
                    for ch in range(f):
                        # forward: y[b, i, j, ch] = sum of the window / count
                        row[offset + right * f + ch] = dy_flat[position + ch] / count
            for above in range(ph):
                # forward: a = activation(z)
                start = (b * oh + i * ph + above) * line
                stop = start + line
                activation_gradient(row, a_flat[start:stop], dz_flat[start:stop], activation_code)
        set_to_zero(dz_flat[(b * oh + rows * ph) * line : (b + 1) * oh * line])
