"""Convolution, forward and backward, by the algorithm that the table in `algorithms.py` names."""

import numpy as np

from tinycnn.ops.kernels.convolution import (
    algorithms,
    direct,
    few_channels,
    winograd_convolution,
    winograd_gradient,
)
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.kept_transform import MADE_ANEW, KeptTransform, MadeAnew

FORWARD = {"winograd": winograd_convolution.forward, "direct": direct.forward}
BACKWARD_INPUT = {
    "few_channels": few_channels.backward_input,
    "winograd": winograd_convolution.backward_input,
    "direct": direct.backward_input,
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
    """Fast implementation of `reference.conv2d_forward`, with a ReLU behind it if wanted.

    Args: as there; `filters` as in `FusedConvolution`.
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
    """Fast implementation of `reference.conv2d_backward_input`, behind a ReLU if its output is given."""
    problem = algorithms.Problem(x_shape[1:3], kernel.shape, strides, padding)
    backward_input = BACKWARD_INPUT[algorithms.select("backward_input", problem)]
    relu_output = dy[:0] if relu_output is None else relu_output
    return backward_input(dy, kernel, x_shape, strides, padding, relu_output)


def conv2d_backward_kernel(
    dy: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fast implementation of `reference.conv2d_backward_kernel`, behind a ReLU if its output is given."""
    problem = algorithms.Problem(x.shape[1:3], kernel_shape, strides, padding)
    backward_kernel = BACKWARD_KERNEL[algorithms.select("backward_kernel", problem)]
    relu_output = dy[:0] if relu_output is None else relu_output
    return backward_kernel(dy, x, kernel_shape, strides, padding, relu_output)
