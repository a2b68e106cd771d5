"""3 x 3 convolution with a quarter of the multiplications: Winograd's F(4 x 4, 3 x 3).

A product of polynomials can be had from the products of their values at a few points. In one dimension, four
neighbouring outputs of a kernel of three need 12 multiplications; read as polynomials, they need only
the six products of values at the points 0, 1, -1, 2, -2 and infinity. In two dimensions 36 instead of 144.

    image 6 x 6          36 values        36 products summed over channels       output 4 x 4
    +-----------+   Bᵀ d B   +-----+    · kernel, as 36 values    +-----+   Aᵀ m A   +-------+
    |     d     | ---------> |  v  | ---------------------------> |  m  | ---------> |   y   |
    +-----------+            +-----+         G g Gᵀ               +-----+            +-------+

The tiles of 6 x 6 overlap by two pixels. For each of the 36 points, the products over all tiles and
channels are one matrix product; to get there and back costs a few additions a pixel, whatever the number of
channels. Sums come out rounded a little differently: within 1e-5 of the direct way.

Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.
"""

import functools

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tinycnn.ops.kernels.blocks.elementwise import add
from tinycnn.ops.kernels.blocks.gemm import ONE, ZERO, product_address, widened
from tinycnn.ops.kernels.codegen.function_pointers import AT, address, call, flat_array
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import Writer, element_at
from tinycnn.ops.kernels.parallel.thread_pool import workers

OUT, IN = 4, 6  # sides of a tile of the output, and of the part of the image that it sees
POINTS = IN * IN
CHANNELS = 128  # whose products are added up by themselves: long sums lose precision
BLOCK = 512  # columns that stay in the first-level cache
WORTH_A_THREAD = 400_000  # multiply-adds
BAND = 48  # tiles worked on at once: what is between fits the second-level cache

Values = list[ir.Value]


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
    products = tiles(output[0]) * tiles(output[1]) * POINTS * c * f
    there_and_back = tiles(output[0]) * tiles(output[1]) * POINTS * 8 * (c + f)
    return products + there_and_back < 0.8 * output[0] * output[1] * 9 * c * f


def covered(padded: tuple[int, int], output: tuple[int, int]) -> tuple[int, int]:
    """Return the size of an image with padding, enlarged to what whole tiles of the output see."""
    rows, columns = (tiles(length) * OUT + IN - OUT for length in output)
    return max(padded[0], rows), max(padded[1], columns)


def kernel_points(dtype: np.dtype) -> np.ndarray:
    """Return G, (6, 3): what a kernel of three is at each point."""
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


def kernel_values(kernel: np.ndarray) -> np.ndarray:
    """Return the values of a kernel (3, 3, c, f) at the 36 points: (36, c, f), widened.

    Each is G g Gᵀ, G with a row for each point.
    """
    _, _, c, f = kernel.shape
    points = kernel_points(kernel.dtype)
    columns = combined(points, kernel.reshape(3, 3, c * f))  # (kh, 6, c · f)
    values = combined(points, columns.reshape(1, 3, IN * c * f))  # (1, 6, 6 · c · f)
    return widened(values.reshape(POINTS, c, f))


def combined(points: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return y, (a, r, columns), of points (r, k) and x (a, k, columns): y[a, r] = Σ points[r, k] · x[a, k].

    NumPy's product would do; but its threads look for more work for a tenth of a second, in the way of ours.
    """
    y = np.zeros((len(x), len(points), x.shape[2]), x.dtype)
    blocks, least = -(-x.shape[2] // BLOCK), WORTH_A_THREAD // (BLOCK * points.size * len(x))
    workers.run(combine_span, blocks, least, points, x, y)
    return y


@jit
def combine_span(start, stop, points, x, y):
    """Fill blocks start to stop of the columns of y, which holds zeros."""
    rows, many = points.shape
    for block in range(start, stop):
        first, last = block * BLOCK, min((block + 1) * BLOCK, x.shape[2])
        for a in range(len(x)):
            for row in range(rows):
                found = y[a, row, first:last]
                for k in range(many):
                    numbers, factor = x[a, k, first:last], points[row, k]
                    for position in range(len(found)):
                        found[position] += factor * numbers[position]


def image_values(write: Writer, d: Values) -> Values:
    """Write Bᵀ d, six values of six pixels in a line."""
    even, odd = write.add_times(-4, d[2], d[4]), write.add_times(-4, d[1], d[3])
    far_even, far_odd = write.subtract(d[4], d[2]), write.subtract(d[3], d[1])
    return [
        write.add_times(4, d[0], write.add_times(-5, d[2], d[4])),
        write.add(even, odd),
        write.subtract(even, odd),
        write.add_times(2, far_odd, far_even),
        write.add_times(-2, far_odd, far_even),
        write.add_times(4, d[1], write.add_times(-5, d[3], d[5])),
    ]


def output_pixels(write: Writer, m: Values) -> Values:
    """Write Aᵀ m, four pixels in a line out of six values."""
    even, odd = write.add(m[1], m[2]), write.subtract(m[1], m[2])
    far_even, far_odd = write.add(m[3], m[4]), write.subtract(m[3], m[4])
    return [
        write.add(m[0], write.add(even, far_even)),
        write.add_times(2, far_odd, odd),
        write.add_times(4, far_even, even),
        write.add(write.add_times(8, far_odd, odd), m[5]),
    ]


def gradient_values(write: Writer, d: Values) -> Values:
    """Write A d, six values of four gradients in a line: `output_pixels` read backwards."""
    even, odd = write.add(d[0], d[2]), write.add(d[1], d[3])
    far_even, far_odd = write.add_times(4, d[2], d[0]), write.add_times(4, d[3], d[1])
    return [
        d[0],
        write.add(even, odd),
        write.subtract(even, odd),
        write.add_times(2, far_odd, far_even),
        write.add_times(-2, far_odd, far_even),
        d[3],
    ]


def both_ways(write: Writer, transform: object, square: list[Values]) -> list[Values]:
    """Write a transform of every column of a square of vectors, then of every row."""
    columns = [transform(write, list(column)) for column in zip(*square, strict=True)]
    return [transform(write, list(row)) for row in zip(*columns, strict=True)]


def emit_transform(
    write: Writer, transform: object, sides: tuple[int, int], places: list, width: object
) -> None:
    """Write the transform of one square, for one vector of channels.

    Args:
        write: the writer.
        transform: `image_values`, `gradient_values` or `output_pixels`.
        sides: of the square that is read, and of the one that is written.
        places: (address, elements from row to row, from column to column) of both, and the address of
            what is added to every result, or None.
        width: how many channels the vector has; None: all of them.
    """
    (x, x_row, x_column), (y, y_row, y_column), bias = places

    def at(address: ir.Value, row: int, step: ir.Value, column: int, far: ir.Value) -> ir.Value:
        return write.at(write.at(address, write.times(row, step)), write.times(column, far))

    read, written = range(sides[0]), range(sides[1])
    square = [[write.load(at(x, i, x_row, j, x_column), 1, width)[0] for j in read] for i in read]
    found = both_ways(write, transform, square)
    extra = write.load(bias, 1, width)[0] if bias is not None else None
    for i in written:
        for j in written:
            value = found[i][j] if extra is None else write.add(found[i][j], extra)
            write.store([value], at(y, i, y_row, j, y_column), width)


def emit_all_channels(write: Writer, count: ir.Value, one_vector: object) -> None:
    """Write a loop that calls `one_vector(first channel, width)` for each vector of channels."""
    lanes = write.constant(write.lanes)
    whole, rest = write.builder.udiv(count, lanes), write.builder.urem(count, lanes)

    def step(state: Values) -> Values:
        one_vector(state[0], None)
        return [write.builder.add(state[0], lanes)]

    def last(state: Values) -> Values:
        one_vector(state[0], rest)
        return state

    (left,) = write.loop(whole, [write.constant(0)], step)
    has_rest = write.builder.icmp_unsigned(">", rest, write.constant(0))
    write.loop(write.builder.zext(has_rest, write.word), [left], last)


def declared(arrays: tuple, transform: object, sides: tuple[int, int]) -> tuple:
    """Return signature and code of an intrinsic that transforms a tile; `arrays` are x, y and bias."""

    def codegen(context, builder, signature, arguments):
        element = context.get_data_type(arrays[0].dtype)
        write = Writer(builder, element)

        x, y, bias = (
            element_at(context, builder, signature, arguments, array) for array in (0, 4, 8)
        )

        def one_vector(channel: ir.Value, width: ir.Value | None) -> None:
            places = (
                (write.at(x, channel), arguments[2], arguments[3]),
                (write.at(y, channel), arguments[6], arguments[7]),
                write.at(bias, channel) if transform is output_pixels else None,
            )
            emit_transform(write, transform, sides, places, width)

        emit_all_channels(write, arguments[10], one_vector)
        return context.get_dummy_value()

    at = types.int64
    x, y, bias = arrays
    return types.void(x, at, at, at, y, at, at, at, bias, at, at), codegen


@intrinsic
def set_values(
    typing_context, x, x_at, x_row, x_column, y, y_at, y_row, y_column, bias, bias_at, count
):
    """Write the 36 values of a tile of an image, for each of `count` channels; `bias` is not used."""
    return declared((x, y, bias), image_values, (IN, IN))


@intrinsic
def set_pixels(
    typing_context, x, x_at, x_row, x_column, y, y_at, y_row, y_column, bias, bias_at, count
):
    """Write the 16 pixels of a tile of the output, bias added, for each of `count` filters."""
    return declared((x, y, bias), output_pixels, (IN, OUT))


@intrinsic
def set_gradient_values(
    typing_context, x, x_at, x_row, x_column, y, y_at, y_row, y_column, bias, bias_at, count
):
    """Write the 36 values of a tile of gradients, for each of `count` filters; `bias` is not used."""
    return declared((x, y, bias), gradient_values, (OUT, IN))


@jit
def tiles(length):
    """Return how many tiles cover a length."""
    return (length + OUT - 1) // OUT


@inlined
def band_tiles(oh, ow):
    """Return rows and columns of the tiles that are worked on at once."""
    return min(tiles(oh), max(1, BAND // tiles(ow))), tiles(ow)


@inlined
def room(rows, columns, c, f, like):
    """Return room for a band: `v`, `m` and `z` of `convolve_band`, of the dtype of `like`."""
    v = np.empty(POINTS * rows * columns * c, like.dtype)
    m = np.empty(POINTS * rows * columns * f, like.dtype)
    return v, m, np.empty((rows * OUT, columns * OUT, f), like.dtype)


@jit
def convolve_band(product, pixels, at, width, c, values, bias, tiles, v, m, z):
    """Convolve one image: as many rows of tiles as `z` has room for.

    Args:
        product: its address.
        pixels, at, width: the image (rows, width, c), flat, and where the band begins in it.
        c: its channels.
        values: of the kernel, from `kernel_values`.
        bias: (f,).
        tiles: rows and columns of tiles.
        v, m: room for the values, flat: 36 · tiles · c and 36 · tiles · f.
        z: the band of the output, (4 · rows, 4 · columns, f), is written.
    """
    (rows, columns), f, wide = tiles, len(bias), values.shape[2]
    count, flat, u = rows * columns, z.ravel(), values.ravel()
    zeros = np.zeros(f, z.dtype)
    for i in range(rows):
        for j in range(columns):
            x_at = at + (i * OUT * width + j * OUT) * c
            v_at, far = (i * columns + j) * c, count * c
            set_values(pixels, x_at, width * c, c, v, v_at, IN * far, far, bias, 0, c)
    for p in range(POINTS):
        m_at = p * count * f
        for first in range(0, c, CHANNELS):
            steps = (c, ONE, ZERO, min(CHANNELS, c - first), ONE)
            v_at, u_at = p * count * c + first, (p * c + first) * wide
            rest = zeros, ZERO, ZERO, v, v_at, steps, u, u_at, (wide, ZERO), count, f
            if first == 0:
                call(product, (m, m_at, f, *rest))
            else:
                call(product, (flat, ZERO, f, *rest))  # there is room until the pixels come
                add(flat[: count * f], m[m_at : m_at + count * f])
    for i in range(rows):
        for j in range(columns):
            m_at, far, row = (i * columns + j) * f, count * f, columns * OUT * f
            z_at = i * OUT * row + j * OUT * f
            set_pixels(m, m_at, IN * far, far, flat, z_at, row, f, bias, 0, f)


@functools.cache
def addresses(dtype: np.dtype) -> tuple[int, int]:
    """Return where `convolve_band` and the product that it calls begin, for `calls.call`."""
    product, flat = product_address(dtype), flat_array(dtype)
    values, band = (types.Array(flat.dtype, 3, "C") for _ in range(2))
    arrays = flat, AT, AT, AT, values, flat, types.UniTuple(AT, 2), flat, flat, band
    return address(convolve_band, (AT, *arrays)), product
