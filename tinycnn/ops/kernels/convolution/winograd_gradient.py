"""The gradient of a 3 x 3 kernel with a quarter of the multiplications: `winograd.py` read backwards.

    forward    y = Aᵀ [(G g Gᵀ) · (Bᵀ d B)] A       for each tile; products summed over channels
    backward   dg = Gᵀ [(A dy Aᵀ) · (Bᵀ d B)] G     the bracket summed over all tiles of all samples

So tiles of the image, 6 x 6, and of the gradient, 4 x 4, are transformed into 36 values each; for every point
the sum over tiles is one GEMM, (c, tiles) · (tiles, f); and only what comes out goes back through G.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import add
from tinycnn.ops.kernels.blocks.gemm import LeftOperand, RightOperand, gemm_address, tile_width
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution.winograd import (
    IN,
    OUT,
    POINTS,
    count_tiles,
    filter_matrix,
    multiply_left,
    pad_to_tiles,
    transform_gradient_tile,
    transform_input_tile,
)
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair, padded_size, top_left

SCRATCH_BYTES = 4 * 1024 * 1024  # of the transformed tiles that are worked on at once
TILES = 256  # summed up by themselves
LEAST = 4  # samples at once, for as many threads
WORTH_A_THREAD = 4_000_000  # multiply-adds
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
    padded = pad_to_tiles(padded_size(x.shape[1:3], padding), (oh, ow))
    panels, each = -(-f // width), count_tiles(oh) * count_tiles(ow)
    sample_bytes = POINTS * each * (c + f) * x.itemsize
    together = max(1, min(n, max(LEAST, SCRATCH_BYTES // sample_bytes)))
    v = aligned_empty((POINTS, together * each, c), x.dtype)
    u = aligned_empty((POINTS, panels, together * each, width), x.dtype)
    sums, dbias = np.zeros((POINTS, c, f), x.dtype), np.zeros(f, x.dtype)
    least = WORTH_A_THREAD // (8 * POINTS * each * (c + f))
    for first in range(0, n, together):
        samples = min(together, n - first)
        arrays = x, dy, relu_output, top_left(padding), padded, v, u
        workers.run(transform_span, samples, least, first, *arrays)
        multiply_adds = samples * each * c * f
        arguments = gemm_address(x.dtype), v, u, samples * each, sums, dbias
        workers.run(gemm_span, POINTS, WORTH_A_THREAD // (multiply_adds + 1), *arguments)
    return kernel_gradient(sums), dbias


def kernel_gradient(sums: np.ndarray) -> np.ndarray:
    """Return Gᵀ m G, (3, 3, c, f), of the sums m at the 36 points, (36, c, f)."""
    (_, c, f), matrix = sums.shape, filter_matrix(sums.dtype).T.copy()  # Gᵀ, (3, 6)
    columns = multiply_left(matrix, sums.reshape(IN, IN, c * f))  # (6, 3, c · f)
    return multiply_left(matrix, columns.reshape(1, IN, 3 * c * f)).reshape(3, 3, c, f)


@jit
def transform_span(start, stop, first, x, dy, relu_output, pad_top_left, padded, v, u):
    """Transform samples first + start to first + stop: images to v, gradients to u."""
    (_, _, _, c), (_, oh, ow, f), (_, panels, capacity, width) = x.shape, dy.shape, u.shape
    rows, columns, w = count_tiles(oh), count_tiles(ow), padded[1]
    image = np.zeros((padded[0], w, c), x.dtype)
    gradients = np.zeros((rows * OUT, columns * OUT, f), x.dtype)
    v_flat, u_flat = v.ravel(), u.ravel()
    v_point, u_point = capacity * c, panels * capacity * width  # from one point to the next
    line = columns * OUT * f
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], first + b, pad_top_left, image)
        dz = pad_image(dy, relu_output, first + b, (0, 0), gradients)
        for i in range(rows):
            for j in range(columns):
                tile, x_offset = (b * rows + i) * columns + j, (i * w + j) * OUT * c
                target = v_flat, tile * c, IN * v_point, v_point
                transform_input_tile(pixels, x_offset, w * c, c, *target, v_flat, 0, c)
                for panel in range(panels):
                    dz_offset = i * OUT * line + j * OUT * f + panel * width
                    target = u_flat, (panel * capacity + tile) * width, IN * u_point, u_point
                    filters = min(width, f - panel * width)
                    transform_gradient_tile(dz, dz_offset, line, f, *target, v_flat, 0, filters)


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
            images = LeftOperand(
                array=v_flat,
                offset=(p * capacity + first) * c,
                row_stride=1,
                k_stride=c,
                segment_stride=0,
                segment_length=tiles,
                segments=1,
            )
            # A row of ones over all tiles: it sums the gradients, for the bias.
            one_row = LeftOperand(
                array=ones,
                offset=0,
                row_stride=0,
                k_stride=0,
                segment_stride=0,
                segment_length=tiles,
                segments=1,
            )
            for panel in range(panels):
                column, filters = panel * width, min(width, f - panel * width)
                u_offset = ((p * panels + panel) * capacity + first) * width
                gradients = RightOperand(u_flat, u_offset, k_stride=width, segment_stride=0)
                # forward: m[point] = v[point] · kernel[point]
                out, initial = Matrix(partial, column, row_stride=f), Matrix(zeros, 0, row_stride=0)
                call(gemm, (out, initial, images, gradients, c, filters))
                if p == ALL:
                    # forward: y[i, j] = ... + bias
                    out = Matrix(dbias, column, row_stride=f)
                    call(gemm, (out, out, one_row, gradients, 1, filters))
            add(partial, sums_flat[p * c * f : (p + 1) * c * f])
