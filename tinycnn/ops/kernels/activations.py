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

# How many numbers are worth a thread: one takes as long as 14, or for tanh 56, multiply-adds.
GRAIN, TANH_GRAIN = WORTH_A_THREAD // 14, WORTH_A_THREAD // 56
ACTIVATION_CODES = {"relu": 0, "tanh": 1}  # compiled code gets a number, not a name
# tanh in float32, from polynomials of least error: x + x³ · (S0 + S1 x² + ...) for small x, and
# 1 - 2 / (exp(2x) + 1) for others, where exp(r) = 1 + r + r² · (E0 + E1 r + ...) for |r| <= ln(2) / 2.
S0, S1, S2, S3, S4 = map(
    np.float32, (-0.33333298, 0.13331924, -0.05378383, 0.020795968, -0.005895154)
)
E0, E1, E2, E3, E4 = map(
    np.float32, (0.49999993, 0.16666515, 0.041668457, 0.008369419, 0.0013813143)
)
# Below SMALL the first formula is used, from there on the second; above LARGE tanh is 1.
SMALL, LARGE = np.float32(0.6), np.float32(9.1)
LOG2_E = np.float32(1 / np.log(2))
# ln(2) as a sum of two numbers, the first with few digits, so that its product with a whole k is exact.
LN_2, LN_2_REST = np.float32(0.693359375), np.float32(np.log(2) - 0.693359375)
# Adding it to a small float32 rounds that to a whole number: the sum has no bits for fractions.
ROUND = np.float32(1.5 * 2**23)
ONE, TWO = np.float32(1), np.float32(2)


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Return y = relu(x), shaped as x: fast implementation of `reference.relu_forward`."""
    y = np.empty(x.shape, x.dtype)
    workers.run(relu_forward_span, x.size, GRAIN, x.reshape(-1), y.reshape(-1))
    return y


@jit
def relu_forward_span(start, stop, x, y):
    """Write y[start:stop] = 0 where x < 0, else x; both are flat. A NaN stays NaN."""
    x, y = x[start:stop], y[start:stop]  # so that the loop counts from 0: see optimizers.py
    for position in range(len(x)):
        number = x[position]
        y[position] = x.dtype.type(0) if number < 0 else number


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx, shaped as dy: fast implementation of `reference.relu_backward`."""
    dx = np.empty(dy.shape, dy.dtype)
    flat = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    workers.run(relu_backward_span, dy.size, GRAIN, *flat)
    return dx


@jit
def relu_backward_span(start, stop, dy, y, dx):
    """Write dx[start:stop] = dy where y > 0, else 0; all are flat."""
    dy, y, dx = dy[start:stop], y[start:stop], dx[start:stop]
    for position in range(len(dy)):
        # forward: y = 0 where x < 0, else x
        number = dy[position]
        dx[position] = number if y[position] > 0 else dy.dtype.type(0)


def tanh_forward(x: np.ndarray) -> np.ndarray:
    """Return y = tanh(x), shaped as x: fast implementation of `reference.tanh_forward`.

    In float32 the error is at most 1.5 units of the last place.
    """
    y = np.empty(x.shape, x.dtype)
    workers.run(tanh_forward_span, x.size, TANH_GRAIN, x.reshape(-1), y.reshape(-1))
    return y


@jit
def tanh_forward_span(start, stop, x, y):
    """Write y[start:stop] = tanh(x[start:stop]); both are flat."""
    copy(x[start:stop], y[start:stop])
    # Copied and then changed in place, which is faster: see `float32_tanh_in_place`.
    tanh_in_place(y[start:stop])


@jit
def tanh_in_place(z):
    """Replace every number of z, flat float32 or float64, by its tanh."""
    if z.itemsize == 4:
        float32_tanh_in_place(z)
    else:
        for position in range(len(z)):
            z[position] = math.tanh(z[position])


@intrinsic
def power_of_two(typing_context, shifted):
    """Return 2ᵏ as float32, given the float32 number ROUND + k, k a whole number from -126 to 127.

    The last bits of ROUND + k are k: shifted to the left they are the exponent of the result.
    """

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        word = ir.IntType(32)
        exponent = builder.shl(builder.bitcast(arguments[0], word), ir.Constant(word, 23))
        bits = builder.add(exponent, ir.Constant(word, 127 << 23))  # 127: float32's exponent bias
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(types.float32), codegen


@functools.partial(jit, fastmath={"contract"})  # a · b + c may be rounded once
def float32_tanh_in_place(z):
    """Replace every number of z, flat float32, by its tanh.

    Both formulas (see S0 and E0) are computed for each number and one result is selected: without branches
    LLVM uses vector instructions. It would not with two arrays that might overlap: so it works in place.
    """
    for position in range(len(z)):
        number = z[position]
        size = np.float32(abs(number))
        # `>` is false for a NaN, which so stays NaN.
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
        z[position] = result if size > 0 else number  # -0 stays -0, a NaN stays NaN


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return dx, shaped as dy: fast implementation of `reference.tanh_backward`."""
    dx = np.empty(dy.shape, dy.dtype)
    flat = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    workers.run(tanh_backward_span, dy.size, GRAIN, *flat)
    return dx


@jit
def tanh_backward_span(start, stop, dy, y, dx):
    """Write dx[start:stop] = dy · (1 - y²); all are flat."""
    dy, y, dx = dy[start:stop], y[start:stop], dx[start:stop]
    for position in range(len(dy)):
        # forward: y = tanh(x)
        dx[position] = dy[position] * (dy.dtype.type(1) - y[position] * y[position])


def gelu_forward(x: np.ndarray) -> np.ndarray:
    """Return y, shaped as x: fast implementation of `reference.gelu_forward`."""
    y = np.empty(x.shape, x.dtype)
    workers.run(gelu_forward_span, x.size, TANH_GRAIN, x.reshape(-1), y.reshape(-1))
    return y


@jit
def normal_distribution(x):
    """Return which share of a normal distribution lies below x, a float64."""
    return 0.5 * (1 + math.erf(x * math.sqrt(0.5)))


@jit
def gelu_forward_span(start, stop, x, y):
    """Write y[start:stop] = x · share(x), share as in `normal_distribution`; both are flat."""
    x, y = x[start:stop], y[start:stop]
    for position in range(len(x)):
        number = np.float64(x[position])
        y[position] = number * normal_distribution(number)


def gelu_backward(dy: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return dx, shaped as dy: fast implementation of `reference.gelu_backward`."""
    dx = np.empty(dy.shape, dy.dtype)
    flat = dy.reshape(-1), x.reshape(-1), dx.reshape(-1)
    workers.run(gelu_backward_span, dy.size, TANH_GRAIN, *flat)
    return dx


@jit
def gelu_backward_span(start, stop, dy, x, dx):
    """Write dx[start:stop] = dy (share(x) + x · density(x)), density that of the same; all are flat."""
    dy, x, dx = dy[start:stop], x[start:stop], dx[start:stop]
    for position in range(len(dy)):
        # forward: y = x · share(x)
        number = np.float64(x[position])
        density = math.exp(-0.5 * number * number) * math.sqrt(0.5 / math.pi)
        dx[position] = dy[position] * (normal_distribution(number) + number * density)


@jit
def activate(z, code):
    """Replace every number of z, flat, by its ReLU (code 0) or tanh (code 1): see ACTIVATION_CODES."""
    if code == 0:
        relu_in_place(z)
    else:
        tanh_in_place(z)


@jit
def activation_gradient(dy, y, dz, code):
    """Write dz, the gradient with respect to z, given y = activation(z) and dy; all are flat.

    `code` says which activation: see ACTIVATION_CODES.
    """
    if code == 0:
        relu_backward_span(0, len(dy), dy, y, dz)
    else:
        tanh_backward_span(0, len(dy), dy, y, dz)
