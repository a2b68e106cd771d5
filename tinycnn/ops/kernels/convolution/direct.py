"""Convolution on the product of `product.py`, without copying a single window.

In NHWC order the window of an output pixel is, for one row of the kernel, one unbroken run of kw · c
numbers, and the next pixel's run begins sw · c further on. So the windows of an image row *are* the
rows of a matrix, overlapping in memory: distance sw · c from row to row, 1 from k to k, and w · c to
the next row of the kernel. Where it pays, 3 x 3 kernels go the way of `winograd.py` instead.
"""

import math

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import copy, relu_in_place, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    ONE,
    ZERO,
    product_address,
    strip_width,
    strips,
    whole_vectors,
)
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import Padding, Pair, copy_live, pad_image, rows_into
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution import few_channels, winograd, winograd_gradient
from tinycnn.ops.kernels.parallel.partial_sums import added_up, partial_sums
from tinycnn.ops.kernels.parallel.thread_pool import workers

CACHE = 16 * 1024  # bytes of the image that the weight gradient keeps close
STRIP = 20 * 1024  # bytes of a strip of the kernel
ROWS = 32 * 1024  # bytes of the rows of an image that are worked on, strip by strip
# An image of gradients this much narrower than x, with so many filters, is not worth its zeros.
NARROW, LONG = 0.8, 32
WORTH_A_THREAD = 4_000_000  # multiply-adds


def grain(samples: int, multiply_adds: int) -> int:
    """Return how many samples are worth a thread, if all of them take so many multiply-adds."""
    return WORTH_A_THREAD * samples // (multiply_adds + 1)


def conv2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    relu: bool = False,
) -> np.ndarray:
    """Twin of `reference.conv2d_forward`, with a ReLU behind it if wanted."""
    (n, h, w, _), (kh, kw, _, f), (sh, sw) = x.shape, kernel.shape, strides
    (top, bottom), (left, right) = padding
    padded = h + top + bottom, w + left + right
    y = aligned_empty((n, (padded[0] - kh) // sh + 1, (padded[1] - kw) // sw + 1, f), x.dtype)
    least = grain(n, y.size * kernel[..., 0].size)
    if winograd.pays(y.shape[1:3], kernel.shape, strides):
        padded = winograd.covered(padded, y.shape[1:3])
        values = winograd.kernel_values(kernel)
        arrays = winograd.addresses(x.dtype), x, x[:0], values, bias
        workers.run(winograd_span, n, least, *arrays, (top, left), padded, relu, y)
    else:
        matrix = kernel.reshape(-1, f)
        matrix = strips(matrix, strip_width(matrix))
        arrays = product_address(x.dtype), x, matrix, bias, (kh, kw), strides, (top, left), padded
        workers.run(forward_span, n, least, *arrays, relu, y)
    return y


@jit
def forward_span(start, stop, product, x, kernel, bias, size, strides, corner, padded, relu, y):
    """Convolve samples start to stop; each sample owns its part of y."""
    (_, _, _, c), (kh, kw), (count, every_k, wide), (sh, sw) = x.shape, size, kernel.shape, strides
    (_, oh, ow, f), w, run = y.shape, padded[1], kw * c
    image, k, z = np.zeros((padded[0], padded[1], c), x.dtype), kernel.ravel(), y.ravel()
    together = at_once(STRIP, kw * c * wide * x.itemsize)
    close = at_once(ROWS, sh * w * c * x.itemsize)
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, corner, image)
        # Some rows of x stay close while all strips of the kernel go by, a strip while these rows do.
        for top in range(0, oh, close):
            for strip in range(count):
                column, b_steps = strip * wide, (wide, run * wide)
                left = min(wide, f - column)
                for d in range(0, kh, together):
                    # From pixel to pixel, from k to k, to the next kernel row; k in a row, kernel rows.
                    window = (sw * c, ONE, w * c, run, min(together, kh - d))
                    b_at = (strip * every_k + d * run) * wide
                    for i in range(top, min(top + close, oh)):
                        at = (b * oh + i) * ow * f + column
                        rest = pixels, (i * sh + d) * w * c, window, k, b_at, b_steps, ow, left
                        if d == 0:
                            call(product, (z, at, f, bias, column, ZERO, *rest))
                        else:
                            call(product, (z, at, f, z, at, f, *rest))
        if relu:
            relu_in_place(z[b * oh * ow * f : (b + 1) * oh * ow * f])


@inlined
def at_once(room, size):
    """Return how many things of so many bytes each fit into a room, at least one."""
    return max(1, room // (size + 1))


@jit
def winograd_span(start, stop, addresses, x, on, values, bias, corner, padded, relu, y):
    """Convolve samples start to stop, one band of tiles after the other."""
    (_, oh, ow, f), c = y.shape, x.shape[3]
    rows, columns = winograd.band_tiles(oh, ow)
    image = np.zeros((padded[0], padded[1], c), x.dtype)
    v, m, band = winograd.room(rows, columns, c, f, bias)
    high, (convolve_band, product) = rows * winograd.OUT, addresses
    for b in range(start, stop):
        pixels = pad_image(x, on, b, corner, image)
        for top in range(0, oh, high):
            at, many = top * padded[1] * c, min(high, oh - top)
            tiles = winograd.tiles(many), columns
            places = product, pixels, at, padded[1], c, values, bias, tiles
            call(convolve_band, (*places, v, m, band))
            if relu:
                relu_in_place(band.ravel())
            rows_into(band, many, ow, y, b, top)


def conv2d_backward_input(
    dy: np.ndarray,
    kernel: np.ndarray,
    x_shape: tuple,
    strides: Pair,
    padding: Padding,
    y: np.ndarray | None = None,
) -> np.ndarray:
    """Twin of `reference.conv2d_backward_input`; `y` is that of a ReLU behind the convolution, if any.

    forward: y[i, j] = Σ x[i·sh + di, j·sw + dj] · kernel[di, dj].  Read backwards, the pixel x[r, q]
    met kernel[di, dj] on its way to y[(r - di) / sh, (q - dj) / sw]: again a convolution, with the kernel
    turned by half a turn and its channels and filters exchanged. With strides, pixels of different
    r mod sh and q mod sw met different parts of the kernel: a convolution for each part.
    """
    (kh, kw, c, f), (sh, sw), (n, h, w, _) = kernel.shape, strides, x_shape
    corner = padding[0][0], padding[1][0]
    reach = -(-kh // sh) - 1, -(-kw // sw) - 1  # zeros before dy, that the first pixels may reach
    spread = (h - 1 + corner[0]) // sh + 1 + reach[0], (w - 1 + corner[1]) // sw + 1 + reach[1]
    y, dx = dy[:0] if y is None else y, aligned_empty(x_shape, dy.dtype)
    least = grain(n, dy.size * kernel[..., 0].size)
    if c < few_channels.FEW and (sh, sw) == (1, 1) and max(padding[1]) < kw:
        few_channels.backward_input(dy, kernel, padding, y, dx, least)
        return dx
    # More padding than that cuts dy off in front, which that way does not.
    if max(corner) <= 2 and winograd.pays((h, w), (kh, kw, f, c), strides):
        turned = np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))  # (kh, kw, f, c)
        values, spread = winograd.kernel_values(turned), winograd.covered((h + 2, w + 2), (h, w))
        before = reach[0] - corner[0], reach[1] - corner[1]
        zeros = np.zeros(c, dy.dtype)
        arrays = winograd.addresses(dy.dtype), dy, y, values, zeros
        workers.run(winograd_span, n, least, *arrays, before, spread, False, dx)
        return dx
    turned = [kernel[p::sh, q::sw][::-1, ::-1] for p in range(sh) for q in range(sw)]
    matrices = [part.transpose(0, 1, 3, 2).reshape(-1, c) for part in turned]
    wide = strip_width(matrices[0])
    parts = [strips(matrix, wide) for matrix in matrices]
    sizes = np.array([part.shape[:2] for part in turned])
    places = np.cumsum([0] + [part.size for part in parts])
    arrays = (
        product_address(dy.dtype),
        dy,
        y,
        np.concatenate([part.ravel() for part in parts]),
        places,
        sizes,
        wide,
    )
    workers.run(backward_input_span, n, least, *arrays, strides, corner, reach, spread, dx)
    return dx


@inlined
def met(first, count, zeros, size):
    """Return which of `count` lines from `first` on meet `size` lines behind zeros: (before, how many)."""
    before = min(count, max(0, zeros - first))
    return before, max(0, min(count, zeros + size - first) - before)


@jit
def backward_input_span(
    start, stop, product, dy, y, parts, places, sizes, wide, strides, corner, reach, spread, dx
):
    """Write dx of samples start to stop, part after part of the kernel."""
    (_, h, w, c), (_, oh, ow, f), (sh, sw) = dx.shape, dy.shape, strides
    image, flat = np.zeros((spread[0], spread[1], f), dy.dtype), dx.ravel()
    zeros, width = np.zeros(wide, dy.dtype), spread[1] * f
    close = at_once(ROWS, width * dy.itemsize)
    narrow = ow * sw < NARROW * w and f >= LONG
    for b in range(start, stop):
        pixels = pad_image(dy, y, b, reach, image)
        if narrow:
            set_to_zero(flat[b * h * w * c : (b + 1) * h * w * c])
        for p in range(sh * sw):
            (rows, columns), run = sizes[p], sizes[p][1] * f
            # The first row and column of x that met this part; the others are strides apart.
            first, left = (p // sw - corner[0]) % sh, (p % sw - corner[1]) % sw
            many_rows, many = (h - first + sh - 1) // sh, (w - left + sw - 1) // sw
            j = (left + corner[1]) // sw + reach[1] - columns + 1
            # Where dy is narrow, columns of the kernel go one by one, and only to the pixels that they met.
            together = 1 if narrow else at_once(STRIP, run * wide * dy.itemsize)
            piece = 1 if narrow else max(1, columns)
            # Some rows of x stay close while all strips of the kernel go by, a strip while these rows do.
            for top in range(0, many_rows, close):
                for strip in range((c + wide - 1) // wide):
                    column, part = strip * wide, places[p] + strip * rows * run * wide
                    channels, b_steps = min(wide, c - column), (wide, run * wide)
                    for d in range(0, max(1, rows), together):
                        for row in range(top, min(top + close, many_rows)):
                            r = first + row * sh
                            i = (r + corner[0]) // sh + reach[0] - rows + 1 + d
                            above, inside = met(i, min(together, rows - d), reach[0], oh)
                            window = (f, ONE, width, min(piece, columns) * f, inside)
                            for e in range(0, max(1, columns), piece):
                                before, pixels_met = 0, many
                                if narrow:
                                    before, pixels_met = met(j + e, many, reach[1], ow)
                                at = ((b * h + r) * w + left + before * sw) * c + column
                                seen = (i + above) * width + (j + e + before) * f
                                b_at = part + ((d + above) * columns + e) * f * wide
                                rest = (
                                    pixels,
                                    seen,
                                    window,
                                    parts,
                                    b_at,
                                    b_steps,
                                    pixels_met,
                                    channels,
                                )
                                if d == 0 and not narrow:
                                    call(product, (flat, at, sw * c, zeros, ZERO, ZERO, *rest))
                                else:
                                    call(product, (flat, at, sw * c, flat, at, sw * c, *rest))


def conv2d_backward_kernel(
    dy: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    strides: Pair,
    padding: Padding,
    y: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_backward_kernel`; `y` is that of a ReLU behind the convolution, if any."""
    y = dy[:0] if y is None else y
    if winograd.pays(dy.shape[1:3], kernel_shape, strides):
        return winograd_gradient.backward_kernel(dy, y, x, padding)
    (n, h, w, _), ((top, bottom), (left, right)) = x.shape, padding
    padded = h + top + bottom, w + left + right
    size, wide = math.prod(kernel_shape), whole_vectors(kernel_shape[3], dy.dtype)
    dkernel, dbias = partial_sums(n, size, dy.dtype), partial_sums(n, wide, dy.dtype)
    chunks, dkernel = len(dkernel), dkernel.reshape(-1, *kernel_shape)
    least = grain(chunks, dy[..., 0].size * size)
    arrays = product_address(x.dtype), dy, y, x, strides, (top, left), padded, dkernel, dbias
    workers.run(backward_kernel_span, chunks, least, *arrays)
    dkernel = added_up(dkernel.reshape(chunks, size)).reshape(kernel_shape)
    return dkernel, dbias.sum(axis=0)[: kernel_shape[3]]


@jit
def backward_kernel_span(start, stop, product, dy, y, x, strides, corner, padded, dkernel, dbias):
    """Sum the gradients of each chunk's samples into that chunk's own dkernel and dbias."""
    (n, _, _, c), (chunks, kh, kw, _, f), (sh, sw) = x.shape, dkernel.shape, strides
    (_, oh, ow, _), w, wide = dy.shape, padded[1], dbias.shape[1]
    image, flat = np.zeros((padded[0], padded[1], c), x.dtype), dkernel.ravel()
    room, run = np.zeros(oh * ow * wide, dy.dtype), kw * c
    ones, sums, every_pixel = np.ones(1, dy.dtype), dbias.ravel(), (ZERO, ZERO, ZERO, oh * ow, ONE)
    most = at_once(CACHE, sh * w * c * x.itemsize)
    bands = (oh + most - 1) // most
    band = (oh + bands - 1) // bands  # rows, as many in each
    size = kh * run * f
    for chunk in range(start, stop):
        set_to_zero(flat[chunk * size : (chunk + 1) * size])
        set_to_zero(sums[chunk * wide : (chunk + 1) * wide])
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            pixels = pad_image(x, x[:0], b, corner, image)
            dz = widened_gradient(dy, y, b, wide, room)
            for i in range(0, oh, band):
                # The transposed view, where k runs over output pixels: from one number of the window to
                # the next, from pixel to pixel, to the next row of pixels; pixels in a row, rows.
                windows = (ONE, sw * c, sh * w * c, ow, min(band, oh - i))
                b_at, b_steps = i * ow * wide, (wide, ow * wide)
                for di in range(kh):
                    at, x_at = (chunk * kh + di) * run * f, (i * sh + di) * w * c
                    # forward: y[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
                    places = flat, at, f, flat, at, f, pixels, x_at, windows, dz, b_at, b_steps
                    call(product, (*places, run, f))
            # forward: y[i, j] = ... + bias: one row of ones, times the gradients of all pixels
            places = sums, chunk * wide, wide, sums, chunk * wide, wide
            call(product, (*places, ones, ZERO, every_pixel, dz, ZERO, (wide, ZERO), 1, wide))


@inlined
def widened_gradient(dy, y, b, wide, room):
    """Return sample `b` of dy behind a ReLU, if y has samples, each pixel filled up to `wide` numbers.

    It is copied into `room`, which holds zeros at first, unless nothing is to be done.
    """
    size, f = dy.shape[1] * dy.shape[2], dy.shape[3]
    if len(y) == 0 and f == wide:
        return dy[b].ravel()
    numbers, signs = dy.ravel(), y.ravel()
    for pixel in range(size):
        read, at = (b * size + pixel) * f, pixel * wide
        if len(y) == 0:
            copy(numbers[read : read + f], room[at : at + f])
        else:
            copy_live(numbers[read : read + f], signs[read : read + f], room[at : at + f])
    return room
