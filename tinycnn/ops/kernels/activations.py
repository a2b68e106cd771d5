"""ReLU, tanh and GELU in one pass. The other activations are rare or act on small arrays: NumPy does."""

import functools
import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.elementwise import copy, relu_in_place
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers

GRAIN, TANH_GRAIN = WORTH_A_THREAD // 14, WORTH_A_THREAD // 56  # numbers
ACTIVATION_CODES = {"relu": 0, "tanh": 1}  # how compiled code names these two
# tanh in float32, from polynomials of least error: x + x³ · (S0 + S1 x² + ...) for small x, and
# 1 - 2 / (exp(2x) + 1) for others, where exp(r) = 1 + r + r² · (E0 + E1 r + ...) for |r| <= ln(2) / 2.
S0, S1, S2, S3, S4 = map(
    np.float32, (-0.33333298, 0.13331924, -0.05378383, 0.020795968, -0.005895154)
)
E0, E1, E2, E3, E4 = map(
    np.float32, (0.49999993, 0.16666515, 0.041668457, 0.008369419, 0.0013813143)
)
SMALL, LARGE = np.float32(0.6), np.float32(9.1)  # beyond LARGE all are 1
LOG2_E = np.float32(1 / np.log(2))
LN_2, LN_2_REST = np.float32(0.693359375), np.float32(np.log(2) - 0.693359375)
ROUND = np.float32(1.5 * 2**23)  # added to a number, it leaves no room for digits behind the point
ONE, TWO = np.float32(1), np.float32(2)


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.relu_forward`."""
    y = np.empty(x.shape, x.dtype)
    workers.run(relu_forward_span, x.size, GRAIN, x.reshape(-1), y.reshape(-1))
    return y


@jit
def relu_forward_span(start, stop, x, y):
    """Write y = 0 where x < 0, else x: a NaN stays NaN."""
    x, y = x[start:stop], y[start:stop]  # from 0 on: see optimizers.py
    for position in range(len(x)):
        number = x[position]
        y[position] = x.dtype.type(0) if number < 0 else number


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.relu_backward`."""
    dx = np.empty(dy.shape, dy.dtype)
    flat = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    workers.run(relu_backward_span, dy.size, GRAIN, *flat)
    return dx


@jit
def relu_backward_span(start, stop, dy, y, dx):
    """Write dx = dy where the unit was active."""
    dy, y, dx = dy[start:stop], y[start:stop], dx[start:stop]
    for position in range(len(dy)):
        # forward: y = 0 where x < 0, else x
        number = dy[position]
        dx[position] = number if y[position] > 0 else dy.dtype.type(0)


def tanh_forward(x: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.tanh_forward`; in float32 within 1.5 units of the last place."""
    y = np.empty(x.shape, x.dtype)
    workers.run(tanh_forward_span, x.size, TANH_GRAIN, x.reshape(-1), y.reshape(-1))
    return y


@jit
def tanh_forward_span(start, stop, x, y):
    """Write y = tanh(x)."""
    copy(x[start:stop], y[start:stop])
    # Copied and then changed in place: see `single_tanh_in_place`.
    tanh_in_place(y[start:stop])


@jit
def tanh_in_place(z):
    """Replace every number by its tanh."""
    if z.itemsize == 4:
        single_tanh_in_place(z)
    else:
        for position in range(len(z)):
            z[position] = math.tanh(z[position])


@intrinsic
def power_of_two(typing_context, shifted):
    """Return 2 to the power of a whole number, given ROUND plus that: its last bits are the exponent."""

    def codegen(context, builder, signature, arguments):
        word = ir.IntType(32)
        exponent = builder.shl(builder.bitcast(arguments[0], word), ir.Constant(word, 23))
        bits = builder.add(exponent, ir.Constant(word, 127 << 23))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(types.float32), codegen


@functools.partial(jit, fastmath={"contract"})  # a · b + c may be rounded once
def single_tanh_in_place(z):
    """Do that in float32, both ways for each number, so that vector instructions can be used.

    Two arrays that might be the same would keep LLVM from using them, too.
    """
    for position in range(len(z)):
        number = z[position]
        size = np.float32(abs(number))
        # A NaN is not larger: it goes through, and comes out as itself.
        size = LARGE if size > LARGE else size
        square = size * size
        small_result = S0 + square * (S1 + square * (S2 + square * (S3 + square * S4)))
        small_result = size + size * square * small_result
        # exp(2x) = 2ᵏ · exp(r) with whole k and |r| <= ln(2) / 2; k is what the addition of ROUND leaves.
        shifted = (size + size) * LOG2_E + ROUND
        rounded_exponent = shifted - ROUND
        # In two steps: LN_2 has so few digits that its product with k is exact.
        r = (size + size - rounded_exponent * LN_2) - rounded_exponent * LN_2_REST
        power = ONE + r + r * r * (E0 + r * (E1 + r * (E2 + r * (E3 + r * E4))))
        large_result = ONE - TWO / (power * power_of_two(shifted) + ONE)
        result = small_result if size < SMALL else large_result
        result = -result if number < 0 else result
        z[position] = result if size > 0 else number  # a zero keeps its sign, and a NaN is seen


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.tanh_backward`."""
    dx = np.empty(dy.shape, dy.dtype)
    flat = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    workers.run(tanh_backward_span, dy.size, GRAIN, *flat)
    return dx


@jit
def tanh_backward_span(start, stop, dy, y, dx):
    """Write dx = dy (1 - y²)."""
    dy, y, dx = dy[start:stop], y[start:stop], dx[start:stop]
    for position in range(len(dy)):
        # forward: y = tanh(x)
        dx[position] = dy[position] * (dy.dtype.type(1) - y[position] * y[position])


def gelu_forward(x: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.gelu_forward`."""
    y = np.empty(x.shape, x.dtype)
    workers.run(gelu_forward_span, x.size, TANH_GRAIN, x.reshape(-1), y.reshape(-1))
    return y


@jit
def normal_distribution(x):
    """Return which share of a normal distribution lies below x, a float64."""
    return 0.5 * (1 + math.erf(x * math.sqrt(0.5)))


@jit
def gelu_forward_span(start, stop, x, y):
    """Write y = x · share(x)."""
    x, y = x[start:stop], y[start:stop]
    for position in range(len(x)):
        number = np.float64(x[position])
        y[position] = number * normal_distribution(number)


def gelu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.gelu_backward`."""
    dx = np.empty(dy.shape, dy.dtype)
    flat = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    workers.run(gelu_backward_span, dy.size, TANH_GRAIN, *flat)
    return dx


@jit
def gelu_backward_span(start, stop, dy, x, dx):
    """Write dx = dy (share(x) + x · density(x))."""
    dy, x, dx = dy[start:stop], x[start:stop], dx[start:stop]
    for position in range(len(dy)):
        # forward: y = x · share(x)
        number = np.float64(x[position])
        density = math.exp(-0.5 * number * number) * math.sqrt(0.5 / math.pi)
        dx[position] = dy[position] * (normal_distribution(number) + number * density)


@jit
def activate(z, code):
    """Apply an activation in place; `code` is one of ACTIVATION_CODES."""
    if code == 0:
        relu_in_place(z)
    else:
        tanh_in_place(z)


@jit
def activation_gradient(dy, y, dz, code):
    """Write dz, the gradient with respect to the activation's input; `code` is one of ACTIVATION_CODES."""
    if code == 0:
        relu_backward_span(0, len(dy), dy, y, dz)
    else:
        tanh_backward_span(0, len(dy), dy, y, dz)
