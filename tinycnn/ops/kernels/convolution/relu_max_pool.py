"""Conv2D + ReLU + MaxPooling2D, and Dropout, as one: what lies between them never reaches memory.

Forward, a band of output rows is convolved into a few kilobytes, and only the maxima and their argmax are
written. Backward, one number in each window has a gradient, so the gradients are a sparse matrix: in CSR form
they are the left operand of both backward products.
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    pad_to_vector_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.max_window import max_pool_row_address
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import crop_into, pad_image
from tinycnn.ops.kernels.blocks.sparse_gemm import CSR, multiples, sparse_gemm_address
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution import algorithms, winograd
from tinycnn.ops.kernels.convolution.direct import grain
from tinycnn.ops.kernels.dropout import drop_in_place, mask_parameters
from tinycnn.ops.kernels.parallel.partial_sums import partial_sums, sum_partials
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import FusedConvolution, padded_size, top_left, window_geometry

IMAGE_BYTES = 24 * 1024  # of the image that the weight gradient keeps in the first-level cache


class Active(NamedTuple):
    """The gradients of one sample that pass dropout and ReLU, and where in the image they came from.

    Those of window q are dy[positions[counts[q]]] to dy[positions[counts[q + 1] - 1]].
    """

    dy: np.ndarray  # flat, as all but the last
    argmax: np.ndarray
    positions: np.ndarray
    counts: np.ndarray
    window_offsets: np.ndarray  # (windows, pixels in a window): see `find_window_offsets`


def conv2d_relu_max_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    fused: FusedConvolution,
    rate: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Fast implementation of `reference.conv2d_relu_max_pool2d_forward`."""
    (n, h, w, _), (kh, kw, _, f), (ph, pw) = x.shape, kernel.shape, fused.pool
    strides, padding, start = fused.strides, fused.padding, top_left(fused.padding)
    (oh, ow), _, _ = window_geometry((h, w), (kh, kw), strides, padding)
    y = aligned_empty((n, oh // ph, ow // pw, f), x.dtype)
    outputs = (ph, pw), mask_parameters(x.dtype, rate, seed), y, np.empty(y.shape, np.uint8)
    padded, least = padded_size((h, w), padding), grain(n, n * oh * ow * kernel.size)
    problem = algorithms.Problem((h, w), kernel.shape, strides, padding, (ph, pw))
    if algorithms.select("max_pool_forward", problem) == "winograd":
        addresses = *winograd.addresses(x.dtype), max_pool_row_address(x.dtype)
        arrays = addresses, x, fused.filters.of(kernel, winograd.filter_transform), bias
        padded = winograd.pad_to_tiles(padded, (oh, ow))
        workers.run(winograd_span, n, least, *arrays, start, padded, (oh, ow), *outputs)
    else:
        addresses = gemm_address(x.dtype), max_pool_row_address(x.dtype)
        arrays = addresses, x, fused.filters.of(kernel, pad_to_vector_width), bias
        workers.run(forward_span, n, least, *arrays, strides, start, padded, ow, *outputs)
    return outputs[2:]


@jit
def forward_span(
    start,
    stop,
    addresses,
    x,
    kernel,
    bias,
    strides,
    pad_top_left,
    padded,
    ow,
    pool,
    mask,
    y,
    argmax,
):
    """Convolve and pool samples start to stop, one row of windows after the other."""
    (_, _, _, c), (kh, kw, _, padded_filters) = x.shape, kernel.shape
    (sh, sw), (ph, _), (_, rows, columns, f), (gemm, max_pool_row) = (
        strides,
        pool,
        y.shape,
        addresses,
    )
    image, z = np.zeros((padded[0], padded[1], c), x.dtype), np.empty(ph * ow * f, x.dtype)
    line, y_flat, argmax_flat = padded[1] * c, y.ravel(), argmax.ravel()
    right = RightOperand(
        array=kernel.ravel(),
        offset=0,
        k_stride=padded_filters,
        segment_stride=kw * c * padded_filters,
    )
    initial = Matrix(bias, 0, row_stride=0)
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, pad_top_left, image)
        for i in range(rows):
            for row in range(ph):
                windows = LeftOperand(
                    array=pixels,
                    offset=(i * ph + row) * sh * line,
                    row_stride=sw * c,
                    k_stride=1,
                    segment_stride=line,
                    segment_length=kw * c,
                    segments=kh,
                )
                out = Matrix(z, row * ow * f, row_stride=f)
                call(gemm, (out, initial, windows, right, ow, f))
            y_offset = (b * rows + i) * columns * f
            call(max_pool_row, (z, 0, ow, f, pool, y_flat, y_offset, columns, argmax_flat))
        drop_sample(y, b, mask)


@jit
def winograd_span(
    start,
    stop,
    addresses,
    x,
    transformed,
    bias,
    pad_top_left,
    padded,
    output,
    pool,
    mask,
    y,
    argmax,
):
    """Convolve and pool samples start to stop, one band of tiles after the other."""
    (oh, ow), c, f = output, transformed.shape[1], len(bias)
    rows, columns = winograd.band_tiles(oh, ow)
    image = np.zeros((padded[0], padded[1], c), x.dtype)
    v, m, band = winograd.allocate_scratch(rows, columns, c, f, bias)
    band_rows, (convolve_band, gemm, max_pool_row) = rows * winograd.OUT, addresses
    z, width, y_flat, argmax_flat = band.ravel(), band.shape[1], y.ravel(), argmax.ravel()
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, pad_top_left, image)
        for top in range(0, oh, band_rows):
            offset, count = top * padded[1] * c, min(band_rows, oh - top)
            tiles = winograd.count_tiles(count), columns
            source = pixels, offset, padded[1], c
            call(convolve_band, (gemm, *source, transformed, bias, tiles, v, m, band))
            for row in range(0, count - pool[0] + 1, pool[0]):
                y_offset = (b * y.shape[1] + (top + row) // pool[0]) * y.shape[2] * f
                source_row = z, row * width * f, width, f
                target = y_flat, y_offset, y.shape[2], argmax_flat
                call(max_pool_row, (*source_row, pool, *target))
        drop_sample(y, b, mask)


@inlined
def drop_sample(y, b, mask):
    """Drop what dropout says of sample `b`, in place, if its rate is not 0."""
    (threshold, scale, seed), size = mask, y[0].size
    if threshold > 0:
        drop_in_place(b * size, (b + 1) * size, y.ravel(), threshold, scale, seed)


def conv2d_relu_max_pool2d_backward(
    dy: np.ndarray,
    y: np.ndarray,
    argmax: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    rate: float,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Fast implementation of `reference.conv2d_relu_max_pool2d_backward`."""
    (n, h, w, c), (kh, kw, _, f) = x.shape, kernel.shape
    sums, dbias = partial_sums(n, kernel.size, x.dtype), partial_sums(n, f, x.dtype)
    chunks, dkernel = len(sums), sums.reshape(-1, f, kh, kw * c)
    dx = aligned_empty(x.shape if input_gradient else (0, h, w, c), x.dtype)
    exchanged = aligned_empty((kh, f, kw * c), x.dtype)  # channels and filters
    exchanged.reshape(kh, f, kw, c)[...] = kernel.transpose(0, 3, 1, 2)
    least = grain(chunks, dy.size * kernel[..., 0].size)
    arrays = sparse_gemm_address(x.dtype), dy, y, argmax, x, exchanged
    sizes = top_left(fused.padding), padded_size((h, w), fused.padding), fused.strides, fused.pool
    scale = mask_parameters(x.dtype, rate, 0)[1]
    workers.run(backward_span, chunks, least, *arrays, *sizes, scale, dkernel, dbias, dx)
    total = sum_partials(sums).reshape(f, kh, kw, c)
    dkernel = np.ascontiguousarray(total.transpose(1, 2, 3, 0))
    return (dx if input_gradient else None), dkernel, dbias.sum(axis=0)


@jit
def backward_span(
    start,
    stop,
    sparse_gemm,
    dy,
    y,
    argmax,
    x,
    exchanged,
    pad_top_left,
    padded,
    strides,
    pool,
    scale,
    dkernel,
    dbias,
    dx,
):
    """Go through each chunk's samples; each chunk has its own dkernel and dbias, each sample its dx."""
    (n, _, _, c), chunks, windows = x.shape, dkernel.shape[0], y.shape[1:]
    f, size = y.shape[3], windows[0] * windows[1] * windows[2]
    image = np.zeros((padded[0], padded[1], c), x.dtype)
    window_offsets = find_window_offsets(windows, pool, strides, padded[1] * c, c)
    # A number is written first and counted afterwards, so there is room for one more.
    positions, counts = np.empty(size + 1, np.int64), np.empty(len(window_offsets) + 1, np.int64)
    dz = np.empty(size, x.dtype)
    values = np.empty(window_offsets.size * f + 1, x.dtype)
    b_offsets, row_end = np.empty(len(values), np.int64), np.empty(window_offsets.size, np.int64)
    scratch = values, b_offsets, row_end
    padded_dx = np.empty_like(image)  # of a sample
    for chunk in range(start, stop):
        set_to_zero(dkernel[chunk].ravel())
        set_to_zero(dbias[chunk])
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            scale_into(dz, dy[b].ravel(), scale)
            pixels = pad_image(x, x[:0], b, pad_top_left, image)
            list_active(dz, y[b].ravel(), f, positions, counts, dbias[chunk])
            active = Active(dz, argmax[b].ravel(), positions, counts, window_offsets)
            add_kernel_gradient(
                sparse_gemm, active, scratch, windows, pixels, padded[1] * c, dkernel[chunk]
            )
            if dx.shape[0] > 0:
                padding = padded_dx.shape[0] > dx.shape[1] or padded_dx.shape[1] > dx.shape[2]
                target = padded_dx.ravel() if padding else dx[b].ravel()
                set_to_zero(target)
                add_input_gradient(sparse_gemm, active, scratch, exchanged, target, padded[1] * c)
                if padding:
                    crop_into(padded_dx, pad_top_left, dx, b)


@inlined
def scale_into(dz, dy, scale):
    """Write the gradient before dropout, of what was kept."""
    for position in range(len(dz)):
        # forward: y = scale · the maximum, where kept
        dz[position] = scale * dy[position]


@inlined
def list_active(dy, y, f, positions, counts, dbias):
    """List the positions of one sample's gradients that pass dropout and ReLU, and add them to dbias.

    Those of window q are positions[counts[q]] to positions[counts[q + 1] - 1].
    """
    count = 0
    for window in range(len(counts) - 1):
        counts[window] = count
        for position in range(window * f, (window + 1) * f):
            # forward: y = 0 where the maximum < 0, or dropped
            positions[count] = position
            count += (y[position] > 0) & (dy[position] != 0)
        for k in range(counts[window], count):
            dbias[positions[k] - window * f] += dy[positions[k]]
    counts[len(counts) - 1] = count


@inlined
def find_window_offsets(windows, pool, strides, row_stride, pixel_stride):
    """Return where the part of the image begins that each output pixel saw: (windows, pixels in a window).

    The strides are those of the image, in elements.
    """
    (oh, ow, _), (ph, pw), (sh, sw) = windows, pool, strides
    window_offsets = np.empty((oh * ow, ph * pw), np.int64)
    for i in range(oh):
        for j in range(ow):
            for index in range(ph * pw):
                r, q = (i * ph + index // pw) * sh, (j * pw + index % pw) * sw
                window_offsets[i * ow + j, index] = r * row_stride + q * pixel_stride
    return window_offsets


@inlined
def add_kernel_gradient(sparse_gemm, active, scratch, windows, pixels, line, dkernel):
    """Add one sample's gradient of the kernel, (f, kh, kw · c), from a few rows of windows at a time.

    The sparse matrix has a row for each filter. What the windows saw should fit the first-level cache.
    """
    (values, b_offsets, _), window_offsets = scratch, active.window_offsets
    (oh, ow, f), (_, kh, run) = windows, dkernel.shape
    # How far it is from a row of windows to the next, in the image.
    below = window_offsets[ow * (oh > 1), 0] - window_offsets[0, 0]
    band = min(oh, max(1, IMAGE_BYTES // max(1, below * values.itemsize))) * ow
    row_start, row_end = multiples(f, band), np.empty(f, np.int64)
    dkernel_rows = multiples(f, kh * run)
    nonzeros = CSR(values, b_offsets, row_start, row_end)
    for top in range(0, oh * ow, band):
        for ch in range(f):
            row_end[ch] = row_start[ch]
        for window in range(top, min(top + band, oh * ow)):
            for k in range(active.counts[window], active.counts[window + 1]):
                position = active.positions[k]
                ch = position - window * f
                values[row_end[ch]] = active.dy[position]
                b_offsets[row_end[ch]] = window_offsets[window, active.argmax[position]]
                row_end[ch] += 1
        for di in range(kh):
            # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
            c_offset, b_offset = di * run, di * line
            out = dkernel.ravel(), c_offset, dkernel_rows
            call(sparse_gemm, (*out, nonzeros, pixels, b_offset, run))


@inlined
def add_input_gradient(sparse_gemm, active, scratch, exchanged, dx, line):
    """Add one sample's gradient to dx, padding included and flat: each output pixel gives to all it saw.

    The sparse matrix has a row for each output pixel; row p begins at p · f.

    forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di].
    """
    (values, b_offsets, row_end), window_offsets = scratch, active.window_offsets
    (kh, f, run), window_size, weights = exchanged.shape, window_offsets.shape[1], exchanged.ravel()
    row_start, dx_rows = multiples(window_offsets.size, f), window_offsets.ravel()
    nonzeros = CSR(values, b_offsets, row_start, row_end)
    for pixel in range(window_offsets.size):
        row_end[pixel] = row_start[pixel]
    for window in range(len(window_offsets)):
        for k in range(active.counts[window], active.counts[window + 1]):
            position = active.positions[k]
            pixel = window * window_size + active.argmax[position]
            values[row_end[pixel]] = active.dy[position]
            b_offsets[row_end[pixel]] = (position - window * f) * run
            row_end[pixel] += 1
    for di in range(kh):  # one kernel row after the other, for each fits the first-level cache
        c_offset, b_offset = di * line, di * f * run
        call(sparse_gemm, (dx, c_offset, dx_rows, nonzeros, weights, b_offset, run))
