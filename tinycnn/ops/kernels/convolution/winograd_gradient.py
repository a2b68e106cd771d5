"""The gradient of a 3 x 3 kernel with a quarter of the multiplications: `winograd.py` read backwards.

    forward    y = Aᵀ [(G g Gᵀ) · (Bᵀ d B)] A       for each tile; products summed over channels
    backward   dg = Gᵀ [(A dy Aᵀ) · (Bᵀ d B)] G     the bracket summed over all tiles of all samples

So tiles of the image, 6 x 6, and of the gradient, 4 x 4, are turned into 36 values each; for every point the
sum over tiles is one matrix product, (c, tiles) · (tiles, f); and only what comes out goes back through G.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import add
from tinycnn.ops.kernels.blocks.gemm import ONE, ZERO, product_address, tile_width
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import Padding, pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution.winograd import (
    IN,
    OUT,
    POINTS,
    combined,
    covered,
    kernel_points,
    set_gradient_values,
    set_values,
    tiles,
)
from tinycnn.ops.kernels.parallel.thread_pool import workers

ROOM = 4 * 1024 * 1024  # bytes of the values that are worked on at once
TILES = 256  # summed up by themselves
LEAST = 4  # samples at once, for as many threads
WORTH_A_THREAD = 4_000_000  # multiply-adds
ALL = IN + 1  # point (1, 1), where the value of a tile of gradients is their sum


def backward_kernel(
    dy: np.ndarray, y: np.ndarray, x: np.ndarray, padding: Padding
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (3, 3, c, f) and dbias (f,) of a convolution with strides of 1.

    Args:
        dy: (n, oh, ow, f).
        y: of a ReLU behind the convolution, shaped as dy, or no samples.
        x: (n, h, w, c).
        padding: of the convolution.
    """
    (n, oh, ow, f), c, wide = dy.shape, x.shape[3], tile_width(dy.dtype)
    padded = tuple(side + sum(zeros) for side, zeros in zip(x.shape[1:3], padding, strict=True))
    padded, corner = covered(padded, (oh, ow)), (padding[0][0], padding[1][0])
    strips, each = -(-f // wide), tiles(oh) * tiles(ow)
    together = max(1, min(n, max(LEAST, ROOM // (POINTS * each * (c + f) * x.itemsize))))
    v = aligned_empty((POINTS, together * each, c), x.dtype)
    u = aligned_empty((POINTS, strips, together * each, wide), x.dtype)
    sums, dbias = np.zeros((POINTS, c, f), x.dtype), np.zeros(f, x.dtype)
    least = WORTH_A_THREAD // (8 * POINTS * each * (c + f))
    for first in range(0, n, together):
        samples = min(together, n - first)
        workers.run(values_span, samples, least, first, x, dy, y, corner, padded, v, u)
        rest = product_address(x.dtype), v, u, samples * each, sums, dbias
        workers.run(product_span, POINTS, WORTH_A_THREAD // (samples * each * c * f + 1), *rest)
    return kernel_gradient(sums), dbias


def kernel_gradient(sums: np.ndarray) -> np.ndarray:
    """Return Gᵀ m G, (3, 3, c, f), of the sums m at the 36 points, (36, c, f)."""
    (_, c, f), points = sums.shape, kernel_points(sums.dtype).T.copy()  # (3, 6)
    columns = combined(points, sums.reshape(IN, IN, c * f))  # (6, 3, c · f)
    return combined(points, columns.reshape(1, IN, 3 * c * f)).reshape(3, 3, c, f)


@jit
def values_span(start, stop, first, x, dy, y, corner, padded, v, u):
    """Write the values of samples first + start to first + stop: v of images, u of gradients."""
    (_, _, _, c), (_, oh, ow, f), (_, strips, room, wide) = x.shape, dy.shape, u.shape
    rows, columns, w = tiles(oh), tiles(ow), padded[1]
    image = np.zeros((padded[0], w, c), x.dtype)
    gradients = np.zeros((rows * OUT, columns * OUT, f), x.dtype)
    found, of_gradients = v.ravel(), u.ravel()
    far, far_apart, line = room * c, strips * room * wide, columns * OUT * f
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], first + b, corner, image)
        dz = pad_image(dy, y, first + b, (0, 0), gradients)
        for i in range(rows):
            for j in range(columns):
                tile, at = (b * rows + i) * columns + j, (i * w + j) * OUT * c
                set_values(pixels, at, w * c, c, found, tile * c, IN * far, far, found, 0, c)
                for strip in range(strips):
                    at = i * OUT * line + j * OUT * f + strip * wide
                    places = of_gradients, (strip * room + tile) * wide, IN * far_apart, far_apart
                    count = min(wide, f - strip * wide)
                    set_gradient_values(dz, at, line, f, *places, found, 0, count)


@jit
def product_span(start, stop, product, v, u, count, sums, dbias):
    """Add the products of so many tiles to the sums of points start to stop, and those of dy to dbias.

    Some tiles are summed up by themselves first: a sum of many numbers loses fewer digits in two steps.
    """
    (_, room, c), (_, strips, _, wide), f = v.shape, u.shape, len(dbias)
    found, numbers, gradients, ones = sums.ravel(), v.ravel(), u.ravel(), np.ones(1, v.dtype)
    part, zeros = np.empty(c * f, v.dtype), np.zeros(wide, v.dtype)
    for p in range(start, stop):
        for first in range(0, count, TILES):
            many, a_at = min(TILES, count - first), (p * room + first) * c
            # The transposed view: from channel to channel, from tile to tile.
            steps, every_tile = (ONE, c, ZERO, many, ONE), (ZERO, ZERO, ZERO, many, ONE)
            for strip in range(strips):
                column, b_at = strip * wide, ((p * strips + strip) * room + first) * wide
                b, width = (gradients, b_at, (wide, ZERO)), min(wide, f - column)
                # forward: m[point] = v[point] · kernel[point]
                places = part, column, f, zeros, ZERO, ZERO, numbers, a_at, steps
                call(product, (*places, *b, c, width))
                if p == ALL:
                    # forward: y[i, j] = ... + bias
                    places = dbias, column, f, dbias, column, f, ones, ZERO, every_tile
                    call(product, (*places, *b, 1, width))
            add(part, found[p * c * f : (p + 1) * c * f])
