"""Convolution on the GEMM of `blocks/gemm.py`, without copying a single window.

In NHWC order the window of an output pixel is, for one row of the kernel, one unbroken run of kw · c
numbers, and the next pixel's run begins sw · c further on. So the windows of an image row *are* the
rows of a matrix, overlapping in memory: distance sw · c from row to row, 1 from k to k, and w · c to
the next row of the kernel.
"""

import math

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import copy, relu_in_place, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    pack_panels,
    panel_width,
    round_up_to_vectors,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import copy_active, pad_image, rows_into
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.ops.kernels.parallel.partial_sums import partial_sums, sum_partials
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair, padded_size, top_left, window_geometry
from tinycnn.utils.kept_transform import KeptTransform, MadeAnew

IMAGE_BYTES = 16 * 1024  # of the image that the weight gradient keeps in the first-level cache
PANEL_BYTES = 20 * 1024  # of a packed panel of the kernel
ROWS_BYTES = 32 * 1024  # of the rows of an image that are worked on, panel by panel
# A padded image of gradients this much narrower than x, with so many filters, is not worth its zeros.
NARROW, LONG = 0.8, 32
WORTH_A_THREAD = 4_000_000  # multiply-adds


def grain(samples: int, multiply_adds: int) -> int:
    """Return how many samples are worth a thread, if all of them take so many multiply-adds."""
    return WORTH_A_THREAD * samples // (multiply_adds + 1)


def forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    relu: bool,
    filters: KeptTransform | MadeAnew,
) -> np.ndarray:
    """Return y (n, oh, ow, f) as `reference.conv2d_forward` does, behind a ReLU if wanted.

    Args: as there; `filters` as in `FusedConvolution`.
    """
    (n, h, w, _), (kh, kw, _, f), (top, left) = x.shape, kernel.shape, top_left(padding)
    (oh, ow), strides, padding = window_geometry((h, w), (kh, kw), strides, padding)
    y = aligned_empty((n, oh, ow, f), x.dtype)
    arrays = gemm_address(x.dtype), x, filters.of(kernel, pack_kernel), bias
    places = (kh, kw), strides, (top, left), padded_size((h, w), padding)
    workers.run(forward_span, n, grain(n, y.size * kernel[..., 0].size), *arrays, *places, relu, y)
    return y


def pack_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel (kh, kw, c, f) as panels, (panels, kh · kw · c, panel width)."""
    matrix = kernel.reshape(-1, kernel.shape[3])
    return pack_panels(matrix, panel_width(matrix))


@jit
def forward_span(start, stop, gemm, x, panels, bias, size, strides, pad_top_left, padded, relu, y):
    """Convolve samples start to stop; each sample owns its part of y."""
    (_, _, _, c), (kh, kw), (count, panel_rows, width) = x.shape, size, panels.shape
    (_, oh, ow, f), (sh, sw), w, run = y.shape, strides, padded[1], kw * c
    image = np.zeros((padded[0], padded[1], c), x.dtype)
    weights, y_flat = panels.ravel(), y.ravel()
    kernel_rows = fit_count(PANEL_BYTES, kw * c * width * x.itemsize)
    band = fit_count(ROWS_BYTES, sh * w * c * x.itemsize)
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, pad_top_left, image)
        # Two levels of cache blocking: a band of image rows stays close while all panels of the kernel go
        # by, and a panel while the rows of this band do.
        for top in range(0, oh, band):
            for panel in range(count):
                column = panel * width
                columns = min(width, f - column)
                for d in range(0, kh, kernel_rows):
                    right = RightOperand(
                        array=weights,
                        offset=(panel * panel_rows + d * run) * width,
                        k_stride=width,
                        segment_stride=run * width,
                    )
                    for i in range(top, min(top + band, oh)):
                        windows = LeftOperand(
                            array=pixels,
                            offset=(i * sh + d) * w * c,
                            row_stride=sw * c,
                            k_stride=1,
                            segment_stride=w * c,
                            segment_length=run,
                            segments=min(kernel_rows, kh - d),
                        )
                        out = Matrix(y_flat, (b * oh + i) * ow * f + column, row_stride=f)
                        initial = Matrix(bias, column, row_stride=0) if d == 0 else out
                        call(gemm, (out, initial, windows, right, ow, columns))
        if relu:
            relu_in_place(y_flat[b * oh * ow * f : (b + 1) * oh * ow * f])


@inlined
def fit_count(available, size):
    """Return how many things of so many bytes each fit into the bytes available, at least one."""
    return max(1, available // (size + 1))


@jit
def winograd_span(
    start, stop, addresses, x, relu_output, transformed, bias, pad_top_left, padded, relu, y
):
    """Convolve samples start to stop, one band of tiles after the other."""
    (_, oh, ow, f), c = y.shape, x.shape[3]
    rows, columns = winograd.band_tiles(oh, ow)
    image = np.zeros((padded[0], padded[1], c), x.dtype)
    v, m, band = winograd.allocate_scratch(rows, columns, c, f, bias)
    band_rows, (convolve_band, gemm) = rows * winograd.OUT, addresses
    for b in range(start, stop):
        pixels = pad_image(x, relu_output, b, pad_top_left, image)
        for top in range(0, oh, band_rows):
            offset, count = top * padded[1] * c, min(band_rows, oh - top)
            tiles = winograd.count_tiles(count), columns
            source = pixels, offset, padded[1], c
            call(convolve_band, (gemm, *source, transformed, bias, tiles, v, m, band))
            if relu:
                relu_in_place(band.ravel())
            rows_into(band, count, ow, y, b, top)


def backward_input(
    dy: np.ndarray,
    kernel: np.ndarray,
    x_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> np.ndarray:
    """Return dx (n, h, w, c) as `reference.conv2d_backward_input` does.

    forward: y[i, j] = Σ x[i·sh + di, j·sw + dj] · kernel[di, dj].  Read backwards, the pixel x[r, q]
    met kernel[di, dj] on its way to y[(r - di) / sh, (q - dj) / sw]: again a convolution, with the kernel
    rotated by 180° and its channels and filters exchanged. With strides, pixels of different
    r mod sh and q mod sw met different parts of the kernel: a convolution for each part.

    Args: as there; `relu_output` of a ReLU behind the convolution, shaped as dy, or no samples.
    """
    (kh, kw, c, _), (sh, sw), (n, h, w, _), start = (
        kernel.shape,
        strides,
        x_shape,
        top_left(padding),
    )
    halo = -(-kh // sh) - 1, -(-kw // sw) - 1  # zeros before dy, that the first pixels may reach
    padded = (h - 1 + start[0]) // sh + 1 + halo[0], (w - 1 + start[1]) // sw + 1 + halo[1]
    dx = aligned_empty(x_shape, dy.dtype)
    rotated = [kernel[p::sh, q::sw][::-1, ::-1] for p in range(sh) for q in range(sw)]
    matrices = [part.transpose(0, 1, 3, 2).reshape(-1, c) for part in rotated]
    width = panel_width(matrices[0])
    parts = [pack_panels(matrix, width) for matrix in matrices]
    sizes = np.array([part.shape[:2] for part in rotated])
    part_offsets = np.cumsum([0] + [part.size for part in parts])
    weights = np.concatenate([part.ravel() for part in parts])
    arrays = gemm_address(dy.dtype), dy, relu_output, weights, part_offsets, sizes, width
    least = grain(n, dy.size * kernel[..., 0].size)
    workers.run(backward_input_span, n, least, *arrays, strides, start, halo, padded, dx)
    return dx


@inlined
def overlap(first, count, zeros, size):
    """Return which of `count` lines from `first` on meet `size` lines behind zeros: (before, how many)."""
    before = min(count, max(0, zeros - first))
    return before, max(0, min(count, zeros + size - first) - before)


@jit
def backward_input_span(
    start,
    stop,
    gemm,
    dy,
    relu_output,
    weights,
    part_offsets,
    sizes,
    width,
    strides,
    pad_top_left,
    halo,
    padded,
    dx,
):
    """Write dx of samples start to stop, part after part of the kernel."""
    (_, h, w, c), (_, oh, ow, f), (sh, sw) = dx.shape, dy.shape, strides
    image, dx_flat = np.zeros((padded[0], padded[1], f), dy.dtype), dx.ravel()
    zeros, line = np.zeros(width, dy.dtype), padded[1] * f
    band = fit_count(ROWS_BYTES, line * dy.itemsize)
    narrow = ow * sw < NARROW * w and f >= LONG
    for b in range(start, stop):
        gradients = pad_image(dy, relu_output, b, halo, image)
        if narrow:
            set_to_zero(dx_flat[b * h * w * c : (b + 1) * h * w * c])
        for p in range(sh * sw):
            (rows, columns), run = sizes[p], sizes[p][1] * f
            # The first row and column of x that met this part; the others are strides apart.
            first, left = (p // sw - pad_top_left[0]) % sh, (p % sw - pad_top_left[1]) % sw
            x_rows, x_columns = (h - first + sh - 1) // sh, (w - left + sw - 1) // sw
            j = (left + pad_top_left[1]) // sw + halo[1] - columns + 1
            # Where dy is narrow, columns of the kernel go one by one, and only to the pixels that they met.
            kernel_rows = 1 if narrow else fit_count(PANEL_BYTES, run * width * dy.itemsize)
            kernel_columns = 1 if narrow else max(1, columns)
            # A band of rows of x stays close while all panels of the kernel go by, a panel while these
            # rows do.
            for top in range(0, x_rows, band):
                for panel in range((c + width - 1) // width):
                    column = panel * width
                    channels = min(width, c - column)
                    panel_offset = part_offsets[p] + panel * rows * run * width
                    for d in range(0, max(1, rows), kernel_rows):
                        for row in range(top, min(top + band, x_rows)):
                            r = first + row * sh
                            i = (r + pad_top_left[0]) // sh + halo[0] - rows + 1 + d
                            # Kernel rows that would meet zeros only are left out.
                            above, segments = overlap(i, min(kernel_rows, rows - d), halo[0], oh)
                            for e in range(0, max(1, columns), kernel_columns):
                                before, pixels = 0, x_columns
                                if narrow:
                                    before, pixels = overlap(j + e, x_columns, halo[1], ow)
                                windows = LeftOperand(
                                    array=gradients,
                                    offset=(i + above) * line + (j + e + before) * f,
                                    row_stride=f,
                                    k_stride=1,
                                    segment_stride=line,
                                    segment_length=min(kernel_columns, columns) * f,
                                    segments=segments,
                                )
                                right = RightOperand(
                                    array=weights,
                                    offset=panel_offset + ((d + above) * columns + e) * f * width,
                                    k_stride=width,
                                    segment_stride=run * width,
                                )
                                pixel = (b * h + r) * w + left + before * sw
                                out = Matrix(dx_flat, pixel * c + column, row_stride=sw * c)
                                fresh = d == 0 and not narrow
                                initial = Matrix(zeros, 0, row_stride=0) if fresh else out
                                call(gemm, (out, initial, windows, right, pixels, channels))


def backward_kernel(
    dy: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (kh, kw, c, f) and dbias (f,) as `reference.conv2d_backward_kernel` does.

    Args: as there; `relu_output` of a ReLU behind the convolution, shaped as dy, or no samples.
    """
    n, size, filters = len(x), math.prod(kernel_shape), kernel_shape[3]
    dkernel = partial_sums(n, size, dy.dtype)
    dbias = partial_sums(n, round_up_to_vectors(filters, dy.dtype), dy.dtype)
    chunks, dkernel = len(dkernel), dkernel.reshape(-1, *kernel_shape)
    least = grain(chunks, dy[..., 0].size * size)
    arrays = gemm_address(x.dtype), dy, relu_output, x
    places = strides, top_left(padding), padded_size(x.shape[1:3], padding)
    workers.run(backward_kernel_span, chunks, least, *arrays, *places, dkernel, dbias)
    dkernel = sum_partials(dkernel.reshape(chunks, size)).reshape(kernel_shape)
    return dkernel, dbias.sum(axis=0)[:filters]


@jit
def backward_kernel_span(
    start, stop, gemm, dy, relu_output, x, strides, pad_top_left, padded, dkernel, dbias
):
    """Sum the gradients of each chunk's samples into that chunk's own dkernel and dbias."""
    (n, _, _, c), (chunks, kh, kw, _, f), (sh, sw) = x.shape, dkernel.shape, strides
    (_, oh, ow, _), w, padded_filters = dy.shape, padded[1], dbias.shape[1]
    image, dkernel_flat = np.zeros((padded[0], padded[1], c), x.dtype), dkernel.ravel()
    scratch, run = np.zeros(oh * ow * padded_filters, dy.dtype), kw * c
    ones, dbias_flat = np.ones(1, dy.dtype), dbias.ravel()
    most = fit_count(IMAGE_BYTES, sh * w * c * x.itemsize)
    bands = (oh + most - 1) // most
    band = (oh + bands - 1) // bands  # rows, as many in each
    size = kh * run * f
    # A row of ones over all pixels: it sums the gradients, for the bias.
    one_row = LeftOperand(
        array=ones,
        offset=0,
        row_stride=0,
        k_stride=0,
        segment_stride=0,
        segment_length=oh * ow,
        segments=1,
    )
    for chunk in range(start, stop):
        set_to_zero(dkernel_flat[chunk * size : (chunk + 1) * size])
        set_to_zero(dbias_flat[chunk * padded_filters : (chunk + 1) * padded_filters])
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            pixels = pad_image(x, x[:0], b, pad_top_left, image)
            dz = pad_filters(dy, relu_output, b, padded_filters, scratch)
            for i in range(0, oh, band):
                gradients = RightOperand(
                    array=dz,
                    offset=i * ow * padded_filters,
                    k_stride=padded_filters,
                    segment_stride=ow * padded_filters,
                )
                for di in range(kh):
                    # The transposed view: rows run over the numbers of a window row, k over output
                    # pixels, segments over rows of these.
                    windows = LeftOperand(
                        array=pixels,
                        offset=(i * sh + di) * w * c,
                        row_stride=1,
                        k_stride=sw * c,
                        segment_stride=sh * w * c,
                        segment_length=ow,
                        segments=min(band, oh - i),
                    )
                    # forward: y[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
                    out = Matrix(dkernel_flat, (chunk * kh + di) * run * f, row_stride=f)
                    call(gemm, (out, out, windows, gradients, run, f))
            # forward: y[i, j] = ... + bias
            out = Matrix(dbias_flat, chunk * padded_filters, row_stride=padded_filters)
            gradients = RightOperand(dz, 0, k_stride=padded_filters, segment_stride=0)
            call(gemm, (out, out, one_row, gradients, 1, padded_filters))


@inlined
def pad_filters(dy, relu_output, b, padded_filters, scratch):
    """Return sample `b` of dy behind a ReLU, if there is one, each pixel padded to `padded_filters` numbers.

    It is copied into `scratch`, which holds zeros at first, unless nothing is to be done.
    """
    size, f = dy.shape[1] * dy.shape[2], dy.shape[3]
    if len(relu_output) == 0 and f == padded_filters:
        return dy[b].ravel()
    dy_flat, relu_flat = dy.ravel(), relu_output.ravel()
    for pixel in range(size):
        start, offset = (b * size + pixel) * f, pixel * padded_filters
        stop, out = start + f, scratch[offset : offset + f]
        if len(relu_output) == 0:
            copy(dy_flat[start:stop], out)
        else:
            copy_active(dy_flat[start:stop], relu_flat[start:stop], out)
    return scratch
