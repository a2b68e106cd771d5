"""Winograd's transforms of tiles, as vector instructions: one number for each channel in a vector.

`winograd.py` says what they are for. A one-dimensional transform takes the vectors of 6 pixels, 6 values or 4
gradients in a line; a tile, 6 x 6 or 4 x 4, is transformed along its columns and then along its rows.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.codegen.function_pointers import INT64
from tinycnn.ops.kernels.codegen.vector_builder import VectorBuilder, unpack_arguments

OUT, IN = 4, 6  # sides of a tile of the output, and of the part of the image that it depends on
KERNEL = 3  # side of the kernel

Values = list[ir.Value]  # of vectors: one number for each of some channels
Transform = Callable[[VectorBuilder, Values], Values]


def input_transform(emit: VectorBuilder, d: Values) -> Values:
    """Emit Bᵀ d, the input transform of six pixels d in a line; return its six values. Bᵀ is

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
    """Emit Aᵀ m, the inverse transform of six values in a line; return four pixels. Aᵀ is

    Aᵀ =  1  1  1  1  1  0
          0  1 -1  2 -2  0
          0  1  1  4  4  0
          0  1 -1  8 -8  1
    """
    even, odd = emit.add(m[1], m[2]), emit.subtract(m[1], m[2])
    at_two_even, at_two_odd = emit.add(m[3], m[4]), emit.subtract(m[3], m[4])
    return [
        emit.add(m[0], emit.add(even, at_two_even)),
        emit.add_scaled(2, at_two_odd, odd),
        emit.add_scaled(4, at_two_even, even),
        emit.add(emit.add_scaled(8, at_two_odd, odd), m[5]),
    ]


def gradient_transform(emit: VectorBuilder, d: Values) -> Values:
    """Emit A d for four gradients d in a line; return six values. A is in `inverse_transform`, transposed."""
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


def weights_transform(emit: VectorBuilder, m: Values) -> Values:
    """Emit Gᵀ m for six sums m in a line; return three gradients of weights. G is in `winograd.py`."""
    even, odd = emit.add(m[1], m[2]), emit.subtract(m[2], m[1])
    at_two_even, at_two_odd = emit.add(m[3], m[4]), emit.subtract(m[3], m[4])
    rest = emit.add_scaled(-1 / 6, even, emit.scale(1 / 24, at_two_even))
    return [
        emit.add_scaled(1 / 4, m[0], rest),
        emit.add_scaled(1 / 12, at_two_odd, emit.scale(1 / 6, odd)),
        emit.add_scaled(1 / 6, emit.subtract(at_two_even, even), m[5]),
    ]


# For each transform, how many numbers in a line it reads, and how many it returns.
SIDES = {
    input_transform: (IN, IN),
    inverse_transform: (IN, OUT),
    gradient_transform: (OUT, IN),
    weights_transform: (IN, KERNEL),
}


def transform_2d(emit: VectorBuilder, transform: Transform, square: list[Values]) -> list[Values]:
    """Emit a transform of every column of a square, then of every row, such as Bᵀ d B; return the rows.

    `square` is a list of rows, each a list of vectors.
    """
    # Bᵀ d B = (Bᵀ (Bᵀ d)ᵀ)ᵀ: the same one-dimensional transform twice; `zip` transposes before each.
    columns = [transform(emit, list(column)) for column in zip(*square, strict=True)]
    return [transform(emit, list(row)) for row in zip(*columns, strict=True)]


class Tile(NamedTuple):
    """A square of pixels or of values in a flat array, which a transform reads or writes.

    Channel k of [i, j] is array[offset + i · row_stride + j · column_stride + k].
    """

    array: np.ndarray  # flat
    offset: int
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
    """Emit the two-dimensional transform of one square, for one vector of channels.

    Args:
        emit: the builder.
        transform: the one-dimensional transform, one of the keys of SIDES.
        source, target: the tiles that are read and written; `array` is the address of the first element.
        bias: the address of a vector that is added to every result; None: nothing is added.
        width: how many lanes of the vector are used; None: all.
    """

    def element(square: Tile, row: int, column: int) -> ir.Value:
        """Return the address of element [row, column] of a tile."""
        first = emit.offset(square.array, emit.times(row, square.row_stride))
        return emit.offset(first, emit.times(column, square.column_stride))

    read, written = (range(side) for side in SIDES[transform])
    loaded = [[emit.load(element(source, i, j), 1, width)[0] for j in read] for i in read]
    # Up to 36 vectors at once: more than there are registers, so LLVM keeps some on the stack.
    transformed = transform_2d(emit, transform, loaded)
    bias_vector = emit.load(bias, 1, width)[0] if bias is not None else None
    for i in written:
        for j in written:
            value = transformed[i][j]
            value = value if bias_vector is None else emit.add(value, bias_vector)
            emit.store([value], element(target, i, j), width)


def emit_channel_loop(emit: VectorBuilder, count: ir.Value, one_vector: Callable) -> None:
    """Emit a loop over `count` channels, a vector of them at a time.

    Args:
        emit: the builder.
        count: known at run time.
        one_vector: called as one_vector(channel, width) to emit the code for the vector that begins at
            `channel`; width is None for a whole vector, else how many channels are left.
    """
    # A loop over whole vectors, then a second loop, of 0 or 1 iterations, for the rest.
    lanes = emit.constant(emit.lanes)
    vectors, remainder = emit.builder.udiv(count, lanes), emit.builder.urem(count, lanes)

    def step(state: Values) -> Values:
        """Emit one whole vector; the state is [the first channel]."""
        one_vector(state[0], None)
        return [emit.builder.add(state[0], lanes)]

    def last_step(state: Values) -> Values:
        """Emit the last vector, of which only `remainder` channels exist; the state is not changed."""
        one_vector(state[0], remainder)
        return state

    (left,) = emit.loop(vectors, [emit.constant(0)], step)
    has_remainder = emit.builder.icmp_unsigned(">", remainder, emit.constant(0))
    emit.loop(emit.builder.zext(has_remainder, emit.word), [left], last_step)


def transform_codegen(transform: Transform, dtype: types.Type) -> Callable:
    """Return the codegen function of an intrinsic (source, target, count[, bias]) that transforms a tile.

    `source` and `target` are of type `Tile`, `count` is the number of channels, `bias` a flat array (count,).
    """

    def codegen(context, builder, signature, arguments):
        """Emit the code of a call: Numba runs this while it compiles a caller."""
        emit = VectorBuilder(builder, context.get_data_type(dtype))
        source, target, count, *bias = unpack_arguments(context, builder, signature, arguments)
        tiles = [
            tile._replace(array=emit.offset(tile.array, tile.offset)) for tile in (source, target)
        ]

        def one_vector(channel: ir.Value, width: ir.Value | None) -> None:
            """Emit the transform for the vector of channels that begins at `channel`."""
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
    """Write the 6 x 6 `values` = Bᵀ d B of 6 x 6 `pixels` d, both a `Tile`, for each of `count` channels."""
    codegen = transform_codegen(input_transform, pixels.types[0].dtype)
    return types.void(pixels, values, INT64), codegen


@intrinsic
def transform_output_tile(typing_context, values, pixels, count, bias):
    """Write the 4 x 4 `pixels` = Aᵀ m A + bias of 6 x 6 `values` m, for each of `count` filters."""
    codegen = transform_codegen(inverse_transform, values.types[0].dtype)
    return types.void(values, pixels, INT64, bias), codegen


@intrinsic
def transform_gradient_tile(typing_context, gradients, values, count):
    """Write the 6 x 6 `values` = A dy Aᵀ of 4 x 4 `gradients` dy, for each of `count` filters."""
    codegen = transform_codegen(gradient_transform, gradients.types[0].dtype)
    return types.void(gradients, values, INT64), codegen


@intrinsic
def transform_weights(typing_context, sums, weights, count):
    """Write the 3 x 3 `weights` = Gᵀ m G of 6 x 6 `sums` m, both a `Tile`, for each of `count` weights."""
    codegen = transform_codegen(weights_transform, sums.types[0].dtype)
    return types.void(sums, weights, INT64), codegen
