"""The gradient of a 3 x 3 kernel with a quarter of the multiplications: the transpose of `winograd.py`.

    forward    y = Aᵀ [(G g Gᵀ) · (Bᵀ d B)] A       for each tile; products summed over channels
    backward   dg = Gᵀ [(A dy Aᵀ) · (Bᵀ d B)] G     the bracket summed over all tiles of all samples

So tiles of the image, 6 x 6, and of the gradient, 4 x 4, are transformed into 36 values each. For each of
the 36 points the sum over tiles is one GEMM, (c, tiles) · (tiles, f). Only the sums are transformed by G.
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
    POINTS,
    count_tiles,
    enlarge_to_tiles,
    filter_matrix,
    multiply_left,
)
from tinycnn.ops.kernels.convolution.winograd_transforms import (
    IN,
    OUT,
    Tile,
    transform_gradient_tile,
    transform_input_tile,
)
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.recording import recordable, recorded

# Of the transformed tiles of the samples that are worked on at once.
SCRATCH_BYTES = 4 * 1024 * 1024
TILES = 256  # so many tiles are summed first, then these sums: rounding errors are smaller
LEAST = 4  # samples that are worked on at once, even if they take more than SCRATCH_BYTES: for four threads
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
    (n, oh, ow, f), c, width = dy.shape, x.shape[3], tile_width(dy.dtype)
    geometry = convolution_geometry(x.shape[1:3], kernel_shape[:2], strides, padding)
    panels, sample_tiles = -(-f // width), count_tiles(oh) * count_tiles(ow)
    sample_bytes = POINTS * sample_tiles * (c + f) * x.itemsize
    # The transformed tiles of a whole batch would not fit any cache: so `together` samples at a time.
    together = max(1, min(n, max(LEAST, SCRATCH_BYTES // sample_bytes)))
    v = aligned_empty((POINTS, together * sample_tiles, c), x.dtype)
    u = aligned_empty((POINTS, panels, together * sample_tiles, width), x.dtype)
    sums, dbias = recorded(np.zeros, (POINTS, c, f), x.dtype), recorded(np.zeros, f, x.dtype)
    least = WORTH_A_THREAD // (8 * POINTS * sample_tiles * (c + f))
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
            WORTH_A_THREAD // (samples * sample_tiles * c * f + 1),
            gemm=gemm_address(x.dtype),
            v=v,
            u=u,
            count=samples * sample_tiles,
            sums=sums,
            dbias=dbias,
        )
    return kernel_gradient(sums), dbias


@recordable
def kernel_gradient(sums: np.ndarray) -> np.ndarray:
    """Return Gᵀ m G, (3, 3, c, f), of the sums m at the 36 points, (36, c, f)."""
    (_, c, f), matrix = sums.shape, filter_matrix(sums.dtype).T.copy()  # Gᵀ, (3, 6)
    columns = multiply_left(matrix, sums.reshape(IN, IN, c * f))  # (6, 3, c · f)
    return multiply_left(matrix, columns.reshape(1, IN, 3 * c * f)).reshape(3, 3, c, f)


@jit
def transform_span(start, stop, first, x, dy, relu_output, geometry, v, u):
    """Transform the tiles of samples first + start to first + stop - 1: those of images to v, of dy to u.

    Args:
        start, stop, first: which samples; the tiles of sample `first` come first in v and u.
        x: (n, h, w, c).
        dy: (n, oh, ow, f).
        relu_output: see `backward_kernel`.
        geometry: of the convolution, from `enlarge_to_tiles`.
        v: (36, tiles, c), is written: Bᵀ d B of each tile.
        u: (36, panels, tiles, width), is written: A dy Aᵀ of each tile, filters in panels of `width`.
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
    """Add Σ over tiles of v · u to sums[start:stop]; and, at point ALL, the sum of u to dbias.

    Args:
        start, stop: which of the 36 points.
        gemm: the address of `gemm`, from `gemm_address`.
        v, u: from `transform_span`.
        count: how many tiles of v and u are filled.
        sums: (36, c, f), is added to.
        dbias: (f,), is added to.
    """
    (_, capacity, c), (_, panels, _, width), f = v.shape, u.shape, len(dbias)
    sums_flat, v_flat, u_flat = sums.ravel(), v.ravel(), u.ravel()
    ones, zeros = np.ones(1, v.dtype), np.zeros(width, v.dtype)
    partial = np.empty(c * f, v.dtype)
    for p in range(start, stop):
        for first in range(0, count, TILES):
            tiles = min(TILES, count - first)
            # v[p] transposed: rows are channels, k runs over tiles.
            v_offset = (p * capacity + first) * c
            images = matrix_operand(v_flat, v_offset, row_stride=1, k_stride=c, length=tiles)
            # A row of ones: its product with u is the sum over tiles, for dbias.
            one_row = matrix_operand(ones, 0, row_stride=0, k_stride=0, length=tiles)
            for panel in range(panels):
                column, filters = panel * width, min(width, f - panel * width)
                u_offset = ((p * panels + panel) * capacity + first) * width
                gradients = RightOperand(u_flat, u_offset, k_stride=width, segment_stride=0)
                # forward: m[point] = v[point] · kernel[point]
                out, initial = Matrix(partial, column, row_stride=f), Matrix(zeros, 0, row_stride=0)
                call(gemm, (out, initial, images, gradients, c, filters))
                # u[ALL] has for each tile the sum of its gradients, so the sum over tiles is dbias.
                if p == ALL:
                    # forward: y[i, j] = ... + bias
                    out = Matrix(dbias, column, row_stride=f)
                    call(gemm, (out, out, one_row, gradients, 1, filters))
            add(partial, sums_flat[p * c * f : (p + 1) * c * f])
