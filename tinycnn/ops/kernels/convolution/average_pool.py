"""Conv2D + ReLU or tanh + AveragePooling2D as one operation.

Activation and pooling, and their gradients, take one pass over the convolution's output.
"""

import numpy as np

from tinycnn.ops.kernels.activations import ACTIVATION_CODES, activate, activation_gradient
from tinycnn.ops.kernels.blocks.elementwise import add, set_to_zero
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution import algorithms, single_channel
from tinycnn.ops.kernels.convolution.conv2d import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.ops.kernels.pooling import samples_a_thread
from tinycnn.utils.geometry import FusedConvolution
from tinycnn.utils.recording import recorded


def conv2d_average_pool2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, fused: FusedConvolution
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and a: fast implementation of `reference.conv2d_average_pool2d_forward`."""
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
    """Return the `Problem` of a fused convolution, by which `algorithms.select` chooses."""
    sizes = x.shape[1:3], kernel.shape, fused.strides, fused.padding, fused.pool
    return algorithms.Problem(*sizes, input_gradient)


@jit
def forward_span(first, last, a, pool, activation_code, y):
    """Apply the activation to a[first:last] in place, and write the means of its windows to y[first:last].

    Args:
        first, last: which samples.
        a: (n, oh, ow, f): the convolution's output, which becomes the activation's.
        pool: (ph, pw).
        activation_code: see `ACTIVATION_CODES`.
        y: (n, oh // ph, ow // pw, f), is written.
    """
    (_, oh, ow, f), (_, rows, columns, _), (ph, pw) = a.shape, y.shape, pool
    a_flat, y_flat, line = a.ravel(), y.ravel(), ow * f
    row, count = np.empty(line, a.dtype), a.dtype.type(ph * pw)
    for b in range(first, last):
        # In place: the backward step needs the activation's output, and nothing needs its input.
        activate(a_flat[b * oh * line : (b + 1) * oh * line], activation_code)
        for i in range(rows):
            # The ph rows of the windows are added first, in long loops that use vector instructions; then
            # the pw columns of each window.
            set_to_zero(row)
            for above in range(ph):
                start = (b * oh + i * ph + above) * line
                add(a_flat[start : start + line], row)
            for j in range(columns):
                offset = ((b * rows + i) * columns + j) * f
                pixels, out = row[j * pw * f : (j + 1) * pw * f], y_flat[offset : offset + f]
                # Where the number of pixels is a constant, LLVM uses vector instructions.
                if pw == 2:
                    mean_pixels(pixels, 2, count, out)
                else:
                    mean_pixels(pixels, pw, count, out)


@inlined
def mean_pixels(pixels, pw, count, out):
    """Write out (f,), the sum of `pw` pixels, flat (pw, f), over `count`."""
    for ch in range(len(out)):
        total = pixels[ch]
        for right in range(1, pw):
            total += pixels[right * len(out) + ch]
        out[ch] = total / count


def conv2d_average_pool2d_backward(
    dy: np.ndarray,
    a: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Return the gradients: fast implementation of `reference.conv2d_average_pool2d_backward`."""
    strides, padding, pool = fused.strides, fused.padding, fused.pool
    code, problem = ACTIVATION_CODES[fused.activation], problem_of(x, kernel, fused, input_gradient)
    if algorithms.select("average_pool_backward", problem) == "single_channel":
        return None, *single_channel.backward(dy, a, x, kernel.shape, padding, code, pool)
    a = recorded(np.ascontiguousarray, a)
    dz, least = aligned_empty(a.shape, a.dtype), samples_a_thread(a.shape) // 2
    workers.run(backward_span, len(a), least, dy, a, pool, code, dz)
    dkernel, dbias = conv2d_backward_kernel(dz, x, kernel.shape, strides, padding)
    if not input_gradient:
        return None, dkernel, dbias
    return conv2d_backward_input(dz, kernel, x.shape, strides, padding), dkernel, dbias


@jit
def backward_span(first, last, dy, a, pool, activation_code, dz):
    """Write dz[first:last], the gradient of the convolution's output.

    Args:
        first, last: which samples.
        dy: (n, oh // ph, ow // pw, f), the gradient of the means.
        a: (n, oh, ow, f), the activation's output.
        pool: (ph, pw).
        activation_code: see `ACTIVATION_CODES`.
        dz: shaped as a, is written.
    """
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
        # Rows below the last whole window are not part of y: their gradient is 0.
        set_to_zero(dz_flat[(b * oh + rows * ph) * line : (b + 1) * oh * line])
