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
    RightOperand,
    gemm_address,
    matrix_operand,
    pad_to_vector_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix, structure_type
from tinycnn.ops.kernels.codegen.function_pointers import INT64, address, call, flat_array
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VectorBuilder, unpack_arguments
from tinycnn.ops.kernels.convolution.geometry import Geometry

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
    # Both in multiply-adds: a value that is transformed takes as long as eight of them.
    products = count_tiles(output[0]) * count_tiles(output[1]) * POINTS * c * f
    transforms = count_tiles(output[0]) * count_tiles(output[1]) * POINTS * 8 * (c + f)
    return products + transforms < 0.8 * output[0] * output[1] * 9 * c * f


@functools.cache
def pad_to_tiles(padded: tuple[int, int], output: tuple[int, int]) -> tuple[int, int]:
    """Return the size of an image with padding, enlarged to what whole tiles of the output see."""
    rows, columns = (count_tiles(length) * OUT + IN - OUT for length in output)
    return max(padded[0], rows), max(padded[1], columns)


@functools.lru_cache
def enlarge_to_tiles(geometry: Geometry) -> Geometry:
    """Return the geometry with more zeros below and to the right, up to what whole tiles see."""
    padded_size = pad_to_tiles(geometry.padded_size, geometry.output)
    return geometry._replace(padded_size=padded_size)


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
    """Emit Bᵀ d, the input transform of six pixels in a line, row by row of

    Bᵀ =  4  0 -5  0  1  0      point  0
          0 -4 -4  1  1  0             1
          0  4 -4 -1  1  0            -1
          0 -2 -1  2  1  0             2
          0  2 -1 -2  1  0            -2
          0  4  0 -5  0  1             infinity
    """
    # Points 1 and -1 differ in the sign of odd powers only, as do 2 and -2: one sum serves both.
    # add_scaled(factor, a, b) is factor · a + b.
    even, odd = emit.add_scaled(-4, d[2], d[4]), emit.add_scaled(-4, d[1], d[3])
    at_two_even, at_two_odd = emit.subtract(d[4], d[2]), emit.subtract(d[3], d[1])
    return [
        emit.add_scaled(4, d[0], emit.add_scaled(-5, d[2], d[4])),
        emit.add(even, odd),
        emit.subtract(even, odd),
        emit.add_scaled(2, at_two_odd, at_two_even),
        emit.add_scaled(-2, at_two_odd, at_two_even),
        emit.add_scaled(4, d[1], emit.add_scaled(-5, d[3], d[5])),
    ]


def inverse_transform(emit: VectorBuilder, m: Values) -> Values:
    """Emit Aᵀ m, the inverse transform: four pixels in a line out of six values."""
    even, odd = emit.add(m[1], m[2]), emit.subtract(m[1], m[2])
    at_two_even, at_two_odd = emit.add(m[3], m[4]), emit.subtract(m[3], m[4])
    return [
        emit.add(m[0], emit.add(even, at_two_even)),
        emit.add_scaled(2, at_two_odd, odd),
        emit.add_scaled(4, at_two_even, even),
        emit.add(emit.add_scaled(8, at_two_odd, odd), m[5]),
    ]


def gradient_transform(emit: VectorBuilder, d: Values) -> Values:
    """Emit A d, six values of four gradients in a line: `inverse_transform`, transposed."""
    even, odd = emit.add(d[0], d[2]), emit.add(d[1], d[3])
    at_two_even, at_two_odd = emit.add_scaled(4, d[2], d[0]), emit.add_scaled(4, d[3], d[1])
    return [
        d[0],
        emit.add(even, odd),
        emit.subtract(even, odd),
        emit.add_scaled(2, at_two_odd, at_two_even),
        emit.add_scaled(-2, at_two_odd, at_two_even),
        d[3],
    ]


# How many pixels, or values, a transform reads and writes in a line.
SIDES = {input_transform: (IN, IN), inverse_transform: (IN, OUT), gradient_transform: (OUT, IN)}


def transform_2d(emit: VectorBuilder, transform: Transform, square: list[Values]) -> list[Values]:
    """Emit a transform of every column of a square of vectors, then of every row: Bᵀ d B out of two Bᵀ d."""
    # Bᵀ d B = (Bᵀ (Bᵀ d)ᵀ)ᵀ: the same one-dimensional transform twice, `zip` transposes in between.
    columns = [transform(emit, list(column)) for column in zip(*square, strict=True)]
    return [transform(emit, list(row)) for row in zip(*columns, strict=True)]


class Tile(NamedTuple):
    """A square of pixels, or of values at points, one after the other: what a transform reads or writes."""

    array: np.ndarray  # flat
    offset: int  # in elements, as the strides
    row_stride: int
    column_stride: int


def emit_transform(
    emit: VectorBuilder,
    transform: Transform,
    source: Tile,
    target: Tile,
    bias: ir.Value | None,
    width: ir.Value | None,
) -> None:
    """Emit the transform of one square, for one vector of channels.

    Args:
        emit: the builder.
        transform: one of SIDES.
        source, target: what is read and written; the array of each is the address of its first element.
        bias: the address of what is added to every result, or None.
        width: how many channels the vector has; None: all of them.
    """

    def element(square: Tile, row: int, column: int) -> ir.Value:
        first = emit.offset(square.array, emit.times(row, square.row_stride))
        return emit.offset(first, emit.times(column, square.column_stride))

    read, written = (range(side) for side in SIDES[transform])
    loaded = [[emit.load(element(source, i, j), 1, width)[0] for j in read] for i in read]
    # All 36 vectors at once: there are more than registers, and LLVM keeps the others on the stack.
    transformed = transform_2d(emit, transform, loaded)
    bias_vector = emit.load(bias, 1, width)[0] if bias is not None else None
    for i in written:
        for j in written:
            value = transformed[i][j]
            value = value if bias_vector is None else emit.add(value, bias_vector)
            emit.store([value], element(target, i, j), width)


def emit_channel_loop(emit: VectorBuilder, count: ir.Value, one_vector: Callable) -> None:
    """Emit a loop that calls `one_vector(first channel, width)` for each vector of channels."""
    # Whole vectors in a loop, then at most once a part of one, with a mask.
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


def transform_codegen(transform: Transform, dtype: types.Type) -> Callable:
    """Return what emits the transform of a tile, given source, target, count and, perhaps, bias."""

    def codegen(context, builder, signature, arguments):
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        source, target, count, *bias = unpack_arguments(context, builder, signature, arguments)
        tiles = [
            tile._replace(array=emit.offset(tile.array, tile.offset)) for tile in (source, target)
        ]

        def one_vector(channel: ir.Value, width: ir.Value | None) -> None:
            source, target = (
                tile._replace(array=emit.offset(tile.array, channel)) for tile in tiles
            )
            added = emit.offset(bias[0], channel) if bias else None
            emit_transform(emit, transform, source, target, added, width)

        emit_channel_loop(emit, count, one_vector)
        return context.get_dummy_value()

    return codegen


@intrinsic
def transform_input_tile(typing_context, pixels, values, count):
    """Write Bᵀ d B of a tile of an image, for each of `count` channels."""
    codegen = transform_codegen(input_transform, pixels.types[0].dtype)
    return types.void(pixels, values, INT64), codegen


@intrinsic
def transform_output_tile(typing_context, values, pixels, count, bias):
    """Write Aᵀ m A, a tile of the output, bias added, for each of `count` filters."""
    codegen = transform_codegen(inverse_transform, values.types[0].dtype)
    return types.void(values, pixels, INT64, bias), codegen


@intrinsic
def transform_gradient_tile(typing_context, gradients, values, count):
    """Write A dy Aᵀ of a tile of gradients, for each of `count` filters."""
    codegen = transform_codegen(gradient_transform, gradients.types[0].dtype)
    return types.void(gradients, values, INT64), codegen


@jit
def count_tiles(length):
    """Return how many tiles cover a length."""
    return (length + OUT - 1) // OUT


class Scratch(NamedTuple):
    """What a band of tiles is worked on in."""

    values: np.ndarray  # the input transform at each point, flat: (36, tiles, c)
    products: np.ndarray  # likewise: (36, tiles, f)
    z: np.ndarray  # the band of the output, (4 · rows, 4 · columns, f)


@inlined
def allocate_scratch(rows, columns, c, f, like):
    """Return scratch for so many tiles, of the dtype of `like`."""
    values = np.empty(POINTS * rows * columns * c, like.dtype)
    products = np.empty(POINTS * rows * columns * f, like.dtype)
    return Scratch(values, products, np.empty((rows * OUT, columns * OUT, f), like.dtype))


@inlined
def allocate_band(geometry, c, f, like):
    """Return scratch for a band of tiles as wide as the output, whose parts fit the second-level cache."""
    oh, ow = geometry.output
    rows, columns = count_tiles(oh), count_tiles(ow)
    return allocate_scratch(min(rows, max(1, BAND // columns)), columns, c, f, like)


@inlined
def convolve_rows(addresses, pixels, top, transformed, bias, geometry, scratch):
    """Convolve output rows from `top` on, as many as `scratch.z` has; return how many of them exist."""
    (oh, ow), line = geometry.output, geometry.padded_size[1] * transformed.shape[1]
    count = min(len(scratch.z), oh - top)
    tiles, band = (count_tiles(count), count_tiles(ow)), Matrix(pixels, top * line, row_stride=line)
    call(addresses.convolve_band, (addresses.gemm, band, transformed, bias, tiles, scratch))
    return count


@jit
def convolve_band(gemm, image, transformed, bias, tiles, scratch):
    """Convolve a band of one image, into the first rows of `scratch.z`.

    Args:
        gemm: its address.
        image: a `Matrix` whose rows are rows of pixels, (width, c), from the first of the band on.
        transformed: the kernel, from `filter_transform`.
        bias: (f,).
        tiles: rows and columns of tiles: no more than there is scratch for.
        scratch: `Scratch`.
    """
    (rows, columns), (_, c, _), f = tiles, transformed.shape, len(bias)
    count, z_flat, z_row = rows * columns, scratch.z.ravel(), columns * OUT * f
    v_point, m_point = count * c, count * f  # from one point to the next
    for i in range(rows):
        for j in range(columns):
            x_offset = image.offset + i * OUT * image.row_stride + j * OUT * c
            pixels = Tile(image.array, x_offset, image.row_stride, column_stride=c)
            v_offset = (i * columns + j) * c
            values = Tile(scratch.values, v_offset, IN * v_point, column_stride=v_point)
            transform_input_tile(pixels, values, count=c)
    # One GEMM for each point instead of one product for each tile: (tiles, c) · (c, f).
    multiply_points(gemm, scratch, transformed, count, f)
    for i in range(rows):
        for j in range(columns):
            m_offset = (i * columns + j) * f
            products = Tile(scratch.products, m_offset, IN * m_point, column_stride=m_point)
            pixels = Tile(z_flat, i * OUT * z_row + j * OUT * f, z_row, column_stride=f)
            transform_output_tile(products, pixels, count=f, bias=bias)


@inlined
def multiply_points(gemm, scratch, transformed, count, f):
    """Write the products: for each point those of `count` tiles' values with the transformed kernel."""
    (_, c, padded_filters), u, z_flat = transformed.shape, transformed.ravel(), scratch.z.ravel()
    size, zeros = count * f, np.zeros(f, z_flat.dtype)
    initial = Matrix(zeros, 0, row_stride=0)
    for p in range(POINTS):
        for first in range(0, c, CHANNELS):
            v_offset, length = p * count * c + first, min(CHANNELS, c - first)
            left = matrix_operand(scratch.values, v_offset, row_stride=c, k_stride=1, length=length)
            u_offset = (p * c + first) * padded_filters
            right = RightOperand(u, u_offset, k_stride=padded_filters, segment_stride=0)
            # Blocks of channels are summed by themselves first, in z, which is free until the output comes.
            array, start = (scratch.products, p * size) if first == 0 else (z_flat, 0)
            out = Matrix(array, start, row_stride=f)
            call(gemm, (out, initial, left, right, count, f))
            if first > 0:
                add(z_flat[:size], scratch.products[p * size : (p + 1) * size])


class Addresses(NamedTuple):
    """Where `convolve_band` and the `gemm` that it calls begin, for `function_pointers.call`."""

    convolve_band: int
    gemm: int


@functools.cache
def addresses(dtype: np.dtype) -> Addresses:
    """Return where the compiled functions for arrays of this dtype begin."""
    flat, image = flat_array(dtype), structure_type(Matrix, dtype)
    array_3d, tiles = types.Array(flat.dtype, 3, "C"), types.UniTuple(INT64, 2)
    scratch = types.NamedTuple((flat, flat, array_3d), Scratch)
    arguments = INT64, image, array_3d, flat, tiles, scratch
    return Addresses(address(convolve_band, arguments), gemm_address(dtype))
