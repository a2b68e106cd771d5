"""Neighbours that run as one: what they must give is what their parts give, one after the other."""

import numpy as np

from tinycnn.ops.reference.activations import (
    relu_backward,
    relu_forward,
    tanh_backward,
    tanh_forward,
)
from tinycnn.ops.reference.conv2d import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)
from tinycnn.ops.reference.dropout import dropout_forward, keep_scale
from tinycnn.ops.reference.pooling import (
    average_pool2d_backward,
    average_pool2d_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
from tinycnn.utils.geometry import FusedConvolution, window_geometry

ACTIVATIONS = {"relu": (relu_forward, relu_backward), "tanh": (tanh_forward, tanh_backward)}
Gradients = tuple[np.ndarray | None, np.ndarray, np.ndarray]


def conv2d_relu_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, fused: FusedConvolution
) -> np.ndarray:
    """Convolve, then ReLU.

    Args:
        x, kernel, bias: see `conv2d_forward`.
        fused: strides and padding.

    Returns:
        y (n, oh, ow, f).
    """
    return relu_forward(conv2d_forward(x, kernel, bias, fused.strides, fused.padding))


def conv2d_backward(
    dz: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> Gradients:
    """Go back through the convolution alone, of which all three below are made.

    Args:
        dz: gradient of the loss with respect to z = x * kernel + bias, (n, oh, ow, f).
        x, kernel, fused, input_gradient: see `conv2d_relu_backward`.
    """
    # forward: z = x * kernel + bias
    place = fused.strides, fused.padding
    dkernel, dbias = conv2d_backward_kernel(dz, x, kernel.shape, *place)
    if not input_gradient:
        return None, dkernel, dbias
    return conv2d_backward_input(dz, kernel, x.shape, *place), dkernel, dbias


def conv2d_relu_backward(
    dy: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> Gradients:
    """Go back through the ReLU, then through the convolution.

    Args:
        dy, y: gradient of the loss with respect to y, and y itself, (n, oh, ow, f).
        x, kernel, fused: those of the forward step.
        input_gradient: whether dx is wanted.

    Returns:
        dx (n, h, w, c) or None, dkernel (kh, kw, c, f), dbias (f,).
    """
    # forward: y = relu(z)
    dz = relu_backward(dy, y)
    return conv2d_backward(dz, x, kernel, fused, input_gradient)


def conv2d_relu_max_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    fused: FusedConvolution,
    rate: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Convolve, then ReLU, then keep the maximum of windows that lie side by side, then dropout.

    Args:
        x, kernel, bias: see `conv2d_forward`.
        fused: strides and padding, and the windows.
        rate, seed: see `dropout_forward`; rate 0 drops nothing.

    Returns:
        y (n, oh // ph, ow // pw, f), and argmax, shaped as y, uint8: where in its window the maximum
        stood, row · pw + column; anywhere, where y is 0, for nothing goes back through it.
    """
    a = conv2d_relu_forward(x, kernel, bias, fused)
    (ph, pw), width = fused.pool, a.shape[2]
    output = a.shape[1] // ph, width // pw
    y, position = max_pool2d_forward(a, fused.pool, fused.pool, (0, 0), output)
    row, column = position // width % ph, position % width % pw
    return dropout_forward(y, rate, seed), (row * pw + column).astype(np.uint8)


def conv2d_relu_max_pool2d_backward(
    dy: np.ndarray,
    y: np.ndarray,
    argmax: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    rate: float,
    input_gradient: bool,
) -> Gradients:
    """Go back through dropout, the maxima, the ReLU and the convolution.

    Args:
        dy: gradient of the loss with respect to y, shaped as y.
        y, argmax: from the forward step.
        x, kernel, fused, rate: those of the forward step.
        input_gradient: whether dx is wanted.

    Returns:
        dx (n, h, w, c) or None, dkernel (kh, kw, c, f), dbias (f,).
    """
    (kh, kw, _, f), (ph, pw), (_, rows, columns, _) = kernel.shape, fused.pool, y.shape
    (oh, ow), _, _ = window_geometry(x.shape[1:3], (kh, kw), fused.strides, fused.padding)
    i, j = np.arange(rows)[:, None, None] * ph, np.arange(columns)[:, None] * pw
    position = ((i + argmax // pw) * ow + j + argmax % pw).astype(np.int32)
    # forward: y = scale · relu(the maximum of each window), or 0 where dropped
    dmaximum = relu_backward(
        dy * keep_scale(rate, dy.dtype), y
    )  # y > 0: kept, and not cut by the ReLU
    dz = max_pool2d_backward(dmaximum, position, (len(x), oh, ow, f))
    return conv2d_backward(dz, x, kernel, fused, input_gradient)


def conv2d_average_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    fused: FusedConvolution,
) -> tuple[np.ndarray, np.ndarray]:
    """Convolve, apply an activation, then keep the mean of windows that lie side by side.

    Args:
        x, kernel, bias: see `conv2d_forward`.
        fused: strides and padding, the activation and the windows.

    Returns:
        y (n, oh // ph, ow // pw, f), and a (n, oh, ow, f), what the activation gave.
    """
    z = conv2d_forward(x, kernel, bias, fused.strides, fused.padding)
    a, (ph, pw) = ACTIVATIONS[fused.activation][0](z), fused.pool
    output = a.shape[1] // ph, a.shape[2] // pw
    return average_pool2d_forward(a, (ph, pw), (ph, pw), (0, 0), output), a


def conv2d_average_pool2d_backward(
    dy: np.ndarray,
    a: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> Gradients:
    """Go back through the means, the activation and the convolution.

    Args:
        dy: gradient of the loss with respect to y, shaped as y.
        a: from the forward step.
        x, kernel, fused: those of the forward step.
        input_gradient: whether dx is wanted.

    Returns:
        dx (n, h, w, c) or None, dkernel (kh, kw, c, f), dbias (f,).
    """
    # forward: y = the mean of each window of a
    da = average_pool2d_backward(dy, a.shape, fused.pool, fused.pool, (0, 0))
    # forward: a = activation(z)
    dz = ACTIVATIONS[fused.activation][1](da, a)
    return conv2d_backward(dz, x, kernel, fused, input_gradient)
