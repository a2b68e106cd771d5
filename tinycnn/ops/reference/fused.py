"""Conv2D with the activation, pooling and dropout behind it as one operation.

The definition of each is its parts, one after the other. `FusedConvolution` holds strides, padding, the size
of the pooling's windows and the name of the activation.
"""

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
# dx (None: not wanted), dkernel, dbias
Gradients = tuple[np.ndarray | None, np.ndarray, np.ndarray]


def conv2d_relu_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, fused: FusedConvolution
) -> np.ndarray:
    """Return relu(x * kernel + bias), where * is the convolution.

    Args:
        x, kernel, bias: images (n, h, w, c), weights (kh, kw, c, f) and (f,).
        fused: strides and padding.

    Returns:
        y (n, oh, ow, f).
    """
    return relu_forward(conv2d_forward(x, kernel, bias, fused.strides, fused.padding))


def conv2d_backward(
    dz: np.ndarray, x: np.ndarray, kernel: np.ndarray, fused: FusedConvolution, input_gradient: bool
) -> Gradients:
    """Return (dx or None, dkernel, dbias) of the convolution alone: the last part of the functions below.

    Args:
        dz: gradient of the loss with respect to z = x * kernel + bias, (n, oh, ow, f).
        x, kernel, fused: those of the forward step.
        input_gradient: whether to compute dx; if not, None stands in its place.
    """
    # forward: z = x * kernel + bias
    strides, padding = fused.strides, fused.padding
    dkernel, dbias = conv2d_backward_kernel(dz, x, kernel.shape, strides, padding)
    if not input_gradient:
        return None, dkernel, dbias
    return conv2d_backward_input(dz, kernel, x.shape, strides, padding), dkernel, dbias


def conv2d_relu_backward(
    dy: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> Gradients:
    """Return the gradients of `conv2d_relu_forward`.

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
    """Convolve, apply ReLU, take the maximum of each (ph, pw) window, and apply dropout.

    The pooling's strides are (ph, pw), so its windows do not overlap.

    Args:
        x, kernel, bias: images (n, h, w, c), weights (kh, kw, c, f) and (f,).
        fused: strides, padding, and pool = (ph, pw).
        rate, seed: see `dropout_forward`; rate 0 drops nothing.

    Returns:
        y (n, oh // ph, ow // pw, f), and argmax, shaped as y, uint8: the position of the maximum in its
        window, row · pw + column. Where y is 0 a fast kernel may give another argmax.
    """
    a = conv2d_relu_forward(x, kernel, bias, fused)
    (ph, pw), width = fused.pool, a.shape[2]
    output = a.shape[1] // ph, width // pw
    y, position = max_pool2d_forward(a, fused.pool, fused.pool, (0, 0), output)
    row, column = position // width % ph, position % width % pw  # in the image -> in the window
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
    """Return the gradients of `conv2d_relu_max_pool2d_forward`.

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
    # From positions in a window to positions in the convolution's output, row · ow + column.
    position = ((i + argmax // pw) * ow + j + argmax % pw).astype(np.int32)
    # forward: y = scale · relu(the maximum of each window), or 0 where dropped
    # y > 0 says both: the dropout kept it, and the ReLU did not set it to 0.
    dmaximum = relu_backward(dy * keep_scale(rate, dy.dtype), y)
    dz = max_pool2d_backward(dmaximum, position, (len(x), oh, ow, f))
    return conv2d_backward(dz, x, kernel, fused, input_gradient)


def conv2d_average_pool2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, fused: FusedConvolution
) -> tuple[np.ndarray, np.ndarray]:
    """Convolve, apply an activation, and take the mean of each (ph, pw) window.

    The pooling's strides are (ph, pw), so its windows do not overlap.

    Args:
        x, kernel, bias: images (n, h, w, c), weights (kh, kw, c, f) and (f,).
        fused: strides, padding, activation, and pool = (ph, pw).

    Returns:
        y (n, oh // ph, ow // pw, f), and a (n, oh, ow, f), the activation's output, for the backward step.
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
    """Return the gradients of `conv2d_average_pool2d_forward`.

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
