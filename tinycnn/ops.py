"""The door to the arithmetic: checks what comes in, then calls the kernel or, without Numba, the definition.

No kernel checks its arguments, because inside compiled code there is nobody to tell; so every array is
checked here, and nothing above this file calls a kernel. (What has no kernel is called where it is
defined, in `reference`: softmax and cross-entropy work on a few numbers a sample.)
"""

import functools
import os
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from tinycnn import reference
from tinycnn.thread_count import available_threads, check_thread_count

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


@functools.cache
def implementation() -> ModuleType:
    """Return `tinycnn.kernels`, or `tinycnn.reference` where NUMBA_DISABLE_JIT=1 asks for plain Python.

    Raises:
        ValueError: for a `NUMBA_NUM_THREADS` that is not a number of threads.
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return reference
    available_threads()  # a bad number is refused here, before Numba comes upon it
    from tinycnn import kernels

    return kernels


def set_num_threads(count: int) -> None:
    """Share each kernel among `count` threads; results stay the same to the last bit.

    Args:
        count: from 1 to 1,024.

    Raises:
        ValueError: for anything else.

    Example:
        >>> set_num_threads(2)
    """
    count = check_thread_count("The number of threads", count)
    if implementation() is not reference:
        from tinycnn.kernels.threads import workers

        workers.set_count(int(count))


def checked(
    name: str,
    array: np.ndarray,
    shape: tuple,
    dtype: np.dtype | None = None,
    any_order: bool = False,
) -> np.ndarray:
    """Return a C-contiguous array of exactly this shape and dtype, or say what is wrong.

    Args:
        name: of the array, for the message.
        array: float32 or float64, native byte order.
        shape: the sizes it must have; None where any will do.
        dtype: the dtype it must have; None: float32 or float64.
        any_order: leave the order of the numbers in memory as it is.

    Raises:
        ValueError: with name, wanted and received.
    """
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} must be a NumPy array. Received: {type(array).__name__}")
    if array.dtype not in ((dtype,) if dtype is not None else FLOATS):
        wanted = dtype or "float32 or float64"
        raise ValueError(f"{name} must be an array of {wanted}. Received: {array.dtype}")
    if array.shape != shape:
        sizes = zip(shape, array.shape, strict=False)
        if array.ndim != len(shape) or not all(want in (None, have) for want, have in sizes):
            raise ValueError(f"{name} must have the shape {shape}. Received: {array.shape}")
    return array if any_order or array.flags.c_contiguous else np.ascontiguousarray(array)


def conv2d_output(size: Pair, kernel: Pair, strides: Pair, padding: Padding) -> Pair:
    """Return (oh, ow), the size of a convolution's or a pooling's output.

    Raises:
        ValueError: if the window does not fit into the padded image.
    """
    padded = [
        length + before + after for length, (before, after) in zip(size, padding, strict=True)
    ]
    if min(*(side for sides in padding for side in sides)) < 0:
        raise ValueError(f"padding must not be negative. Received: {padding}")
    if min(*kernel, *strides) < 1 or padded[0] < kernel[0] or padded[1] < kernel[1]:
        raise ValueError(
            f"A window of {kernel} with strides {strides} does not fit into an image of {tuple(padded)}, "
            "padding included. Use a smaller window, larger images, or padding='same'."
        )
    return (padded[0] - kernel[0]) // strides[0] + 1, (padded[1] - kernel[1]) // strides[1] + 1


def convolving(kernel_shape: tuple) -> ModuleType:
    """Return `implementation()`; for a kernel without channels or filters `reference`."""
    return implementation() if all(kernel_shape) else reference


def whole_numbers(name: str, numbers: Sequence, shape: tuple[int, ...]) -> tuple:
    """Return whole numbers of this shape, (2,) or (2, 2), as tuples of int: compiled code takes nothing else.

    Raises:
        ValueError: with name and what was received.

    Example:
        >>> whole_numbers("strides", [np.int8(2), 1], (2,))
        (2, 1)
    """
    try:
        found = np.asarray(numbers)
    except ValueError:  # pairs of different lengths
        found = np.empty(0)
    if found.shape != shape or found.dtype.kind not in "iu":
        wanted = "two whole numbers" if shape == (2,) else "two pairs of whole numbers"
        raise ValueError(f"{name} must be {wanted}. Received: {numbers!r}")
    plain = found.tolist()
    return tuple(plain) if len(shape) == 1 else tuple(map(tuple, plain))


def geometry(
    size: Pair, kernel_shape: tuple, strides: Pair, padding: Padding
) -> tuple[Pair, Pair, Padding]:
    """Return (oh, ow), strides and padding, all int; strides no larger than the image: all those do the same.

    Args:
        size: of the image, (h, w).
        kernel_shape: begins with rows and columns of the window.
        strides, padding: of the convolution or pooling.

    Raises:
        ValueError: if these are not whole numbers, or the window does not fit.
    """
    strides = whole_numbers("strides", strides, (2,))
    padding = whole_numbers("padding", padding, (2, 2))
    window = whole_numbers("the window", kernel_shape[:2], (2,))
    output = conv2d_output(size, window, strides, padding)
    sizes = zip(strides, size, padding, strict=True)
    return output, tuple(min(step, length + sum(zeros)) for step, length, zeros in sizes), padding


def conv2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strides: Pair, padding: Padding
) -> np.ndarray:
    """Return y (n, oh, ow, f): see `reference.conv2d_forward`."""
    x = checked("x", x, (None,) * 4)
    kernel = checked("kernel", kernel, (None, None, x.shape[3], None), x.dtype)
    bias = checked("bias", bias, kernel.shape[3:], x.dtype)
    _, strides, padding = geometry(x.shape[1:3], kernel.shape, strides, padding)
    return convolving(kernel.shape).conv2d_forward(x, kernel, bias, strides, padding)


def conv2d_backward_input(
    dy: np.ndarray, kernel: np.ndarray, x_shape: tuple, strides: Pair, padding: Padding
) -> np.ndarray:
    """Return dx (n, h, w, c): see `reference.conv2d_backward_input`."""
    output, strides, padding = geometry(x_shape[1:3], kernel.shape, strides, padding)
    dy = checked("dy", dy, (x_shape[0], *output, kernel.shape[3]))
    kernel = checked("kernel", kernel, (None, None, x_shape[3], None), dy.dtype)
    return convolving(kernel.shape).conv2d_backward_input(dy, kernel, x_shape, strides, padding)


def conv2d_backward_kernel(
    dy: np.ndarray, x: np.ndarray, kernel_shape: tuple, strides: Pair, padding: Padding
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (kh, kw, c, f) and dbias (f,): see `reference.conv2d_backward_kernel`."""
    x = checked("x", x, (None, None, None, kernel_shape[2]))
    output, strides, padding = geometry(x.shape[1:3], kernel_shape, strides, padding)
    dy = checked("dy", dy, (len(x), *output, kernel_shape[3]), x.dtype)
    return convolving(kernel_shape).conv2d_backward_kernel(dy, x, kernel_shape, strides, padding)


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return y (n, f): see `reference.dense_forward`."""
    x = checked("x", x, (None, None))
    kernel = checked("kernel", kernel, (x.shape[1], None), x.dtype)
    bias = checked("bias", bias, kernel.shape[1:], x.dtype)
    return implementation().dense_forward(x, kernel, bias)


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return dx (n, c): see `reference.dense_backward_input`."""
    kernel = checked("kernel", kernel, (None, None))
    dy = checked("dy", dy, (None, kernel.shape[1]), kernel.dtype)
    return implementation().dense_backward_input(dy, kernel)


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (c, f) and dbias (f,): see `reference.dense_backward_kernel`."""
    x = checked("x", x, (None, None))
    dy = checked("dy", dy, (len(x), None), x.dtype)
    return implementation().dense_backward_kernel(dy, x)


def same_padding(size: Pair, window: Pair, strides: Pair) -> Padding:
    """Return the padding with which the output has ceil(size / strides) rows and columns.

    What cannot be split evenly goes below and to the right, as in TensorFlow.

    Example:
        >>> same_padding((28, 28), (3, 3), (2, 2))
        ((0, 1), (0, 1))
    """
    lacking = [
        max((-(-length // stride) - 1) * stride + width - length, 0)
        for length, width, stride in zip(size, window, strides, strict=True)
    ]
    (above, left), (rows, columns) = [lack // 2 for lack in lacking], lacking
    return (above, rows - above), (left, columns - left)


def _pool_geometry(
    x_shape: tuple, pool: Pair, strides: Pair, padding: Padding
) -> tuple[Pair, Pair, Pair, Pair]:
    """Return pool, strides, (rows above, columns left), (oh, ow); make sure that each window has a pixel."""
    pool = whole_numbers("the window", pool, (2,))
    output, strides, padding = geometry(x_shape[1:3], pool, strides, padding)
    if any(max(sides) >= width for sides, width in zip(padding, pool, strict=True)):
        raise ValueError(f"A padding of {padding} leaves windows of {pool} without a pixel.")
    return pool, strides, (padding[0][0], padding[1][0]), output


def max_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, padding: Padding
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and winner (n, oh, ow, c): see `reference.max_pool2d_forward`."""
    x = checked("x", x, (None,) * 4)
    return implementation().max_pool2d_forward(x, *_pool_geometry(x.shape, pool, strides, padding))


def max_pool2d_backward(dy: np.ndarray, winner: np.ndarray, x_shape: tuple) -> np.ndarray:
    """Return dx (n, h, w, c): see `reference.max_pool2d_backward`."""
    dy = checked("dy", dy, winner.shape)
    winner = checked("winner", winner, (x_shape[0], None, None, x_shape[3]), np.dtype(np.int32))
    if winner.size and not 0 <= winner.min() <= winner.max() < x_shape[1] * x_shape[2]:
        raise ValueError(f"winner points outside of an image of {x_shape[1:3]}.")
    return implementation().max_pool2d_backward(dy, winner, x_shape)


def average_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, padding: Padding
) -> np.ndarray:
    """Return y (n, oh, ow, c): see `reference.average_pool2d_forward`."""
    x = checked("x", x, (None,) * 4)
    rest = _pool_geometry(x.shape, pool, strides, padding)
    return implementation().average_pool2d_forward(x, *rest)


def average_pool2d_backward(
    dy: np.ndarray, x_shape: tuple, pool: Pair, strides: Pair, padding: Padding
) -> np.ndarray:
    """Return dx (n, h, w, c): see `reference.average_pool2d_backward`."""
    pool, strides, start, output = _pool_geometry(x_shape, pool, strides, padding)
    dy = checked("dy", dy, (x_shape[0], *output, x_shape[3]))
    return implementation().average_pool2d_backward(dy, x_shape, pool, strides, start)


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Return y, shaped as x: see `reference.relu_forward`."""
    return implementation().relu_forward(checked("x", x, (None,) * np.ndim(x)))


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx, shaped as dy: see `reference.relu_backward`."""
    dy = checked("dy", dy, np.shape(y))
    return implementation().relu_backward(dy, checked("y", y, dy.shape, dy.dtype))


def tanh_forward(x: np.ndarray) -> np.ndarray:
    """Return y, shaped as x: see `reference.tanh_forward`."""
    return implementation().tanh_forward(checked("x", x, (None,) * np.ndim(x)))


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx, shaped as dy: see `reference.tanh_backward`."""
    dy = checked("dy", dy, np.shape(y))
    return implementation().tanh_backward(dy, checked("y", y, dy.shape, dy.dtype))


def check_dropout(rate: float, seed: int) -> None:
    """Raise ValueError unless rate and seed are what dropout takes."""
    if not 0 <= rate <= 1 or not 0 <= seed < 2**64:
        raise ValueError(
            f"rate must lie in 0 to 1, seed in 0 to 2**64 - 1. Received: {rate}, {seed}"
        )


def dropout_forward(x: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Return y, shaped as x: see `reference.dropout_forward`."""
    check_dropout(rate, seed)
    return implementation().dropout_forward(checked("x", x, (None,) * np.ndim(x)), rate, seed)


def dropout_backward(dy: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Return dx, shaped as dy: see `reference.dropout_backward`."""
    return dropout_forward(checked("dy", dy, (None,) * np.ndim(dy)), rate, seed)


def _checked_alike(param: np.ndarray, **others: np.ndarray) -> None:
    """Make sure that an optimizer's arrays are contiguous and of one shape: they are changed in place."""
    for name, array in {"param": param, **others}.items():
        if checked(name, array, param.shape, param.dtype) is not array:
            raise ValueError(f"{name} must be C-contiguous, because it is changed in place.")


def sgd_update(param: np.ndarray, grad: np.ndarray, velocity: np.ndarray, *numbers: float) -> None:
    """Change param and velocity in place: see `reference.sgd_update`."""
    _checked_alike(param, grad=grad, velocity=velocity)
    implementation().sgd_update(param, grad, velocity, *numbers)


def adadelta_update(
    param: np.ndarray,
    grad: np.ndarray,
    accumulated_grad: np.ndarray,
    accumulated_delta: np.ndarray,
    *numbers: float,
) -> None:
    """Change all but grad in place: see `reference.adadelta_update`."""
    _checked_alike(
        param, grad=grad, accumulated_grad=accumulated_grad, accumulated_delta=accumulated_delta
    )
    arrays = param, grad, accumulated_grad, accumulated_delta
    implementation().adadelta_update(*arrays, *numbers)


def adam_update(
    param: np.ndarray, grad: np.ndarray, momentum: np.ndarray, velocity: np.ndarray, *numbers: float
) -> None:
    """Change all but grad in place: see `reference.adam_update`."""
    _checked_alike(param, grad=grad, momentum=momentum, velocity=velocity)
    implementation().adam_update(param, grad, momentum, velocity, *numbers)
