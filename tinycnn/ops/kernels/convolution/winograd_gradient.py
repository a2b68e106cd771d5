"""The gradient of a 3 x 3 kernel with a quarter of the multiplications: the transpose of `winograd.py`.

    forward    y = Aᵀ [(G g Gᵀ) · (Bᵀ d B)] A       for each tile; products summed over channels
    backward   dg = Gᵀ [(A dy Aᵀ) · (Bᵀ d B)] G     the bracket summed over all tiles of all samples

So tiles of the image, 6 x 6, and of the gradient, 4 x 4, are transformed into 36 values each. For each of
the 36 points the sum over tiles is one GEMM, (c, tiles) · (tiles, f), of as many tiles as stay in the cache.
Each chunk of tiles has sums of its own, and only these are transformed by G.
"""

import math
from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import add, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import RightOperand, gemm_address, matrix_operand, tile_width
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_zeros
from tinycnn.ops.kernels.blocks.padding import pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.convolution.winograd import BAND, POINTS, count_tiles, enlarge_to_tiles
from tinycnn.ops.kernels.convolution.winograd_transforms import (
    IN,
    KERNEL,
    OUT,
    Tile,
    transform_gradient_tile,
    transform_input_tile,
    transform_weights,
)
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.partial_sums import chunk_samples, partial_sums, sum_partials
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.recording import recorded

LEAST = 32  # tiles of a chunk: to sum fewer would take no longer than to transform their sums
ALL = IN + 1  # the index of point (1, 1): there A dy Aᵀ is the sum of the tile's 16 gradients


def backward_kernel(
    dy: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (3, 3, c, f) and dbias (f,) as `reference.conv2d_backward_kernel` does.

    Args:
        dy, x, padding: as in `reference.conv2d_backward_kernel`.
        kernel_shape: (3, 3, c, f).
        strides: must be (1, 1).
        relu_output: output of a ReLU behind the convolution, shaped as dy: where it is not above 0, dy
            counts as 0. Of length 0: there is no ReLU.
    """
    (n, oh, ow, f), c = dy.shape, x.shape[3]
    geometry = convolution_geometry(x.shape[1:3], kernel_shape[:2], strides, padding)
    tiles = n * count_tiles(oh) * count_tiles(ow)
    dkernel = partial_sums(tiles // LEAST, math.prod(kernel_shape), dy.dtype)
    dbias = partial_sums(tiles // LEAST, f, dy.dtype)
    chunks = len(dkernel)
    workers.run(
        backward_kernel_span,
        chunks,
        # To transform a value takes as long as 14 multiply-adds.
        grain(chunks, tiles * POINTS * (c + 14) * (f + 14)),
        gemm=gemm_address(x.dtype),
        dy=dy,
        relu_output=relu_output,
        x=x,
        geometry=enlarge_to_tiles(geometry),
        sizes=(share_evenly(-(-tiles // chunks)), tile_width(dy.dtype)),
        dkernel=dkernel,
        dbias=dbias,
    )
    return sum_partials(dkernel).reshape(kernel_shape), recorded(np.sum, dbias, axis=0)


def share_evenly(tiles: int) -> int:
    """Return how many tiles of a chunk to work on at once: at most BAND, and about as many at its end."""
    return -(-tiles // max(1, -(-tiles // BAND)))


class Scratch(NamedTuple):
    """Arrays for a block of tiles, and for the sums over all blocks of a chunk."""

    v: np.ndarray  # flat, (36, tiles, c): Bᵀ d B of each tile
    u: np.ndarray  # flat, (36, panels, tiles, width): A dy Aᵀ of each, filters in panels of `width`
    partial: np.ndarray  # flat, (c, f): the sum over a block at one point
    sums: np.ndarray  # (36, c · f): those over all blocks
    tiles: int  # that there is room for
    width: int


@inlined
def allocate_scratch(sizes, c, f, like):
    """Return `Scratch` for c channels and f filters, of the dtype of `like`; `sizes` as in the span below."""
    block, width = sizes
    # An odd number of tiles: else all 36 values of a tile might have to share a few places of the cache.
    tiles = block // 2 * 2 + 1
    # `gemm` reads the columns of u up to the next whole vector: no stray numbers, which may be slow ones.
    u = aligned_zeros(POINTS * tiles * ((f + width - 1) // width) * width, like)
    v, partial = np.empty(POINTS * tiles * c, like.dtype), np.empty(c * f, like.dtype)
    return Scratch(v, u, partial, np.empty((POINTS, c * f), like.dtype), tiles, width)


@jit
def backward_kernel_span(start, stop, gemm, dy, relu_output, x, geometry, sizes, dkernel, dbias):
    """Sum the gradients of each chunk's tiles into that chunk's own dkernel and dbias.

    Args:
        start, stop: which chunks.
        gemm: the address of `gemm`, from `gemm_address`.
        dy: (n, oh, ow, f).
        relu_output: see `backward_kernel`.
        x: (n, h, w, c).
        geometry: of the convolution, from `enlarge_to_tiles`.
        sizes: how many tiles are worked on at once, and the width of a panel of filters.
        dkernel: (chunks, 3 · 3 · c · f), is written.
        dbias: (chunks, f), is written.
    """
    (n, oh, ow, f), c, (h, w), chunks = dy.shape, x.shape[3], geometry.padded_size, len(dkernel)
    rows, columns = count_tiles(oh), count_tiles(ow)
    each, line = rows * columns, columns * OUT * f  # tiles of a sample; numbers in a row of dz
    image = np.zeros((h, w, c), x.dtype)
    gradients = np.zeros((rows * OUT, columns * OUT, f), x.dtype)
    scratch = allocate_scratch(sizes, c, f, x)
    for chunk in range(start, stop):
        set_to_zero(dbias[chunk])
        first, end = chunk_samples(chunk, chunks, n * each)
        if first == end:
            set_to_zero(scratch.sums.ravel())
        count = 0
        for tile in range(first, end):
            b, i, j = tile // each, tile % each // columns, tile % columns
            if tile == first or tile % each == 0:
                pixels = pad_image(x, x[:0], b, geometry.pad_top_left, image)
                dz = pad_image(dy, relu_output, b, (0, 0), gradients)
            source = Tile(pixels, (i * w + j) * OUT * c, w * c, column_stride=c)
            gradient = Tile(dz, i * OUT * line + j * OUT * f, line, column_stride=f)
            transform_tile(source, gradient, c, f, count, scratch)
            count += 1
            if count == sizes[0] or tile == end - 1:
                add_products(gemm, scratch, count, tile - first < sizes[0], dbias[chunk])
                count = 0
        transform_sums(scratch.sums, dkernel[chunk])


@inlined
def transform_tile(pixels, gradients, c, f, slot, scratch):
    """Write Bᵀ d B of a tile of the image to scratch.v, and A dy Aᵀ of its gradients to scratch.u.

    Args:
        pixels, gradients: a `Tile` of 6 x 6, and of 4 x 4.
        c, f: the numbers of channels and of filters.
        slot: which of the block's tiles it is.
        scratch: a `Scratch`.
    """
    tiles, width = scratch.tiles, scratch.width
    panels = (f + width - 1) // width
    v_point, u_point = tiles * c, panels * tiles * width  # from one point to the next
    values = Tile(scratch.v, slot * c, IN * v_point, column_stride=v_point)
    transform_input_tile(pixels, values, count=c)
    array, offset, row_stride, column_stride = gradients
    for panel in range(panels):
        source = Tile(array, offset + panel * width, row_stride, column_stride)
        u_offset = (panel * tiles + slot) * width
        values = Tile(scratch.u, u_offset, IN * u_point, column_stride=u_point)
        transform_gradient_tile(source, values, count=min(width, f - panel * width))


@inlined
def add_products(gemm, scratch, count, is_first, dbias):
    """Add Σ over a block's tiles of v · u to the sums; and, at point ALL, the sum of u to dbias.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        scratch: a `Scratch`.
        count: how many tiles of it are filled.
        is_first: whether it is the first block of a chunk: then the sums are written, not added to.
        dbias: (f,), is added to.
    """
    f, tiles, width = len(dbias), scratch.tiles, scratch.width
    c, panels = len(scratch.partial) // f, (f + width - 1) // width
    ones, zeros = np.ones(1, dbias.dtype), np.zeros(width, dbias.dtype)
    # A row of ones: its product with u is the sum over tiles, for dbias.
    one_row = matrix_operand(ones, 0, row_stride=0, k_stride=0, length=count)
    initial = Matrix(zeros, 0, row_stride=0)
    for p in range(POINTS):
        # v[p] transposed: rows are channels, k runs over tiles.
        images = matrix_operand(scratch.v, p * tiles * c, row_stride=1, k_stride=c, length=count)
        # A block is summed by itself, and then added: rounding errors are smaller.
        products = scratch.sums[p] if is_first else scratch.partial
        for panel in range(panels):
            column, filters = panel * width, min(width, f - panel * width)
            u_offset = (p * panels + panel) * tiles * width
            gradients = RightOperand(scratch.u, u_offset, k_stride=width, segment_stride=0)
            # forward: m[point] = v[point] · kernel[point]
            out = Matrix(products, column, row_stride=f)
            call(gemm, (out, initial, images, gradients, c, filters))
            # u[ALL] has for each tile the sum of its gradients, so the sum over tiles is dbias.
            if p == ALL:
                # forward: y[i, j] = ... + bias
                out = Matrix(dbias, column, row_stride=f)
                call(gemm, (out, out, one_row, gradients, 1, filters))
        if not is_first:
            add(scratch.partial, scratch.sums[p])


@inlined
def transform_sums(sums, dkernel):
    """Write dkernel, flat (3, 3, c · f), = Gᵀ m G of the sums m at the 36 points, (36, c · f)."""
    size = sums.shape[1]
    points = Tile(sums.ravel(), 0, IN * size, column_stride=size)
    weights = Tile(dkernel, 0, KERNEL * size, column_stride=size)
    # forward: kernel[point] = G g Gᵀ
    transform_weights(points, weights, count=size)
