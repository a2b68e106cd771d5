"""The gradient of a convolution with respect to its image: a convolution with the rotated kernel.

    forward     y[i, j] = Σ x[i·sh + di, j·sw + dj] · kernel[di, dj]        over di, dj and channels
    backward   dx[r, q] = Σ dy[(r - di) / sh, (q - dj) / sw] · kernel[di, dj]   over di, dj and filters

Where a stride is 1 that is again a convolution, of dy with zeros round it; rows and columns of the kernel run
the other way, and its channels and filters are exchanged. With strides, only terms whose quotients are whole
count: so all pixels of the padded image with the same (r mod sh, q mod sw) use the same rows and columns of
the kernel, called a part of it here, and dx is one convolution for each of the sh · sw parts.
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    pack_panels,
    panel_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution.cache_blocking import PANEL_BYTES, ROWS_BYTES, fit_count
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.recording import recordable

# If ow · sw < NARROW · w and f >= LONG, products with the zeros beside dy take longer than `add_columns`.
NARROW, LONG = 0.8, 32


class RotatedKernel(NamedTuple):
    """The sh · sw parts of a kernel, each rotated by 180°, channels and filters exchanged, and packed."""

    # Flat: for each part its panels from `pack_panels`, (panels, rows · columns · f, width).
    weights: np.ndarray
    part_offsets: np.ndarray  # where in weights each part begins
    sizes: np.ndarray  # (parts, 2): kernel rows and columns of each part
    width: int  # columns of a panel


@recordable
def rotate_kernel(kernel: np.ndarray, strides: Pair) -> RotatedKernel:
    """Return the `RotatedKernel` of a kernel (kh, kw, c, f).

    Part p · sw + q has the kernel's rows p, p + sh, ... and columns q, q + sw, ...
    """
    c, (sh, sw) = kernel.shape[2], strides
    rotated = [kernel[p::sh, q::sw][::-1, ::-1] for p in range(sh) for q in range(sw)]
    matrices = [part.transpose(0, 1, 3, 2).reshape(-1, c) for part in rotated]
    width = panel_width(matrices[0])
    parts = [pack_panels(matrix, width) for matrix in matrices]
    part_offsets = np.cumsum([0] + [part.size for part in parts])
    weights = np.concatenate([part.ravel() for part in parts])
    sizes = np.array([part.shape[:2] for part in rotated])
    return RotatedKernel(weights, part_offsets, sizes, width)


def backward_input(
    dy: np.ndarray,
    kernel: np.ndarray,
    x_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> np.ndarray:
    """Return dx (n, h, w, c) as `reference.conv2d_backward_input` does.

    Args:
        dy, kernel, x_shape, strides, padding: as in `reference.conv2d_backward_input`.
        relu_output: output of a ReLU behind the convolution, shaped as dy: where it is not above 0, dy
            counts as 0. Of length 0: there is no ReLU.
    """
    n, dx = len(dy), aligned_empty(x_shape, dy.dtype)
    workers.run(
        backward_input_span,
        n,
        grain(n, dy.size * kernel[..., 0].size),
        gemm=gemm_address(dy.dtype),
        dy=dy,
        relu_output=relu_output,
        rotated=rotate_kernel(kernel, strides),
        geometry=convolution_geometry(x_shape[1:3], kernel.shape[:2], strides, padding),
        dx=dx,
    )
    return dx


class Part(NamedTuple):
    """One part of the rotated kernel, and its pixels: those of x whose gradient is computed with it."""

    offset: int  # where in RotatedKernel.weights the part begins
    rows: int  # of the part, in kernel rows
    columns: int
    r: int  # its pixels are x[r :: sh, q :: sw]
    q: int
    x_rows: int  # its pixels: so many rows and columns
    x_columns: int
    i: int  # the window of its first pixel begins at [i, j] of the padded dy
    j: int


@inlined
def kernel_part(p, rotated, geometry, halo, dx):
    """Return the `Part` number `p` of the rotated kernel.

    Args:
        p: from 0 to sh · sw - 1.
        rotated: the `RotatedKernel`.
        geometry: of the convolution forward.
        halo: (rows, columns) of zeros above and left of dy.
        dx: (n, h, w, c); only its shape is used.
    """
    (_, h, w, _), (sh, sw), (top, left) = dx.shape, geometry.strides, geometry.pad_top_left
    rows, columns = rotated.sizes[p]
    # x[r, q] is [r + top, q + left] of the padded image, and that modulo the strides is (p // sw, p % sw).
    r, q = (p // sw - top) % sh, (p % sw - left) % sw
    return Part(
        offset=rotated.part_offsets[p],
        rows=rows,
        columns=columns,
        r=r,
        q=q,
        x_rows=(h - r + sh - 1) // sh,
        x_columns=(w - q + sw - 1) // sw,
        i=(r + top) // sh + halo[0] - rows + 1,
        j=(q + left) // sw + halo[1] - columns + 1,
    )


@jit
def backward_input_span(start, stop, gemm, dy, relu_output, rotated, geometry, dx):
    """Write dx[start:stop], one part of the kernel after the other.

    Args:
        start, stop: which samples.
        gemm: the address of `gemm`, from `gemm_address`.
        dy: (n, oh, ow, f).
        relu_output: see `backward_input`.
        rotated: the kernel, a `RotatedKernel`.
        geometry: of the convolution forward.
        dx: (n, h, w, c), is written.
    """
    (_, h, w, c), (_, _, ow, f), (sh, sw) = dx.shape, dy.shape, geometry.strides
    (kh, kw), (top, left) = geometry.kernel_size, geometry.pad_top_left
    # Rows of zeros above dy, and columns to the left: windows of the first pixels reach there.
    halo = (kh - 1) // sh, (kw - 1) // sw
    padded = (h - 1 + top) // sh + 1 + halo[0], (w - 1 + left) // sw + 1 + halo[1]
    image, dx_flat = np.zeros((padded[0], padded[1], f), dy.dtype), dx.ravel()
    # Much of the padded dy is zeros, to its left and right: see `convolve_part`.
    narrow = ow * sw < NARROW * w and f >= LONG
    for b in range(start, stop):
        pixels = pad_image(dy, relu_output, b, halo, image)
        gradients = Matrix(pixels, 0, row_stride=padded[1] * f)
        if narrow:
            set_to_zero(dx_flat[b * h * w * c : (b + 1) * h * w * c])
        for p in range(sh * sw):
            part = kernel_part(p, rotated, geometry, halo, dx)
            convolve_part(gemm, gradients, dy, rotated, part, geometry, halo, narrow, b, dx)


@inlined
def overlap(first, count, zeros, size):
    """Return which of the lines (rows or columns) first to first + count - 1 are not padding.

    Lines `zeros` to zeros + size - 1 hold numbers, those before and behind are zeros.

    Returns:
        (before, length): so many of the given lines come before the numbers, and so many lie in them.
    """
    before = min(count, max(0, zeros - first))
    return before, max(0, min(count, zeros + size - first) - before)


@inlined
def convolve_part(gemm, gradients, dy, rotated, part, geometry, halo, narrow, b, dx):
    """Write the pixels of dx[b] that belong to one part of the kernel.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        gradients: dy[b] with zeros round it, a `Matrix` whose rows are rows of pixels.
        dy: only its shape, (n, oh, ow, f), is used.
        rotated, part: the `RotatedKernel` and the `Part`.
        geometry: of the convolution forward.
        halo: (rows, columns) of zeros above and left of dy.
        narrow: whether to use `add_columns`, which leaves out the zeros to the left and right of dy; then
            dx[b] must be zeros at first.
        b: the index of the sample.
        dx: (n, h, w, c), is written.
    """
    (_, h, w, c), (_, oh, ow, f), (sh, sw) = dx.shape, dy.shape, geometry.strides
    width, run, line = rotated.width, part.columns * f, gradients.row_stride
    dx_flat, zeros = dx.ravel(), np.zeros(width, dx.dtype)
    band = fit_count(ROWS_BYTES, line * dx.itemsize)
    # How many kernel rows are multiplied at once; `add_columns` takes one row at a time.
    kernel_rows = 1 if narrow else fit_count(PANEL_BYTES, run * width * dx.itemsize)
    # Cache blocking: a band of rows of x stays in the cache while all panels of the kernel are applied to it,
    # and a panel while it is applied to all rows of the band.
    for top in range(0, part.x_rows, band):
        for panel in range((c + width - 1) // width):
            column = panel * width
            channels = min(width, c - column)
            for d in range(0, max(1, part.rows), kernel_rows):
                for row in range(top, min(top + band, part.x_rows)):
                    i = part.i + row + d
                    # Kernel rows that would be multiplied with zeros above or below dy are left out.
                    above, segments = overlap(i, min(kernel_rows, part.rows - d), halo[0], oh)
                    kernel_row = panel * part.rows + d + above
                    # forward: y[i, j] = Σ x[i·sh + di, j·sw + dj] · kernel[di, dj]
                    windows = LeftOperand(
                        array=gradients.array,
                        offset=(i + above) * line + part.j * f,
                        row_stride=f,
                        k_stride=1,
                        segment_stride=line,
                        segment_length=run,
                        segments=segments,
                    )
                    right = RightOperand(
                        array=rotated.weights,
                        offset=part.offset + kernel_row * run * width,
                        k_stride=width,
                        segment_stride=run * width,
                    )
                    pixel = (b * h + part.r + row * sh) * w + part.q
                    out = Matrix(dx_flat, pixel * c + column, row_stride=sw * c)
                    if narrow:
                        add_columns(gemm, out, windows, right, part, halo[1], ow, channels)
                    else:
                        # The first kernel rows write the pixels, the others add to them.
                        initial = Matrix(zeros, 0, row_stride=0) if d == 0 else out
                        call(gemm, (out, initial, windows, right, part.x_columns, channels))


@inlined
def add_columns(gemm, out, windows, right, part, zeros, ow, channels):
    """Do what one GEMM in `convolve_part` does, one column of the kernel at a time.

    So for each column the pixels whose dy is a zero of the padding can be left out.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        out: a `Matrix`: the part's pixels of a row of dx, is added to.
        windows, right: the operands for all columns of the part.
        part: the `Part`.
        zeros, ow: columns of zeros left of dy, and columns of dy.
        channels: how many columns `out` has.
    """
    f = windows.row_stride
    for e in range(part.columns):
        before, pixels = overlap(part.j + e, part.x_columns, zeros, ow)
        column_windows = LeftOperand(
            array=windows.array,
            offset=windows.offset + (e + before) * f,
            row_stride=f,
            k_stride=1,
            segment_stride=windows.segment_stride,
            segment_length=f,
            segments=windows.segments,
        )
        column_right = RightOperand(
            array=right.array,
            offset=right.offset + e * f * right.k_stride,
            k_stride=right.k_stride,
            segment_stride=right.segment_stride,
        )
        column_out = Matrix(out.array, out.offset + before * out.row_stride, out.row_stride)
        call(gemm, (column_out, column_out, column_windows, column_right, pixels, channels))
