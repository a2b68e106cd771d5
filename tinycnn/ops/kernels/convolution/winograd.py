"""3 x 3 convolution with a quarter of the multiplications: Winograd's F(4 x 4, 3 x 3).

A product of polynomials can be had from the products of their values at a few points. In one dimension, four
neighbouring outputs of a kernel of three need 12 multiplications; read as polynomials, they need only
the six products of values at the points 0, 1, -1, 2, -2 and infinity. In two dimensions 36 instead of 144.

    input transform                     36 products summed over channels   inverse transform
    +-----------+   Bᵀ d B   +-----+    · G g Gᵀ, filter transform    +-----+   Aᵀ m A   +-------+
    | d (6 x 6) | ---------> |  v  | -------------------------------> |  m  | ---------> | 4 x 4 |
    +-----------+            +-----+                                  +-----+            +-------+

The tiles of 6 x 6 overlap by two pixels. For each of the 36 points, the products over all tiles and
channels are one matrix product; to get there and back costs a few additions a pixel, whatever the number of
channels. Sums come out rounded a little differently: within 1e-5 of the direct way.

Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.elementwise import add
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    pad_to_vector_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, call, flat_array
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VectorBuilder, argument_element

OUT, IN = 4, 6  # sides of a tile of the output, and of the part of the image that it sees
POINTS = IN * IN
CHANNELS = 128  # whose products are added up by themselves: long sums lose precision
BAND = 48  # tiles worked on at once: what is between fits the second-level cache

Values = list[ir.Value]
Transform = Callable[[VectorBuilder, Values], Values]


def pays(output: tuple[int, int], kernel_shape: tuple, strides: tuple) -> bool:
    """Return whether this way is faster than the direct one.

    Args:
        output: its rows and columns, (oh, ow).
        kernel_shape: (kh, kw, c, f).
        strides: of the convolution.
    """
    kh, kw, c, f = kernel_shape
    if (kh, kw) != (3, 3) or tuple(strides) != (1, 1) or min(c, f) < 8:
        return False
    products = count_tiles(output[0]) * count_tiles(output[1]) * POINTS * c * f
    transforms = count_tiles(output[0]) * count_tiles(output[1]) * POINTS * 8 * (c + f)
    return products + transforms < 0.8 * output[0] * output[1] * 9 * c * f


@functools.cache
def pad_to_tiles(padded: tuple[int, int], output: tuple[int, int]) -> tuple[int, int]:
    """Return the size of an image with padding, enlarged to what whole tiles of the output see."""
    rows, columns = (count_tiles(length) * OUT + IN - OUT for length in output)
    return max(padded[0], rows), max(padded[1], columns)


def filter_matrix(dtype: np.dtype) -> np.ndarray:
    """Return G, (6, 3): it evaluates a kernel of three at each point."""
    return np.array(
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        dtype,
    )


def filter_transform(kernel: np.ndarray) -> np.ndarray:
    """Return G g Gᵀ of a kernel g (3, 3, c, f), for the 36 points: (36, c, f), padded to the vector width."""
    _, _, c, f = kernel.shape
    matrix = filter_matrix(kernel.dtype)
    columns = multiply_left(matrix, kernel.reshape(3, 3, c * f))  # (kh, 6, c · f)
    values = multiply_left(matrix, columns.reshape(1, 3, IN * c * f))  # (1, 6, 6 · c · f)
    return pad_to_vector_width(values.reshape(POINTS, c, f))


def multiply_left(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return y (a, r, columns) of matrix (r, k) and x (a, k, columns): y[a, r] = Σ matrix[r, k] · x[a, k].

    Not `matrix @ x`: the threads of its BLAS spin for a tenth of a second afterwards, in the way of ours.
    """
    return np.einsum("rk,akc->arc", matrix, x)


def input_transform(emit: VectorBuilder, d: Values) -> Values:
    """Emit Bᵀ d, the input transform of six pixels in a line (the rows of Bᵀ, one by one)."""
    even, odd = emit.add_scaled(-4, d[2], d[4]), emit.add_scaled(-4, d[1], d[3])
    outer_even, outer_odd = emit.subtract(d[4], d[2]), emit.subtract(d[3], d[1])
    return [
        emit.add_scaled(4, d[0], emit.add_scaled(-5, d[2], d[4])),
        emit.add(even, odd),
        emit.subtract(even, odd),
        emit.add_scaled(2, outer_odd, outer_even),
        emit.add_scaled(-2, outer_odd, outer_even),
        emit.add_scaled(4, d[1], emit.add_scaled(-5, d[3], d[5])),
    ]


def inverse_transform(emit: VectorBuilder, m: Values) -> Values:
    """Emit Aᵀ m, the inverse transform: four pixels in a line out of six values."""
    even, odd = emit.add(m[1], m[2]), emit.subtract(m[1], m[2])
    outer_even, outer_odd = emit.add(m[3], m[4]), emit.subtract(m[3], m[4])
    return [
        emit.add(m[0], emit.add(even, outer_even)),
        emit.add_scaled(2, outer_odd, odd),
        emit.add_scaled(4, outer_even, even),
        emit.add(emit.add_scaled(8, outer_odd, odd), m[5]),
    ]


def gradient_transform(emit: VectorBuilder, d: Values) -> Values:
    """Emit A d, six values of four gradients in a line: `inverse_transform`, transposed."""
    even, odd = emit.add(d[0], d[2]), emit.add(d[1], d[3])
    outer_even, outer_odd = emit.add_scaled(4, d[2], d[0]), emit.add_scaled(4, d[3], d[1])
    return [
        d[0],
        emit.add(even, odd),
        emit.subtract(even, odd),
        emit.add_scaled(2, outer_odd, outer_even),
        emit.add_scaled(-2, outer_odd, outer_even),
        d[3],
    ]


def transform_2d(emit: VectorBuilder, transform: Transform, square: list[Values]) -> list[Values]:
    """Emit a transform of every column of a square of vectors, then of every row: Bᵀ d B out of two Bᵀ d."""
    columns = [transform(emit, list(column)) for column in zip(*square, strict=True)]
    return [transform(emit, list(row)) for row in zip(*columns, strict=True)]


class Square(NamedTuple):
    """A square of pixels, or of values at points, that an emitted transform reads or writes."""

    address: ir.Value
    row_stride: ir.Value
    column_stride: ir.Value
    side: int


def emit_transform(
    emit: VectorBuilder,
    transform: Transform,
    source: Square,
    target: Square,
    bias: ir.Value | None,
    width: ir.Value | None,
) -> None:
    """Emit the transform of one square, for one vector of channels.

    Args:
        emit: the builder.
        transform: `input_transform`, `gradient_transform` or `inverse_transform`.
        source, target: what is read and written.
        bias: the address of what is added to every result, or None.
        width: how many channels the vector has; None: all of them.
    """

    def element(square: Square, row: int, column: int) -> ir.Value:
        first = emit.offset(square.address, emit.times(row, square.row_stride))
        return emit.offset(first, emit.times(column, square.column_stride))

    sides = range(source.side)
    loaded = [[emit.load(element(source, i, j), 1, width)[0] for j in sides] for i in sides]
    transformed = transform_2d(emit, transform, loaded)
    bias_vector = emit.load(bias, 1, width)[0] if bias is not None else None
    for i in range(target.side):
        for j in range(target.side):
            value = transformed[i][j]
            value = value if bias_vector is None else emit.add(value, bias_vector)
            emit.store([value], element(target, i, j), width)


def emit_channel_loop(emit: VectorBuilder, count: ir.Value, one_vector: Callable) -> None:
    """Emit a loop that calls `one_vector(first channel, width)` for each vector of channels."""
    lanes = emit.constant(emit.lanes)
    vectors, remainder = emit.builder.udiv(count, lanes), emit.builder.urem(count, lanes)

    def step(state: Values) -> Values:
        one_vector(state[0], None)
        return [emit.builder.add(state[0], lanes)]

    def last_step(state: Values) -> Values:
        one_vector(state[0], remainder)
        return state

    (left,) = emit.loop(vectors, [emit.constant(0)], step)
    has_remainder = emit.builder.icmp_unsigned(">", remainder, emit.constant(0))
    emit.loop(emit.builder.zext(has_remainder, emit.word), [left], last_step)


def tile_intrinsic(arrays: tuple, transform: Transform, sides: tuple[int, int]) -> tuple:
    """Return signature and code of an intrinsic that transforms a tile; `arrays` are x, y and bias."""

    def codegen(context, builder, signature, arguments):
        element = context.get_data_type(arrays[0].dtype)
        emit = VectorBuilder(builder, element)

        x, y, bias = (
            argument_element(context, builder, signature, arguments, array) for array in (0, 4, 8)
        )

        def one_vector(channel: ir.Value, width: ir.Value | None) -> None:
            source = Square(emit.offset(x, channel), arguments[2], arguments[3], sides[0])
            target = Square(emit.offset(y, channel), arguments[6], arguments[7], sides[1])
            added = emit.offset(bias, channel) if transform is inverse_transform else None
            emit_transform(emit, transform, source, target, added, width)

        emit_channel_loop(emit, arguments[10], one_vector)
        return context.get_dummy_value()

    x, y, bias = arrays
    layout = INT64, INT64, INT64  # offset, row stride, column stride
    return types.void(x, *layout, y, *layout, bias, INT64, INT64), codegen


@intrinsic
def transform_input_tile(
    typing_context,
    x,
    x_offset,
    x_row_stride,
    x_column_stride,
    y,
    y_offset,
    y_row_stride,
    y_column_stride,
    bias,
    bias_offset,
    count,
):
    """Write Bᵀ d B of a tile of an image, for each of `count` channels; `bias` is not used."""
    return tile_intrinsic((x, y, bias), input_transform, (IN, IN))


@intrinsic
def transform_output_tile(
    typing_context,
    x,
    x_offset,
    x_row_stride,
    x_column_stride,
    y,
    y_offset,
    y_row_stride,
    y_column_stride,
    bias,
    bias_offset,
    count,
):
    """Write Aᵀ m A, a tile of the output, bias added, for each of `count` filters."""
    return tile_intrinsic((x, y, bias), inverse_transform, (IN, OUT))


@intrinsic
def transform_gradient_tile(
    typing_context,
    x,
    x_offset,
    x_row_stride,
    x_column_stride,
    y,
    y_offset,
    y_row_stride,
    y_column_stride,
    bias,
    bias_offset,
    count,
):
    """Write A dy Aᵀ of a tile of gradients, for each of `count` filters; `bias` is not used."""
    return tile_intrinsic((x, y, bias), gradient_transform, (OUT, IN))


@jit
def count_tiles(length):
    """Return how many tiles cover a length."""
    return (length + OUT - 1) // OUT


@inlined
def band_tiles(oh, ow):
    """Return rows and columns of the tiles that are worked on at once."""
    return min(count_tiles(oh), max(1, BAND // count_tiles(ow))), count_tiles(ow)


@inlined
def allocate_scratch(rows, columns, c, f, like):
    """Return scratch for a band: `v`, `m` and `z` of `convolve_band`, of the dtype of `like`."""
    v = np.empty(POINTS * rows * columns * c, like.dtype)
    m = np.empty(POINTS * rows * columns * f, like.dtype)
    return v, m, np.empty((rows * OUT, columns * OUT, f), like.dtype)


@jit
def convolve_band(gemm, pixels, offset, width, c, transformed, bias, tiles, v, m, z):
    """Convolve one image: as many rows of tiles as `z` has room for.

    Args:
        gemm: its address.
        pixels, offset, width: the image (rows, width, c), flat, and where the band begins in it.
        c: its channels.
        transformed: the kernel, from `filter_transform`.
        bias: (f,).
        tiles: rows and columns of tiles.
        v, m: scratch for the input transform and the products, flat: 36 · tiles · c and 36 · tiles · f.
        z: the band of the output, (4 · rows, 4 · columns, f), is written.
    """
    (rows, columns), f, padded_filters = tiles, len(bias), transformed.shape[2]
    count, z_flat, u = rows * columns, z.ravel(), transformed.ravel()
    v_point, m_point = count * c, count * f  # from one point to the next
    z_row = columns * OUT * f
    zeros = np.zeros(f, z.dtype)
    for i in range(rows):
        for j in range(columns):
            x_offset = offset + (i * OUT * width + j * OUT) * c
            v_offset = (i * columns + j) * c
            transform_input_tile(
                pixels, x_offset, width * c, c, v, v_offset, IN * v_point, v_point, bias, 0, c
            )
    for p in range(POINTS):
        for first in range(0, c, CHANNELS):
            left = LeftOperand(
                array=v,
                offset=p * v_point + first,
                row_stride=c,
                k_stride=1,
                segment_stride=0,
                segment_length=min(CHANNELS, c - first),
                segments=1,
            )
            u_offset = (p * c + first) * padded_filters
            right = RightOperand(u, u_offset, k_stride=padded_filters, segment_stride=0)
            # Blocks of channels are summed by themselves first, in z, which is free until the output comes.
            array, start = (m, p * m_point) if first == 0 else (z_flat, 0)
            out, initial = Matrix(array, start, row_stride=f), Matrix(zeros, 0, row_stride=0)
            call(gemm, (out, initial, left, right, count, f))
            if first > 0:
                add(z_flat[:m_point], m[p * m_point : (p + 1) * m_point])
    for i in range(rows):
        for j in range(columns):
            m_offset, z_offset = (i * columns + j) * f, i * OUT * z_row + j * OUT * f
            transform_output_tile(
                m, m_offset, IN * m_point, m_point, z_flat, z_offset, z_row, f, bias, 0, f
            )


@functools.cache
def addresses(dtype: np.dtype) -> tuple[int, int]:
    """Return where `convolve_band` and the `gemm` that it calls begin, for `function_pointers.call`."""
    gemm, flat = gemm_address(dtype), flat_array(dtype)
    transformed, band = (types.Array(flat.dtype, 3, "C") for _ in range(2))
    tiles = types.UniTuple(INT64, 2)
    source = flat, INT64, INT64, INT64
    arguments = INT64, *source, transformed, flat, tiles, flat, flat, band
    return address(convolve_band, arguments), gemm
