"""Validation and dispatch for neighbouring layers that run as one: see `dispatch.py`."""

import numpy as np

from tinycnn.ops.dispatch import (
    Padding,
    Pair,
    check_dropout,
    geometry,
    select_implementation,
)
from tinycnn.utils.arrays import check_array, check_ints
from tinycnn.utils.validation import check_bool

NONE = ((0, 0), (0, 0))


def _convolution(
    x: np.ndarray, kernel: np.ndarray, strides: Pair, padding: Padding
) -> tuple[np.ndarray, np.ndarray, tuple, Pair, Padding]:
    """Return x, kernel, the shape of what comes out, strides and padding, all checked."""
    x = check_array("x", x, (None,) * 4)
    kernel = check_array("kernel", kernel, (None, None, x.shape[3], None), x.dtype)
    output, strides, padding = geometry(x.shape[1:3], kernel.shape, strides, padding)
    return x, kernel, (len(x), *output, kernel.shape[3]), strides, padding


def _pooled(shape: tuple, pool: Pair) -> tuple[tuple, Pair]:
    """Return the shape behind windows that lie side by side on `shape`, and their size, checked."""
    pool = check_ints("pool", pool, (2,))
    (rows, columns), _, _ = geometry(shape[1:3], pool, pool, NONE)
    return (shape[0], rows, columns, shape[3]), pool


def conv2d_relu_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strides: Pair, padding: Padding
) -> np.ndarray:
    """Return y (n, oh, ow, f): see `reference.conv2d_relu_forward`."""
    x, kernel, shape, strides, padding = _convolution(x, kernel, strides, padding)
    bias = check_array("bias", bias, shape[3:], x.dtype)
    return select_implementation(kernel.shape).conv2d_relu_forward(
        x, kernel, bias, strides, padding
    )


def conv2d_relu_backward(
    dy: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Pair,
    padding: Padding,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Return dx or None, dkernel and dbias: see `reference.conv2d_relu_backward`."""
    x, kernel, shape, strides, padding = _convolution(x, kernel, strides, padding)
    dy, y = check_array("dy", dy, shape, x.dtype), check_array("y", y, shape, x.dtype)
    input_gradient = check_bool("input_gradient", input_gradient)
    return select_implementation(kernel.shape).conv2d_relu_backward(
        dy, y, x, kernel, strides, padding, input_gradient
    )


def conv2d_relu_max_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    pool: Pair,
    rate: float = 0.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and argmax (n, oh // ph, ow // pw, f): see `reference.conv2d_relu_max_pool2d_forward`."""
    x, kernel, shape, strides, padding = _convolution(x, kernel, strides, padding)
    bias = check_array("bias", bias, shape[3:], x.dtype)
    _, pool = _pooled(shape, pool)
    if pool[0] * pool[1] > 256:
        raise ValueError(f"A window has at most 256 numbers here. Received: {pool}")
    check_dropout(rate, seed)
    return select_implementation(kernel.shape).conv2d_relu_max_pool2d_forward(
        x, kernel, bias, strides, padding, pool, rate, seed
    )


def conv2d_relu_max_pool2d_backward(
    dy: np.ndarray,
    y: np.ndarray,
    argmax: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    strides: Pair,
    padding: Padding,
    pool: Pair,
    rate: float,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Return dx or None, dkernel and dbias: see `reference.conv2d_relu_max_pool2d_backward`."""
    x, kernel, shape, strides, padding = _convolution(x, kernel, strides, padding)
    shape, pool = _pooled(shape, pool)
    dy, y = check_array("dy", dy, shape, x.dtype), check_array("y", y, shape, x.dtype)
    argmax = check_array("argmax", argmax, shape, np.dtype(np.uint8))
    if argmax.size and argmax.max() >= pool[0] * pool[1]:
        raise ValueError(f"argmax points outside of a window of {pool}.")
    check_dropout(rate, 0)
    input_gradient = check_bool("input_gradient", input_gradient)
    return select_implementation(kernel.shape).conv2d_relu_max_pool2d_backward(
        dy, y, argmax, x, kernel, strides, padding, pool, rate, input_gradient
    )


def _check_activation(activation: str) -> None:
    """Raise ValueError unless there is a kernel for this activation in front of a mean."""
    if not isinstance(activation, str) or activation not in ("relu", "tanh"):
        raise ValueError(f"activation must be one of 'relu', 'tanh'. Received: {activation!r}")


def conv2d_average_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    activation: str,
    pool: Pair,
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and what the activation gave: see `reference.conv2d_average_pool2d_forward`."""
    x, kernel, shape, strides, padding = _convolution(x, kernel, strides, padding)
    bias = check_array("bias", bias, shape[3:], x.dtype)
    _, pool = _pooled(shape, pool)
    _check_activation(activation)
    return select_implementation(kernel.shape).conv2d_average_pool2d_forward(
        x, kernel, bias, strides, padding, activation, pool
    )


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
    """Return dx or None, dkernel and dbias: see `reference.conv2d_average_pool2d_backward`."""
    x, kernel, shape, strides, padding = _convolution(x, kernel, strides, padding)
    pooled, pool = _pooled(shape, pool)
    dy = check_array("dy", dy, pooled, x.dtype)
    _check_activation(activation)
    a = check_array("a", a, shape, x.dtype, any_order=True)
    input_gradient = check_bool("input_gradient", input_gradient)
    return select_implementation(kernel.shape).conv2d_average_pool2d_backward(
        dy, a, x, kernel, strides, padding, activation, pool, input_gradient
    )
