"""Conv2D + ReLU as one operation.

Forward, the ReLU is applied while a sample's output is in the cache. Backward, the gradient between the two
is not stored for the whole batch: dy is set to 0 where the ReLU's output is 0 as each sample is read.
"""

import numpy as np

from tinycnn.ops.kernels.convolution.conv2d import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)
from tinycnn.utils.geometry import FusedConvolution


def conv2d_relu_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, fused: FusedConvolution
) -> np.ndarray:
    """Return y (n, oh, ow, f): fast implementation of `reference.conv2d_relu_forward`."""
    strides, padding, filters = fused.strides, fused.padding, fused.filters
    return conv2d_forward(x, kernel, bias, strides, padding, relu=True, filters=filters)


def conv2d_relu_backward(
    dy: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Return the gradients: fast implementation of `reference.conv2d_relu_backward`."""
    strides, padding = fused.strides, fused.padding
    dkernel, dbias = conv2d_backward_kernel(dy, x, kernel.shape, strides, padding, y)
    if not input_gradient:
        return None, dkernel, dbias
    return conv2d_backward_input(dy, kernel, x.shape, strides, padding, y), dkernel, dbias
