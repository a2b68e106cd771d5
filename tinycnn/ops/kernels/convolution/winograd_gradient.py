"""The gradient of a 3 x 3 kernel with a quarter of the multiplications: `winograd.py` read backwards.

    forward    y = Aᵀ [(G g Gᵀ) · (Bᵀ d B)] A       for each tile; products summed over channels
    backward   dg = Gᵀ [(A dy Aᵀ) · (Bᵀ d B)] G     the bracket summed over all tiles of all samples

So tiles of the image, 6 x 6, and of the gradient, 4 x 4, are transformed into 36 values each; for every point
the sum over tiles is one GEMM, (c, tiles) · (tiles, f); and only what comes out goes back through G.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import add
from tinycnn.ops.kernels.blocks.gemm import RightOperand, gemm_address, matrix_operand, tile_width
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.convolution.winograd import (
    IN,
    OUT,
    POINTS,
    Tile,
    count_tiles,
    enlarge_to_tiles,
    filter_matrix,
    multiply_left,
    transform_gradient_tile,
    transform_input_tile,
)
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair

SCRATCH_BYTES = 4 * 1024 * 1024  # of the transformed tiles that are worked on at once
TILES = 256  # summed up by themselves
LEAST = 4  # samples at once, for as many threads
ALL = IN + 1  # point (1, 1), where the value of a tile of gradients is their sum


def backward_kernel(
    dy: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (3, 3, c, f) and dbias (f,) as `reference.conv2d_backward_kernel` does, strides of 1.

    Args: as there; `relu_output` of a ReLU behind the convolution, shaped as dy, or no samples.
    """
    (n, oh, ow, f), c, width = dy.shape, x.shape[3], tile_width(dy.dtype)
    geometry = convolution_geometry(x.shape[1:3], kernel_shape[:2], strides, padding)
    panels, each = -(-f // width), count_tiles(oh) * count_tiles(ow)
    sample_bytes = POINTS * each * (c + f) * x.itemsize
    # Whole batches of transformed tiles would not fit any cache: some samples at a time.
    together = max(1, min(n, max(LEAST, SCRATCH_BYTES // sample_bytes)))
    v = aligned_empty((POINTS, together * each, c), x.dtype)
    u = aligned_empty((POINTS, panels, together * each, width), x.dtype)
    sums, dbias = np.zeros((POINTS, c, f), x.dtype), np.zeros(f, x.dtype)
    least = WORTH_A_THREAD // (8 * POINTS * each * (c + f))
    for first in range(0, n, together):
        samples = min(together, n - first)
        workers.run(
            transform_span,
            samples,
            least,
            first=first,
            x=x,
            dy=dy,
            relu_output=relu_output,
            geometry=enlarge_to_tiles(geometry),
            v=v,
            u=u,
        )
        workers.run(
            gemm_span,
            POINTS,
            WORTH_A_THREAD // (samples * each * c * f + 1),
            gemm=gemm_address(x.dtype),
            v=v,
            u=u,
            count=samples * each,
            sums=sums,
            dbias=dbias,
        )
    return kernel_gradient(sums), dbias


def kernel_gradient(sums: np.ndarray) -> np.ndarray:
    """Return Gᵀ m G, (3, 3, c, f), of the sums m at the 36 points, (36, c, f)."""
    (_, c, f), matrix = sums.shape, filter_matrix(sums.dtype).T.copy()  # Gᵀ, (3, 6)
    columns = multiply_left(matrix, sums.reshape(IN, IN, c * f))  # (6, 3, c · f)
    return multiply_left(matrix, columns.reshape(1, IN, 3 * c * f)).reshape(3, 3, c, f)


@jit
def transform_span(start, stop, first, x, dy, relu_output, geometry, v, u):
    """Transform samples first + start to first + stop: images to v, gradients to u.

    Args:
        start, stop, first: which samples; v and u begin with `first`.
        x: (n, h, w, c).
        dy: (n, oh, ow, f).
        relu_output: of a ReLU behind the convolution, shaped as dy, or no samples.
        geometry: of the convolution, its image enlarged to whole tiles.
        v: (36, tiles, c), is written.
        u: (36, panels, tiles, width), is written: filters in panels.
    """
    (_, oh, ow, f), (_, capacity, c), (_, panels, _, width) = dy.shape, v.shape, u.shape
    rows, columns, (h, w) = count_tiles(oh), count_tiles(ow), geometry.padded_size
    image, dz_row = np.zeros((h, w, c), x.dtype), columns * OUT * f
    gradients = np.zeros((rows * OUT, columns * OUT, f), x.dtype)
    v_flat, u_flat = v.ravel(), u.ravel()
    v_point, u_point = capacity * c, panels * capacity * width  # from one point to the next
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], first + b, geometry.pad_top_left, image)
        dz = pad_image(dy, relu_output, first + b, (0, 0), gradients)
        for i in range(rows):
            for j in range(columns):
                tile = (b * rows + i) * columns + j
                source = Tile(pixels, (i * w + j) * OUT * c, w * c, column_stride=c)
                target = Tile(v_flat, tile * c, IN * v_point, column_stride=v_point)
                transform_input_tile(source, target, count=c)
                for panel in range(panels):
                    filters = min(width, f - panel * width)
                    dz_offset = i * OUT * dz_row + j * OUT * f + panel * width
                    source = Tile(dz, dz_offset, dz_row, column_stride=f)
                    u_offset = (panel * capacity + tile) * width
                    target = Tile(u_flat, u_offset, IN * u_point, column_stride=u_point)
                    transform_gradient_tile(source, target, count=filters)


@jit
def gemm_span(start, stop, gemm, v, u, count, sums, dbias):
    """Add the products of so many tiles to the sums of points start to stop, and those of dy to dbias.

    Some tiles are summed up by themselves first: a sum of many numbers loses fewer digits in two steps.
    """
    (_, capacity, c), (_, panels, _, width), f = v.shape, u.shape, len(dbias)
    sums_flat, v_flat, u_flat = sums.ravel(), v.ravel(), u.ravel()
    ones, zeros = np.ones(1, v.dtype), np.zeros(width, v.dtype)
    partial = np.empty(c * f, v.dtype)
    for p in range(start, stop):
        for first in range(0, count, TILES):
            tiles = min(TILES, count - first)
            # The transposed view: rows are channels, k runs over tiles.
            v_offset = (p * capacity + first) * c
            images = matrix_operand(v_flat, v_offset, row_stride=1, k_stride=c, length=tiles)
            # A row of ones over all tiles: it sums the gradients, for the bias.
            one_row = matrix_operand(ones, 0, row_stride=0, k_stride=0, length=tiles)
            for panel in range(panels):
                column, filters = panel * width, min(width, f - panel * width)
                u_offset = ((p * panels + panel) * capacity + first) * width
                gradients = RightOperand(u_flat, u_offset, k_stride=width, segment_stride=0)
                # forward: m[point] = v[point] · kernel[point]
                out, initial = Matrix(partial, column, row_stride=f), Matrix(zeros, 0, row_stride=0)
                call(gemm, (out, initial, images, gradients, c, filters))
                # At this point A dy Aᵀ is the sum of the tile's gradients: so dbias costs one row more.
                if p == ALL:
                    # forward: y[i, j] = ... + bias
                    out = Matrix(dbias, column, row_stride=f)
                    call(gemm, (out, out, one_row, gradients, 1, filters))
            add(partial, sums_flat[p * c * f : (p + 1) * c * f])
