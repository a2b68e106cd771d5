"""Conv2D + ReLU as one: forward in the cache, backward without writing the gradient between them."""

import numpy as np

from tinycnn.ops.kernels.blocks.padding import Padding, Pair
from tinycnn.ops.kernels.convolution.direct import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)


def conv2d_relu_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strides: Pair, padding: Padding
) -> np.ndarray:
    """Fast implementation of `reference.conv2d_relu_forward`."""
    return conv2d_forward(x, kernel, bias, strides, padding, relu=True)


def conv2d_relu_backward(
    dy: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Pair,
    padding: Padding,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Fast implementation of `reference.conv2d_relu_backward`."""
    dkernel, dbias = conv2d_backward_kernel(dy, x, kernel.shape, strides, padding, y)
    if not input_gradient:
        return None, dkernel, dbias
    return conv2d_backward_input(dy, kernel, x.shape, strides, padding, y), dkernel, dbias
