"""The backward step of a convolution followed by ReLU, max pooling and dropout, by `sparse_gemm`.

Its gradient dz is mostly zero: at most one number of each pooling window, the maximum, has a gradient. The
nonzeros are sorted into rows of a sparse matrix, twice:

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


class PooledGradient(NamedTuple):
    """One sample's gradient as it comes back to the pooling; a window here is one of the pooling."""

    dy: np.ndarray  # flat, (windows, f): the gradient of y
    y: np.ndarray  # likewise: where it is not above 0, the gradient of the maximum is 0
    argmax: np.ndarray  # likewise: the maximum's index in its window
    scale: float  # dropout's: the gradient of a maximum is scale · dy
    window_offsets: np.ndarray  # (windows, ph · pw): see `find_window_offsets`


class Nonzeros(NamedTuple):
    """Scratch for fields of a `CSR`: for one sample's nonzeros, sorted by filter or by pixel."""

    values: np.ndarray  # a row has room for one number more than it can have
    b_offsets: np.ndarray  # likewise
    row_end: np.ndarray  # (pixels of the convolution's output,)


@inlined
def allocate_nonzeros(pixels, f, like):
    """Return `Nonzeros` for a convolution output of `pixels` pixels and f filters, of the dtype of `like`."""
    room = pixels * (f + 1) + f
    return Nonzeros(
        np.empty(room, like.dtype), np.empty(room, np.int64), np.empty(pixels, np.int64)
    )


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
def add_kernel_gradient(sparse_gemm, gradient, scratch, windows, pixels, line, dkernel, dbias):
    """Add one sample's gradient to dkernel, (f, kh, kw · c), and to dbias, (f,).

    The sparse matrix has a row for each filter. It is made for a band of rows of pooling windows at a time,
    whose part of the image fits the first-level cache.

    Args:
        sparse_gemm: the address of `sparse_gemm`, from `sparse_gemm_address`.
        gradient: the sample's `PooledGradient`.
        scratch: `Nonzeros`.
        windows: (rows, columns, f) of the pooled output.
        pixels: the padded image, flat.
        line: elements from row to row of the image.
        dkernel, dbias: are added to.
    """
    (oh, ow, f), (_, kh, run), window_offsets = windows, dkernel.shape, gradient.window_offsets
    # Elements of the image from one row of pooling windows to the next.
    below = window_offsets[ow * (oh > 1), 0] - window_offsets[0, 0]
    band = min(oh, fit_count(IMAGE_BYTES, below * pixels.itemsize)) * ow
    row_start, row_end = multiples(f, band + 1), np.empty(f, np.int64)
    nonzeros = CSR(scratch.values, scratch.b_offsets, row_start, row_end)
    dkernel_flat, dkernel_rows = dkernel.ravel(), multiples(f, kh * run)
    for top in range(0, oh * ow, band):
        sort_by_filter(gradient, top, min(top + band, oh * ow), nonzeros, dbias)
        for di in range(kh):
            # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
            out = ScatteredRows(dkernel_flat, di * run, dkernel_rows)
            call(sparse_gemm, (out, nonzeros, View(pixels, di * line), run))


@inlined
def sort_by_filter(gradient, first, last, nonzeros, dbias):
    """Fill `nonzeros`, a `CSR` with a row for each filter, with those of windows first to last - 1.

    They are added to dbias, (f,). The b_offsets say where in the image the window of each nonzero's pixel
    begins.
    """
    values, b_offsets, row_end = nonzeros.values, nonzeros.b_offsets, nonzeros.row_end
    (dy, y, argmax, scale, window_offsets), f = gradient, len(dbias)
    for ch in range(f):
        row_end[ch] = nonzeros.row_start[ch]
    for window in range(first, last):
        # Slices, so that the loop counts from 0: Numba need not test for negative indices.
        span, offsets = slice(window * f, (window + 1) * f), window_offsets[window]
        dy_now, y_now, argmax_now = dy[span], y[span], argmax[span]
        for ch in range(f):
            # forward: y = scale · the maximum where that is above 0 and kept, else 0
            dz, end = scale * dy_now[ch], row_end[ch]
            # Always written, but counted only if nonzero: a branch would be mispredicted half of the time.
            values[end], b_offsets[end] = dz, offsets[argmax_now[ch]]
            row_end[ch] = end + ((y_now[ch] > 0) & (dz != 0))
    for ch in range(f):
        # forward: z[i, j] = ... + bias
        for k in range(nonzeros.row_start[ch], row_end[ch]):
            dbias[ch] += values[k]


@inlined
def add_input_gradient(sparse_gemm, gradient, scratch, transposed, dx, line):
    """Add one sample's gradient to dx, the gradient of the padded image, flat.

    The sparse matrix has a row for each pixel of the convolution's output. Its product with row di of the
    kernel is added to row di of the pixel's window in dx.

    Args:
        sparse_gemm: the address of `sparse_gemm`, from `sparse_gemm_address`.
        gradient: the sample's `PooledGradient`.
        scratch: `Nonzeros`.
        transposed: the kernel, transposed to (kh, f, kw · c).
        dx: is added to.
        line: elements from row to row of dx.
    """
    (kh, f, run), window_offsets, weights = (
        transposed.shape,
        gradient.window_offsets,
        transposed.ravel(),
    )
    row_start, dx_rows = multiples(window_offsets.size, f + 1), window_offsets.ravel()
    nonzeros = CSR(scratch.values, scratch.b_offsets, row_start, scratch.row_end)
    sort_by_pixel(gradient, f, run, nonzeros)
    for di in range(kh):  # one kernel row at a time: it fits the first-level cache
        # forward: z[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
        out, kernel_row = ScatteredRows(dx, di * line, dx_rows), View(weights, di * f * run)
        call(sparse_gemm, (out, nonzeros, kernel_row, run))


@inlined
def sort_by_pixel(gradient, f, run, nonzeros):
    """Fill `nonzeros`, a `CSR` with a row for each pixel of the convolution's output, with all nonzeros.

    The b_offsets say where each nonzero's filter begins in a row of the kernel, (f, run): at filter · run.
    """
    values, b_offsets, row_end = nonzeros.values, nonzeros.b_offsets, nonzeros.row_end
    dy, y, argmax, scale, window_offsets = gradient
    windows, window_size = window_offsets.shape
    for pixel in range(windows * window_size):
        row_end[pixel] = nonzeros.row_start[pixel]
    for window in range(windows):
        span = slice(window * f, (window + 1) * f)
        dy_now, y_now, argmax_now = dy[span], y[span], argmax[span]
        pixel_end = row_end[window * window_size : (window + 1) * window_size]
        for ch in range(f):
            # As in `sort_by_filter`.
            dz, end = scale * dy_now[ch], pixel_end[argmax_now[ch]]
            values[end], b_offsets[end] = dz, ch * run
            pixel_end[argmax_now[ch]] = end + ((y_now[ch] > 0) & (dz != 0))
