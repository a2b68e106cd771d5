"""Validation and dispatch: checks what comes in, then calls the kernel or, without Numba, the definition.

No kernel checks its arguments, because inside compiled code there is nobody to tell; so every array is
checked here, and nothing above this file calls a kernel. (What has no kernel is called where it is
defined, in `reference`: softmax and cross-entropy work on a few numbers a sample.)
"""

import functools
import inspect
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from tinycnn.ops import reference
from tinycnn.utils.arrays import check_array, check_in_place, check_ints, check_shape
from tinycnn.utils.geometry import Padding, Pair, geometry
from tinycnn.utils.thread_count import available_threads, check_thread_count
from tinycnn.utils.validation import check_bool, check_int, check_number

LARGEST = float(np.finfo(np.float32).max)  # of a learning rate or epsilon: finite in float32, too
LIMITS = {  # of the numbers in an optimizer's step
    **dict.fromkeys(("learning_rate", "momentum_rate", "grad_rate", "correction"), (0, LARGEST)),
    "epsilon": (0, LARGEST),
    **dict.fromkeys(("momentum", "rho", "beta_1", "beta_2"), (0, 1)),
}


@functools.cache
def implementation() -> ModuleType:
    """Return the module whose functions to call: `ops.kernels`, or `ops.reference` if NUMBA_DISABLE_JIT=1.

    Raises:
        ValueError: for a `NUMBA_NUM_THREADS` that is not a number of threads.
    """
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return reference
    available_threads()  # a bad number is refused here, before Numba comes upon it
    from tinycnn.ops import kernels

    return kernels


def set_num_threads(count: int) -> None:
    """Let every later kernel run on `count` threads; results stay the same to the last bit.

    Args:
        count: from 1 to 1,024.

    Raises:
        ValueError: for anything else.

    Example:
        >>> set_num_threads(2)
    """
    count = check_thread_count("The number of threads", count)
    if implementation() is not reference:
        from tinycnn.ops.kernels.parallel.thread_pool import workers

        workers.set_count(count)


def program(entries: list) -> Any:
    """Return a `Program` that repeats what a `Recorder` wrote down; None where there are no kernels."""
    if implementation() is reference:
        return None
    from tinycnn.ops.kernels.parallel.program import Program

    try:
        return Program(entries)
    except (AttributeError, TypeError, KeyError):  # Numba's internals, or an argument, are others
        return None


def select_implementation(kernel_shape: tuple) -> ModuleType:
    """Return the module for a convolution with weights of this shape, (kh, kw, c, f).

    It is `implementation()`, but `reference` if a size is 0: no fast kernel takes such weights.
    """
    return reference if 0 in kernel_shape else implementation()


def conv2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strides: Pair, padding: Padding
) -> np.ndarray:
    """Check the arguments; return y (n, oh, ow, f): see `reference.conv2d_forward`."""
    x = check_array("x", x, (None,) * 4)
    kernel = check_array("kernel", kernel, (None, None, x.shape[3], None), x.dtype)
    bias = check_array("bias", bias, kernel.shape[3:], x.dtype)
    _, strides, padding = geometry(x.shape[1:3], kernel.shape[:2], strides, padding)
    return select_implementation(kernel.shape).conv2d_forward(x, kernel, bias, strides, padding)


def conv2d_backward_input(
    dy: np.ndarray, kernel: np.ndarray, x_shape: tuple, strides: Pair, padding: Padding
) -> np.ndarray:
    """Check the arguments; return dx (n, h, w, c): see `reference.conv2d_backward_input`."""
    x_shape = check_shape("x_shape", x_shape)
    kernel = check_array("kernel", kernel, (None, None, x_shape[3], None))
    output, strides, padding = geometry(x_shape[1:3], kernel.shape[:2], strides, padding)
    dy = check_array("dy", dy, (x_shape[0], *output, kernel.shape[3]), kernel.dtype)
    return select_implementation(kernel.shape).conv2d_backward_input(
        dy, kernel, x_shape, strides, padding
    )


def conv2d_backward_kernel(
    dy: np.ndarray, x: np.ndarray, kernel_shape: tuple, strides: Pair, padding: Padding
) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments; return dkernel and dbias: see `reference.conv2d_backward_kernel`."""
    kernel_shape = check_shape("kernel_shape", kernel_shape)
    x = check_array("x", x, (None, None, None, kernel_shape[2]))
    output, strides, padding = geometry(x.shape[1:3], kernel_shape[:2], strides, padding)
    dy = check_array("dy", dy, (len(x), *output, kernel_shape[3]), x.dtype)
    return select_implementation(kernel_shape).conv2d_backward_kernel(
        dy, x, kernel_shape, strides, padding
    )


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Check the arguments; return y (n, f): see `reference.dense_forward`."""
    x = check_array("x", x, (None, None))
    kernel = check_array("kernel", kernel, (x.shape[1], None), x.dtype)
    bias = check_array("bias", bias, kernel.shape[1:], x.dtype)
    return implementation().dense_forward(x, kernel, bias)


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Check the arguments; return dx (n, c): see `reference.dense_backward_input`."""
    kernel = check_array("kernel", kernel, (None, None))
    dy = check_array("dy", dy, (None, kernel.shape[1]), kernel.dtype)
    return implementation().dense_backward_input(dy, kernel)


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments; return dkernel (c, f) and dbias (f,): see `reference.dense_backward_kernel`."""
    x = check_array("x", x, (None, None))
    dy = check_array("dy", dy, (len(x), None), x.dtype)
    return implementation().dense_backward_kernel(dy, x)


def _pool_geometry(
    x_shape: tuple, pool: Pair, strides: Pair, padding: Padding
) -> tuple[Pair, Pair, Pair, Pair]:
    """Check a pooling's sizes; return (ph, pw), (sh, sw), (padding above, padding left), (oh, ow).

    Raises:
        ValueError: if a size is wrong, or a window could lie in the padding alone.
    """
    pool = check_ints("the window", pool, (2,))
    output, strides, padding = geometry(x_shape[1:3], pool, strides, padding)
    if any(max(sides) >= width for sides, width in zip(padding, pool, strict=True)):
        raise ValueError(f"A padding of {padding} leaves windows of {pool} without a pixel.")
    return pool, strides, (padding[0][0], padding[1][0]), output


def max_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, padding: Padding
) -> tuple[np.ndarray, np.ndarray]:
    """Check the arguments; return y and argmax (n, oh, ow, c): see `reference.max_pool2d_forward`."""
    x = check_array("x", x, (None,) * 4)
    return implementation().max_pool2d_forward(x, *_pool_geometry(x.shape, pool, strides, padding))


def max_pool2d_backward(dy: np.ndarray, argmax: np.ndarray, x_shape: tuple) -> np.ndarray:
    """Check the arguments; return dx (n, h, w, c): see `reference.max_pool2d_backward`."""
    x_shape = check_shape("x_shape", x_shape)
    argmax = check_array("argmax", argmax, (x_shape[0], None, None, x_shape[3]), np.dtype(np.int32))
    dy = check_array("dy", dy, argmax.shape)
    if argmax.size and not 0 <= argmax.min() <= argmax.max() < x_shape[1] * x_shape[2]:
        raise ValueError(f"argmax points outside of an image of {x_shape[1:3]}.")
    return implementation().max_pool2d_backward(dy, argmax, x_shape)


def average_pool2d_forward(
    x: np.ndarray, pool: Pair, strides: Pair, padding: Padding
) -> np.ndarray:
    """Check the arguments; return y (n, oh, ow, c): see `reference.average_pool2d_forward`."""
    x = check_array("x", x, (None,) * 4)
    window = _pool_geometry(x.shape, pool, strides, padding)
    return implementation().average_pool2d_forward(x, *window)


def average_pool2d_backward(
    dy: np.ndarray, x_shape: tuple, pool: Pair, strides: Pair, padding: Padding
) -> np.ndarray:
    """Check the arguments; return dx (n, h, w, c): see `reference.average_pool2d_backward`."""
    x_shape = check_shape("x_shape", x_shape)
    pool, strides, start, output = _pool_geometry(x_shape, pool, strides, padding)
    dy = check_array("dy", dy, (x_shape[0], *output, x_shape[3]))
    return implementation().average_pool2d_backward(dy, x_shape, pool, strides, start)


def batch_statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance (c,): see `reference.batch_statistics`."""
    x = check_array("x", x, None)
    if not x.ndim or not x.size:
        raise ValueError(f"Without channels and numbers there is no mean. Received: x of {x.shape}")
    return implementation().batch_statistics(x)


def batch_sums(x: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """Return sums (2, c) of a part of a batch: see `reference.batch_sums`."""
    x = check_array("x", x, None)
    return implementation().batch_sums(x, check_array("pivot", pivot, x.shape[-1:], x.dtype))


def gradient_sums(dy: np.ndarray, x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return sums (2, c) of a part of a batch: see `reference.gradient_sums`."""
    x = check_array("x", x, None)
    dy = check_array("dy", dy, x.shape, x.dtype)
    return implementation().gradient_sums(dy, x, check_array("mean", mean, x.shape[-1:], x.dtype))


def _checked_normalization(
    x: np.ndarray, epsilon: float, **channels: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray], float]:
    """Return x, what there is one number a channel of, and epsilon, all checked."""
    x = check_array("x", x, None)
    arrays = [check_array(name, a, x.shape[-1:], x.dtype) for name, a in channels.items()]
    return x, arrays, check_number("epsilon", epsilon, 0, LARGEST)


def batch_normalization_forward(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    epsilon: float,
) -> np.ndarray:
    """Return y, shaped as x: see `reference.batch_normalization_forward`."""
    channels = {"mean": mean, "variance": variance, "gamma": gamma, "beta": beta}
    x, channels, epsilon = _checked_normalization(x, epsilon, **channels)
    return implementation().batch_normalization_forward(x, *channels, epsilon)


def batch_normalization_backward(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    epsilon: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return dx, dgamma and dbeta: see `reference.batch_normalization_backward`."""
    channels = {"mean": mean, "variance": variance, "gamma": gamma}
    x, channels, epsilon = _checked_normalization(x, epsilon, **channels)
    dy = check_array("dy", dy, x.shape, x.dtype)
    return implementation().batch_normalization_backward(dy, x, *channels, epsilon)


def batch_normalization_backward_part(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    epsilon: float,
    sums: np.ndarray,
    count: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return dx, dgamma and dbeta: see `reference.batch_normalization_backward_part`."""
    channels = {"mean": mean, "variance": variance, "gamma": gamma}
    x, channels, epsilon = _checked_normalization(x, epsilon, **channels)
    dy = check_array("dy", dy, x.shape, x.dtype)
    whole = check_array("sums", sums, (2, x.shape[-1]), np.float64), check_int("count", count)
    return implementation().batch_normalization_backward_part(dy, x, *channels, epsilon, *whole)


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Check the arguments; return y, shaped as x: see `reference.relu_forward`."""
    return implementation().relu_forward(check_array("x", x, None))


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Check the arguments; return dx, shaped as dy: see `reference.relu_backward`."""
    dy = check_array("dy", dy, None)
    return implementation().relu_backward(dy, check_array("y", y, dy.shape, dy.dtype))


def tanh_forward(x: np.ndarray) -> np.ndarray:
    """Check the arguments; return y, shaped as x: see `reference.tanh_forward`."""
    return implementation().tanh_forward(check_array("x", x, None))


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Check the arguments; return dx, shaped as dy: see `reference.tanh_backward`."""
    dy = check_array("dy", dy, None)
    return implementation().tanh_backward(dy, check_array("y", y, dy.shape, dy.dtype))


def gelu_forward(x: np.ndarray) -> np.ndarray:
    """Return y, shaped as x: see `reference.gelu_forward`."""
    return implementation().gelu_forward(check_array("x", x, None))


def gelu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return dx, shaped as dy: see `reference.gelu_backward`."""
    dy = check_array("dy", dy, None)
    return implementation().gelu_backward(dy, check_array("x", x, dy.shape, dy.dtype))


def check_dropout(rate: float, seed: int) -> tuple[float, int]:
    """Return rate as a float from 0 to 1 and seed as an int from 0 to 2**64 - 1, or raise ValueError."""
    return check_number("rate", rate, 0, 1), check_int("seed", seed, 0, 2**64 - 1)


def dropout_forward(x: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Check the arguments; return y, shaped as x: see `reference.dropout_forward`."""
    rate, seed = check_dropout(rate, seed)
    return implementation().dropout_forward(check_array("x", x, None), rate, seed)


def dropout_backward(dy: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """Check the arguments; return dx, shaped as dy: see `reference.dropout_backward`."""
    return dropout_forward(check_array("dy", dy, None), rate, seed)


def _step_of(definition: Callable) -> Callable:
    """Return the step of an optimizer that checks its arguments, given the definition of the step.

    The definition's names say what is checked: behind param and grad stand slots, of which some may be
    None, then numbers.
    """
    name, signature = definition.__name__, inspect.signature(definition)
    kinds = {key: parameter.annotation for key, parameter in signature.parameters.items()}
    settings = [key for key, kind in kinds.items() if kind in (float, bool)]
    slots = list(kinds)[2 : -len(settings)]
    optional = {slot for slot in slots if kinds[slot] is not np.ndarray}

    @functools.wraps(definition)
    def update(*arguments: object, **named: object) -> None:
        param, grad, *rest = signature.bind(*arguments, **named).args if named else arguments
        checked, shape, dtype = check_in_place("param", param), param.shape, param.dtype
        arrays = [checked, check_array("grad", grad, shape, dtype)]
        for slot, array in zip(slots, rest, strict=False):
            missing = array is None and slot in optional
            arrays.append(None if missing else check_in_place(slot, array, shape, dtype))
        numbers = [
            check_bool(setting, value)
            if kinds[setting] is bool
            else check_number(setting, value, *LIMITS[setting])
            for setting, value in zip(settings, rest[len(slots) :], strict=True)
        ]
        getattr(implementation(), name)(*arrays, *numbers)

    return update


# Each checks its arguments, then changes all arrays but grad in place: see `reference.optimizers`.
sgd_update = _step_of(reference.sgd_update)
adadelta_update = _step_of(reference.adadelta_update)
adagrad_update = _step_of(reference.adagrad_update)
rmsprop_update = _step_of(reference.rmsprop_update)
adam_update = _step_of(reference.adam_update)
nadam_update = _step_of(reference.nadam_update)
adamax_update = _step_of(reference.adamax_update)
