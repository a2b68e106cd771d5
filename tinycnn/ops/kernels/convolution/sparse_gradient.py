"""A gradient behind dropout, ReLU and a maximum is mostly zero: both backward products by `sparse_gemm`.

One number in each window has a gradient, if any. These are listed once for each sample, and then sorted into
rows of a sparse matrix, twice:

    dkernel   a row for each filter          times   the parts of the image that the maxima's pixels saw
    dx        a row for each output pixel    times   the numbers of its filters in a row of the kernel
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.blocks.matrix import View
from tinycnn.ops.kernels.blocks.sparse_gemm import CSR, ScatteredRows, multiples
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined
from tinycnn.ops.kernels.convolution.cache_blocking import fit_count

IMAGE_BYTES = 24 * 1024  # of the image that the weight gradient keeps in the first-level cache


class Active(NamedTuple):
    """The gradients of one sample that pass dropout and ReLU, and where in the image they came from.

    Those of window q are dz[positions[counts[q]]] to dz[positions[counts[q + 1] - 1]].
    """

    dz: np.ndarray  # flat, as all but the last
    argmax: np.ndarray
    positions: np.ndarray
    counts: np.ndarray
    window_offsets: np.ndarray  # (windows, pixels in a window): see `find_window_offsets`


class Nonzeros(NamedTuple):
    """Scratch for one sample's gradients in CSR form, sorted by filter and then by pixel."""

    values: np.ndarray
    b_offsets: np.ndarray
    row_end: np.ndarray


@inlined
def allocate_nonzeros(pixels, f, like):
    """Return scratch for the gradients of so many pixels of the convolution's output."""
    # As in `backward_span`, one more than there can be.
    values, b_offsets = np.empty(pixels * f + 1, like.dtype), np.empty(pixels * f + 1, np.int64)
    return Nonzeros(values, b_offsets, np.empty(pixels, np.int64))


@inlined
def scale_into(dz, dy, scale):
    """Write the gradient before dropout, of what was kept."""
    for position in range(len(dz)):
        # forward: y = scale · the maximum, where kept
        dz[position] = scale * dy[position]


@inlined
def list_active(active, y, dbias):
    """List the positions of one sample's gradients that pass dropout and ReLU, and add them to dbias."""
    dz, positions, counts, f, count = active.dz, active.positions, active.counts, len(dbias), 0
    for window in range(len(counts) - 1):
        counts[window] = count
        for position in range(window * f, (window + 1) * f):
            # forward: y = 0 where the maximum < 0, or dropped
            # Written first and counted afterwards: a branch would be mispredicted half of the time.
            positions[count] = position
            count += (y[position] > 0) & (dz[position] != 0)
        for k in range(counts[window], count):
            # forward: z[i, j] = ... + bias
            dbias[positions[k] - window * f] += dz[positions[k]]
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
    (oh, ow, f), (_, kh, run), window_offsets = windows, dkernel.shape, active.window_offsets
    # How far it is from a row of windows to the next, in the image.
    below = window_offsets[ow * (oh > 1), 0] - window_offsets[0, 0]
    band = min(oh, fit_count(IMAGE_BYTES, below * pixels.itemsize)) * ow
    row_start, row_end = multiples(f, band), np.empty(f, np.int64)
    nonzeros = CSR(scratch.values, scratch.b_offsets, row_start, row_end)
    dkernel_flat, dkernel_rows = dkernel.ravel(), multiples(f, kh * run)
    for top in range(0, oh * ow, band):
        sort_by_filter(active, top, min(top + band, oh * ow), f, nonzeros)
        for di in range(kh):
            # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
            out = ScatteredRows(dkernel_flat, di * run, dkernel_rows)
            call(sparse_gemm, (out, nonzeros, View(pixels, di * line), run))


@inlined
def sort_by_filter(active, first, last, f, nonzeros):
    """Write the gradients of windows first to last to the rows of a sparse matrix, one for each filter."""
    values, b_offsets, row_end = nonzeros.values, nonzeros.b_offsets, nonzeros.row_end
    for ch in range(f):
        row_end[ch] = nonzeros.row_start[ch]
    for window in range(first, last):
        for k in range(active.counts[window], active.counts[window + 1]):
            position = active.positions[k]
            ch = position - window * f
            values[row_end[ch]] = active.dz[position]
            # What the gradient is multiplied with: the part of the image that the maximum's pixel saw.
            b_offsets[row_end[ch]] = active.window_offsets[window, active.argmax[position]]
            row_end[ch] += 1


@inlined
def add_input_gradient(sparse_gemm, active, scratch, exchanged, dx, line):
    """Add one sample's gradient to dx, padding included and flat: each output pixel gives to all it saw.

    The sparse matrix has a row for each output pixel; row p begins at p · f.
    """
    (kh, f, run), window_offsets, weights = (
        exchanged.shape,
        active.window_offsets,
        exchanged.ravel(),
    )
    row_start, dx_rows = multiples(window_offsets.size, f), window_offsets.ravel()
    nonzeros = CSR(scratch.values, scratch.b_offsets, row_start, scratch.row_end)
    sort_by_pixel(active, f, run, nonzeros)
    for di in range(kh):  # one kernel row after the other, for each fits the first-level cache
        # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
        out, kernel_row = ScatteredRows(dx, di * line, dx_rows), View(weights, di * f * run)
        call(sparse_gemm, (out, nonzeros, kernel_row, run))


@inlined
def sort_by_pixel(active, f, run, nonzeros):
    """Write all gradients to the rows of a sparse matrix, one for each pixel of the convolution's output."""
    values, b_offsets, row_end = nonzeros.values, nonzeros.b_offsets, nonzeros.row_end
    windows, window_size = active.window_offsets.shape
    for pixel in range(windows * window_size):
        row_end[pixel] = nonzeros.row_start[pixel]
    for window in range(windows):
        for k in range(active.counts[window], active.counts[window + 1]):
            position = active.positions[k]
            pixel = window * window_size + active.argmax[position]
            values[row_end[pixel]] = active.dz[position]
            # What the gradient is multiplied with: its filter's numbers in a row of the kernel.
            b_offsets[row_end[pixel]] = (position - window * f) * run
            row_end[pixel] += 1
