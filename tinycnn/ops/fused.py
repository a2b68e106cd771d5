"""Validation and dispatch for neighbouring layers that are computed together: see `dispatch.py`."""

import dataclasses
from types import ModuleType

import numpy as np

from tinycnn.ops import reference
from tinycnn.ops.dispatch import check_dropout, implementation
from tinycnn.utils.arrays import check_array
from tinycnn.utils.geometry import NO_PADDING, FusedConvolution, window_geometry
from tinycnn.utils.validation import check_bool

MOST_POOLED = 256  # numbers in a pooling window: argmax, an index in the window, is stored as uint8
# dx (None: not wanted), dkernel, dbias
Gradients = tuple[np.ndarray | None, np.ndarray, np.ndarray]


def _check_convolution(
    x: np.ndarray, kernel: np.ndarray, fused: FusedConvolution
) -> tuple[np.ndarray, np.ndarray, FusedConvolution, tuple, ModuleType]:
    """Check the arguments of a fused convolution.

    Returns:
        x, kernel and fused, checked, its strides no larger than the padded image; the convolution's
        output shape (n, oh, ow, f); and the module to call, `ops.kernels` or `ops.reference`.
    """
    if not isinstance(fused, FusedConvolution):
        raise ValueError(f"fused must be a FusedConvolution. Received: {fused!r}")
    x = check_array("x", x, (None,) * 4)
    kernel = check_array("kernel", kernel, (None, None, x.shape[3], None), x.dtype)
    output, strides, _ = window_geometry(
        x.shape[1:3], kernel.shape[:2], fused.strides, fused.padding
    )
    # Larger strides give the same result, but the backward step would loop over each of their rows.
    if strides != fused.strides:
        fused = dataclasses.replace(fused, strides=strides)
    shape = len(x), *output, kernel.shape[3]
    return x, kernel, fused, shape, reference if 0 in kernel.shape else implementation()


def _pooled_shape(shape: tuple, fused: FusedConvolution) -> tuple:
    """Return (n, oh // ph, ow // pw, f) of a convolution's output shape (n, oh, ow, f)."""
    output, _, _ = window_geometry(shape[1:3], fused.pool, fused.pool, NO_PADDING)
    return (shape[0], *output, shape[3])


def conv2d_relu_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, fused: FusedConvolution
) -> np.ndarray:
    """Check the arguments; return y (n, oh, ow, f): see `reference.conv2d_relu_forward`."""
    x, kernel, fused, shape, module = _check_convolution(x, kernel, fused)
    bias = check_array("bias", bias, shape[3:], x.dtype)
    return module.conv2d_relu_forward(x, kernel, bias, fused)


def conv2d_relu_backward(
    dy: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> Gradients:
    """Check the arguments; return the gradients: see `reference.conv2d_relu_backward`."""
    x, kernel, fused, shape, module = _check_convolution(x, kernel, fused)
    dy, y = check_array("dy", dy, shape, x.dtype), check_array("y", y, shape, x.dtype)
    input_gradient = check_bool("input_gradient", input_gradient)
    return module.conv2d_relu_backward(dy, y, x, kernel, fused, input_gradient)


def conv2d_relu_max_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    fused: FusedConvolution,
    rate: float = 0.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments; return y and argmax: see `reference.conv2d_relu_max_pool2d_forward`."""
    x, kernel, fused, shape, module = _check_convolution(x, kernel, fused)
    bias = check_array("bias", bias, shape[3:], x.dtype)
    _pooled_shape(shape, fused)  # raises if no window fits
    if fused.pool[0] * fused.pool[1] > MOST_POOLED:
        raise ValueError(f"A window has at most {MOST_POOLED} numbers here. Received: {fused.pool}")
    rate, seed = check_dropout(rate, seed)
    return module.conv2d_relu_max_pool2d_forward(x, kernel, bias, fused, rate, seed)


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
    """Check the arguments; return the gradients: see `reference.conv2d_relu_max_pool2d_backward`."""
    x, kernel, fused, shape, module = _check_convolution(x, kernel, fused)
    shape = _pooled_shape(shape, fused)
    dy, y = check_array("dy", dy, shape, x.dtype), check_array("y", y, shape, x.dtype)
    argmax = check_array("argmax", argmax, shape, np.dtype(np.uint8))
    if argmax.size and argmax.max() >= fused.pool[0] * fused.pool[1]:
        raise ValueError(f"argmax points outside of a window of {fused.pool}.")
    rate, _ = check_dropout(rate, 0)
    input_gradient = check_bool("input_gradient", input_gradient)
    return module.conv2d_relu_max_pool2d_backward(
        dy, y, argmax, x, kernel, fused, rate, input_gradient
    )


def conv2d_average_pool2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, fused: FusedConvolution
) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments; return y and a: see `reference.conv2d_average_pool2d_forward`."""
    x, kernel, fused, shape, module = _check_convolution(x, kernel, fused)
    bias = check_array("bias", bias, shape[3:], x.dtype)
    _pooled_shape(shape, fused)  # raises if no window fits
    return module.conv2d_average_pool2d_forward(x, kernel, bias, fused)


def conv2d_average_pool2d_backward(
    dy: np.ndarray,
    a: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    input_gradient: bool,
) -> Gradients:
    """Check the arguments; return the gradients: see `reference.conv2d_average_pool2d_backward`."""
    x, kernel, fused, shape, module = _check_convolution(x, kernel, fused)
    dy = check_array("dy", dy, _pooled_shape(shape, fused), x.dtype)
    a = check_array("a", a, shape, x.dtype, any_order=True)
    input_gradient = check_bool("input_gradient", input_gradient)
    return module.conv2d_average_pool2d_backward(dy, a, x, kernel, fused, input_gradient)
