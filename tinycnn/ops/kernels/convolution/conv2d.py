"""Convolution, forward and backward, by the algorithm that the table in `algorithms.py` names."""

import numpy as np

from tinycnn.ops.kernels.convolution import (
    algorithms,
    direct,
    few_channels,
    window_gradients,
    winograd_convolution,
    winograd_gradient,
)
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.kept_transform import MADE_ANEW, KeptTransform, MadeAnew

FORWARD = {"winograd": winograd_convolution.forward, "direct": direct.forward}
BACKWARD_INPUT = {
    "few_channels": few_channels.backward_input,
    "winograd": winograd_convolution.backward_input,
    "direct": window_gradients.backward_input,
}
BACKWARD_KERNEL = {"winograd": winograd_gradient.backward_kernel, "direct": direct.backward_kernel}


def conv2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    relu: bool = False,
    filters: KeptTransform | MadeAnew = MADE_ANEW,
) -> np.ndarray:
    """Return y (n, oh, ow, f): fast implementation of `reference.conv2d_forward`, and of a ReLU if wanted.

    Args:
        x, kernel, bias, strides, padding: as in the definition.
        relu: whether to apply a ReLU to the result.
        filters: a `KeptTransform` that keeps the transformed kernel for the next call, or MADE_ANEW.
    """
    problem = algorithms.Problem(x.shape[1:3], kernel.shape, strides, padding)
    forward = FORWARD[algorithms.select("forward", problem)]
    return forward(x, kernel, bias, strides, padding, relu, filters)


def conv2d_backward_input(
    dy: np.ndarray,
    kernel: np.ndarray,
    x_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray | None = None,
) -> np.ndarray:
    """Return dx (n, h, w, c): fast implementation of `reference.conv2d_backward_input`.

    Before, the gradient goes back through a ReLU if `relu_output` is given.

    Args:
        dy: (n, oh, ow, f); with relu_output it is the gradient with respect to the ReLU's output.
        relu_output: output of a ReLU behind the convolution, shaped as dy; None: there is no ReLU.
        others: as in the definition.
    """
    problem = algorithms.Problem(x_shape[1:3], kernel.shape, strides, padding)
    backward_input = BACKWARD_INPUT[algorithms.select("backward_input", problem)]
    relu_output = dy[:0] if relu_output is None else relu_output  # length 0: there is no ReLU
    return backward_input(dy, kernel, x_shape, strides, padding, relu_output)


def conv2d_backward_kernel(
    dy: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel and dbias: fast implementation of `reference.conv2d_backward_kernel`.

    Before, the gradient goes back through a ReLU if `relu_output` is given.

    Args:
        dy: (n, oh, ow, f); with relu_output it is the gradient with respect to the ReLU's output.
        relu_output: output of a ReLU behind the convolution, shaped as dy; None: there is no ReLU.
        others: as in the definition.
    """
    problem = algorithms.Problem(x.shape[1:3], kernel_shape, strides, padding)
    backward_kernel = BACKWARD_KERNEL[algorithms.select("backward_kernel", problem)]
    relu_output = dy[:0] if relu_output is None else relu_output  # length 0: there is no ReLU
    return backward_kernel(dy, x, kernel_shape, strides, padding, relu_output)
