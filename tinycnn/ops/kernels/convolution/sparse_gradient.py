"""The backward step of a convolution followed by ReLU, max pooling and dropout, by `sparse_gemm`.

Its gradient dz is mostly zero: at most one number of each pooling window, the maximum, has a gradient. The
nonzeros are listed once for each sample, and then sorted into rows of a sparse matrix, twice:

    dkernel   a row for each filter          times   the windows of the image, one row of each at a time
    dx        a row for each output pixel    times   a row of the kernel, (f, kw · c)
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.blocks.matrix import View
from tinycnn.ops.kernels.blocks.sparse_gemm import CSR, ScatteredRows, multiples
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined
from tinycnn.ops.kernels.convolution.cache_blocking import fit_count

# Of a band of image rows, in `add_kernel_gradient`: it fits the first-level cache.
IMAGE_BYTES = 24 * 1024


class Active(NamedTuple):
    """A list of one sample's gradients that are not zero; a window here is one of the pooling.

    The nonzeros of window q are dz[positions[counts[q] : counts[q + 1]]].
    """

    dz: np.ndarray  # flat, (windows, f): the gradient of each maximum
    argmax: np.ndarray  # flat, (windows, f): the maximum's index in its window
    positions: np.ndarray  # int64: indices into dz
    counts: np.ndarray  # int64, (windows + 1,): how many nonzeros there are before each window
    window_offsets: np.ndarray  # (windows, ph · pw): see `find_window_offsets`


class Nonzeros(NamedTuple):
    """Scratch for fields of a `CSR`: for one sample's nonzeros, sorted by filter or by pixel."""

    values: np.ndarray  # (the most nonzeros + 1,)
    b_offsets: np.ndarray  # likewise
    row_end: np.ndarray  # (pixels of the convolution's output,)


@inlined
def allocate_nonzeros(pixels, f, like):
    """Return `Nonzeros` for a convolution output of `pixels` pixels and f filters, of the dtype of `like`."""
    values, b_offsets = np.empty(pixels * f + 1, like.dtype), np.empty(pixels * f + 1, np.int64)
    return Nonzeros(values, b_offsets, np.empty(pixels, np.int64))


@inlined
def scale_into(dz, dy, scale):
    """Write dz = scale · dy, both flat: the gradient before dropout, right where y was kept."""
    for position in range(len(dz)):
        # forward: y = scale · the maximum, where kept
        dz[position] = scale * dy[position]


@inlined
def list_active(active, y, dbias):
    """Fill active.positions and active.counts with one sample's nonzeros, and add these to dbias.

    Args:
        active: an `Active` with dz filled.
        y: the forward step's output, flat, (windows, f): where it is not above 0, the gradient is 0.
        dbias: (f,), is added to.
    """
    dz, positions, counts, f, count = active.dz, active.positions, active.counts, len(dbias), 0
    for window in range(len(counts) - 1):
        counts[window] = count
        for position in range(window * f, (window + 1) * f):
            # forward: y = 0 where the maximum < 0, or dropped
            # Always written, but counted only if nonzero: a branch would be mispredicted half of the time.
            positions[count] = position
            count += (y[position] > 0) & (dz[position] != 0)
        for k in range(counts[window], count):
            # forward: z[i, j] = ... + bias
            dbias[positions[k] - window * f] += dz[positions[k]]
    counts[len(counts) - 1] = count


@inlined
def find_window_offsets(windows, pool, strides, row_stride, pixel_stride):
    """Return, for each pixel of the convolution's output, where in the flat padded image its window begins.

    Args:
        windows: (rows, columns, f) of the pooled output.
        pool: (ph, pw).
        strides: (sh, sw) of the convolution.
        row_stride, pixel_stride: elements from row to row, and from pixel to pixel, of the image.

    Returns:
        int64 (rows · columns, ph · pw): pixels are sorted by pooling window and index in that window.
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
    """Add one sample's gradient to dkernel, (f, kh, kw · c).

    The sparse matrix has a row for each filter. It is made for a band of rows of pooling windows at a time,
    whose part of the image fits the first-level cache.

    Args:
        sparse_gemm: the address of `sparse_gemm`, from `sparse_gemm_address`.
        active: the sample's `Active`.
        scratch: `Nonzeros`.
        windows: (rows, columns, f) of the pooled output.
        pixels: the padded image, flat.
        line: elements from row to row of the image.
        dkernel: is added to.
    """
    (oh, ow, f), (_, kh, run), window_offsets = windows, dkernel.shape, active.window_offsets
    # Elements of the image from one row of pooling windows to the next.
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
    """Fill `nonzeros`, a `CSR` with a row for each filter, with the nonzeros of windows first to last - 1.

    The b_offsets say where in the image the window of each nonzero's pixel begins.
    """
    values, b_offsets, row_end = nonzeros.values, nonzeros.b_offsets, nonzeros.row_end
    for ch in range(f):
        row_end[ch] = nonzeros.row_start[ch]
    for window in range(first, last):
        for k in range(active.counts[window], active.counts[window + 1]):
            position = active.positions[k]
            ch = position - window * f
            values[row_end[ch]] = active.dz[position]
            b_offsets[row_end[ch]] = active.window_offsets[window, active.argmax[position]]
            row_end[ch] += 1


@inlined
def add_input_gradient(sparse_gemm, active, scratch, transposed, dx, line):
    """Add one sample's gradient to dx, the gradient of the padded image, flat.

    The sparse matrix has a row for each pixel of the convolution's output. Its product with row di of the
    kernel is added to row di of the pixel's window in dx.

    Args:
        sparse_gemm: the address of `sparse_gemm`, from `sparse_gemm_address`.
        active: the sample's `Active`.
        scratch: `Nonzeros`.
        transposed: the kernel, transposed to (kh, f, kw · c).
        dx: is added to.
        line: elements from row to row of dx.
    """
    (kh, f, run), window_offsets, weights = (
        transposed.shape,
        active.window_offsets,
        transposed.ravel(),
    )
    row_start, dx_rows = multiples(window_offsets.size, f), window_offsets.ravel()
    nonzeros = CSR(scratch.values, scratch.b_offsets, row_start, scratch.row_end)
    sort_by_pixel(active, f, run, nonzeros)
    for di in range(kh):  # one kernel row at a time: it fits the first-level cache
        # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
        out, kernel_row = ScatteredRows(dx, di * line, dx_rows), View(weights, di * f * run)
        call(sparse_gemm, (out, nonzeros, kernel_row, run))


@inlined
def sort_by_pixel(active, f, run, nonzeros):
    """Fill `nonzeros`, a `CSR` with a row for each pixel of the convolution's output, with all nonzeros.

    The b_offsets say where each nonzero's filter begins in a row of the kernel, (f, run): at filter · run.
    """
    values, b_offsets, row_end = nonzeros.values, nonzeros.b_offsets, nonzeros.row_end
    windows, window_size = active.window_offsets.shape
    for pixel in range(windows * window_size):
        row_end[pixel] = nonzeros.row_start[pixel]
    for window in range(windows):
        for k in range(active.counts[window], active.counts[window + 1]):
            position = active.positions[k]
            pixel = window * window_size + active.argmax[position]
            values[row_end[pixel]] = active.dz[position]
            b_offsets[row_end[pixel]] = (position - window * f) * run
            row_end[pixel] += 1
