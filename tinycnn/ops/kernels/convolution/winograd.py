"""3 x 3 convolution with a quarter of the multiplications: Winograd's F(4 x 4, 3 x 3).

A product of polynomials can be had from the products of their values at a few points. In one dimension, four
neighbouring outputs of a kernel of three need 12 multiplications; read as polynomials, they need only
the six products of values at the points 0, 1, -1, 2, -2 and infinity. In two dimensions 36 instead of 144.

    input transform                     36 products summed over channels   inverse transform
    +-----------+   Bᵀ d B   +-----+    · G g Gᵀ, filter transform    +-----+   Aᵀ m A   +-------+
    | d (6 x 6) | ---------> |  v  | -------------------------------> |  m  | ---------> | 4 x 4 |
    +-----------+            +-----+                                  +-----+            +-------+

The tiles of 6 x 6 overlap by two pixels. For each of the 36 points, the products over all tiles and channels
are one matrix product, (tiles, c) · (c, f). The transforms cost a few additions a pixel and channel, however
many filters there are. Results differ from the direct way by rounding, by 1e-5 of their norm at most.

Source: Lavin & Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.
"""

import functools
from typing import NamedTuple

import numpy as np
from numba import types

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
from tinycnn.ops.kernels.convolution.geometry import Geometry
from tinycnn.ops.kernels.convolution.winograd_transforms import (
    IN,
    OUT,
    Tile,
    transform_input_tile,
    transform_output_tile,
)
from tinycnn.ops.kernels.parallel.bands import count_bands, locate_band
from tinycnn.utils.recording import recordable

POINTS = IN * IN
CHANNELS = 128  # so many products are summed first, then these sums: rounding errors are smaller
BAND = 48  # tiles that are worked on at once: their values at the points fit the second-level cache


def pays(output: tuple[int, int], kernel_shape: tuple, strides: tuple, samples: int = 1) -> bool:
    """Return whether Winograd's algorithm can be used and is faster than `direct.py`, by an estimate.

    Args:
        output: (oh, ow).
        kernel_shape: (kh, kw, c, f); it must be 3 x 3, with at least 8 channels and 8 filters.
        strides: must be (1, 1).
        samples: how many samples' tiles are multiplied at once.
    """
    kh, kw, c, f = kernel_shape
    if (kh, kw) != (3, 3) or tuple(strides) != (1, 1) or min(c, f) < 8:
        return False
    # In multiply-adds; to transform a value takes as long as 14. A product of few tiles takes as long as one
    # of two more, for they are the rows of its matrices. A fifth must be saved, or it is not worth it.
    tiles, columns = count_tiles(output[0]) * count_tiles(output[1]), -(-f // 8) * 8
    products = (tiles + 2 / samples) * POINTS * c * columns
    transforms = tiles * POINTS * 14 * (c + f)
    return products + transforms < 0.8 * output[0] * output[1] * 9 * c * columns


@functools.cache
def pad_to_tiles(padded: tuple[int, int], output: tuple[int, int]) -> tuple[int, int]:
    """Return the size (rows, columns) of an image that covers all tiles, and the padded image.

    Args:
        padded: the size of the image with its padding.
        output: (oh, ow), which is rounded up to whole tiles of 4 x 4.
    """
    rows, columns = (count_tiles(length) * OUT + IN - OUT for length in output)
    return max(padded[0], rows), max(padded[1], columns)


@functools.lru_cache
def enlarge_to_tiles(geometry: Geometry) -> Geometry:
    """Return a geometry whose padded_size covers whole tiles: with more zeros below and to the right."""
    padded_size = pad_to_tiles(geometry.padded_size, geometry.output)
    return geometry._replace(padded_size=padded_size)


def filter_matrix(dtype: np.dtype) -> np.ndarray:
    """Return G, (6, 3): its product with 3 weights in a line is their value at each of the 6 points."""
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


@recordable
def filter_transform(kernel: np.ndarray) -> np.ndarray:
    """Return G g Gᵀ of a kernel g (3, 3, c, f): (36 points, c, f), f padded to whole vectors."""
    _, _, c, f = kernel.shape
    matrix = filter_matrix(kernel.dtype)
    columns = multiply_left(matrix, kernel.reshape(3, 3, c * f))  # (kh, 6, c · f)
    values = multiply_left(matrix, columns.reshape(1, 3, IN * c * f))  # (1, 6, 6 · c · f)
    return pad_to_vector_width(values.reshape(POINTS, c, f))


def multiply_left(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return y (a, r, columns) of matrix (r, k) and x (a, k, columns): y[a, r] = Σ matrix[r, k] · x[a, k].

    Not `matrix @ x`: the threads of NumPy's BLAS spin for a tenth of a second afterwards, and slow ours down.
    """
    return np.einsum("rk,akc->arc", matrix, x)


@jit
def count_tiles(length):
    """Return how many tiles of 4 pixels cover `length` output pixels."""
    return (length + OUT - 1) // OUT


class Scratch(NamedTuple):
    """Arrays for the intermediate results and the output of a band: some rows of tiles of one image."""

    values: np.ndarray  # flat, (36, tiles, c): the input transforms
    products: np.ndarray  # flat, (36, tiles, f): their products with the filter transforms
    z: np.ndarray  # (4 · rows of tiles, 4 · columns of tiles, f): the output


@inlined
def allocate_scratch(rows, columns, c, f, like):
    """Return `Scratch` for rows x columns tiles, c channels and f filters, of the dtype of `like`."""
    values = np.empty(POINTS * rows * columns * c, like.dtype)
    products = np.empty(POINTS * rows * columns * f, like.dtype)
    return Scratch(values, products, np.empty((rows * OUT, columns * OUT, f), like.dtype))


def count_tile_bands(samples, geometry):
    """Return how many bands, whole rows of tiles, to cut each sample into: see `parallel/bands.py`."""
    return count_bands(samples, -(-geometry.output[0] // OUT))


@inlined
def locate_tile_band(index, bands, geometry):
    """Return (sample, first output row, end of its rows) of band number `index` of all samples."""
    b, first, end = locate_band(index, bands, count_tiles(geometry.output[0]))
    return b, first * OUT, min(end * OUT, geometry.output[0])


@inlined
def allocate_band(geometry, c, f, like):
    """Return `Scratch` for a band as wide as the output, of about BAND tiles, of the dtype of `like`."""
    oh, ow = geometry.output
    rows, columns = count_tiles(oh), count_tiles(ow)
    return allocate_scratch(min(rows, max(1, BAND // columns)), columns, c, f, like)


@inlined
def convolve_rows(addresses, pixels, top, end, transformed, bias, geometry, scratch):
    """Write output rows top, top + 1, ... of one image, none from `end` on, to scratch.z, bias added.

    Args:
        addresses: from `addresses`.
        pixels: the padded image, flat.
        top, end: the first output row, and the end of those that are wanted.
        transformed: the kernel, from `filter_transform`.
        bias: (f,).
        geometry: of the convolution, from `enlarge_to_tiles`.
        scratch: a `Scratch`.

    Returns:
        How many rows of scratch.z are wanted: all, or fewer at the end.
    """
    ow, line = geometry.output[1], geometry.padded_size[1] * transformed.shape[1]
    count = min(len(scratch.z), end - top)
    tiles, band = (count_tiles(count), count_tiles(ow)), Matrix(pixels, top * line, row_stride=line)
    call(addresses.convolve_band, (addresses.gemm, band, transformed, bias, tiles, scratch))
    return count


@jit
def convolve_band(gemm, image, transformed, bias, tiles, scratch):
    """Write the convolution of a band of one image to the first rows of scratch.z.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        image: a `Matrix` whose rows are rows of pixels, (w · c,), beginning with the band's first row.
        transformed: the kernel, from `filter_transform`.
        bias: (f,).
        tiles: (rows, columns) of tiles, no more than `scratch` is for.
        scratch: a `Scratch`.
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
    """Write scratch.products[p] = scratch.values[p] · transformed[p] for each of the 36 points p.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        scratch: a `Scratch` with values (36, count, c).
        transformed: the kernel, from `filter_transform`.
        count: the number of tiles.
        f: the number of filters.
    """
    (_, c, padded_filters), u, z_flat = transformed.shape, transformed.ravel(), scratch.z.ravel()
    size, zeros = count * f, np.zeros(f, z_flat.dtype)
    initial = Matrix(zeros, 0, row_stride=0)
    for p in range(POINTS):
        for first in range(0, c, CHANNELS):
            v_offset, length = p * count * c + first, min(CHANNELS, c - first)
            left = matrix_operand(scratch.values, v_offset, row_stride=c, k_stride=1, length=length)
            u_offset = (p * c + first) * padded_filters
            right = RightOperand(u, u_offset, k_stride=padded_filters, segment_stride=0)
            # Each further block of channels is summed in z, which is not needed yet, and then added.
            array, start = (scratch.products, p * size) if first == 0 else (z_flat, 0)
            out = Matrix(array, start, row_stride=f)
            call(gemm, (out, initial, left, right, count, f))
            if first > 0:
                add(z_flat[:size], scratch.products[p * size : (p + 1) * size])


class Addresses(NamedTuple):
    """The addresses of `convolve_band` and of the `gemm` that it calls, for `function_pointers.call`."""

    convolve_band: int
    gemm: int


@functools.cache
def addresses(dtype: np.dtype) -> Addresses:
    """Return the `Addresses` of the functions compiled for arrays of this dtype."""
    flat, image = flat_array(dtype), structure_type(Matrix, dtype)
    array_3d, tiles = types.Array(flat.dtype, 3, "C"), types.UniTuple(INT64, 2)
    scratch = types.NamedTuple((flat, flat, array_3d), Scratch)
    arguments = INT64, image, array_3d, flat, tiles, scratch
    return Addresses(address(convolve_band, arguments), gemm_address(dtype))
