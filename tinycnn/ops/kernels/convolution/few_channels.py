"""The gradient of a convolution with respect to an image of few channels: pixels fill the vectors instead.

`gemm.py` gives every lane of a vector a column of the result. With one channel seven of eight lanes would be
idle. So the gradients dy are transposed, a row of the image at a time: a vector then holds neighbouring
*pixels* of one filter, and the matrix that GEMM writes has a row for each channel, a column for each pixel.

    dy, a row of the image: (ow, f)              transposed: (f, ow)
    +----------+  a pixel                        +------------------+  a filter
    | f0 f1 .. |                     ------>     | p0 p1 p2 p3 ..   |
    | f0 f1 .. |                                 | p0 p1 p2 p3 ..   |
    +----------+                                 +------------------+

One step to the right in the kernel is one number to the right in memory.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    round_up_to_vectors,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.transpose import transpose_address
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.recording import recorded


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
        dy, kernel, x_shape: as in `reference.conv2d_backward_input`.
        strides: must be (1, 1).
        padding: left and right must be less than kw; `algorithms.py` makes sure of that.
        relu_output: output of a ReLU behind the convolution, shaped as dy: where it is not above 0, dy
            counts as 0. Of length 0: there is no ReLU.
    """
    n, dx = len(dy), aligned_empty(x_shape, dy.dtype)
    geometry = convolution_geometry(x_shape[1:3], kernel.shape[:2], strides, padding)
    padded_columns = round_up_to_vectors(x_shape[2], dx.dtype)
    workers.run(
        backward_input_span,
        n,
        grain(n, dy.size * kernel[..., 0].size),  # each dy meets every weight of its filter once
        gemm=gemm_address(dy.dtype),
        transpose=transpose_address(dy.dtype),
        dy=dy,
        relu_output=relu_output,
        # Only the kernel's columns are reversed. Its rows are not: each adds to another row of dx.
        flipped=recorded(
            np.ascontiguousarray, kernel[:, ::-1].transpose(0, 2, 1, 3)
        ),  # (kh, c, kw, f)
        planes_shape=(geometry.padded_size[0], padded_columns),
        pad_top_left=geometry.pad_top_left,
        dx=dx,
    )
    return dx


@jit
def backward_input_span(
    start, stop, gemm, transpose, dy, relu_output, flipped, planes_shape, pad_top_left, dx
):
    """Write dx of samples start to stop: row i of dy adds to rows i to i + kh - 1 of the padded image.

    Args:
        start, stop: which samples.
        gemm, transpose: the addresses of these functions, from `..._address`.
        dy: (n, oh, ow, f).
        relu_output: see `backward_input`.
        flipped: the kernel, columns reversed, (kh, c, kw, f).
        planes_shape: the number of rows of the padded image, and w rounded up to whole vectors.
        pad_top_left: of the convolution.
        dx: (n, h, w, c), is written.
    """
    (_, oh, ow, f), (kh, c, kw, _), (rows, padded_columns) = dy.shape, flipped.shape, planes_shape
    dy_flat, all_active = dy.ravel(), len(relu_output) == 0
    relu_flat = dy_flat if all_active else relu_output.ravel()
    width = padded_columns + kw - 1  # whole vectors are read, from each of kw columns on
    pixels = np.zeros(f * width, dy.dtype)  # a row of dy, transposed: (f, width)
    planes = np.empty(rows * c * padded_columns, dy.dtype)  # (rows, c, padded_columns)
    # Rows of the result are (kernel row, channel); k runs over filters, segments over columns of the kernel.
    kernel = LeftOperand(
        array=flipped.ravel(),
        offset=0,
        row_stride=kw * f,
        k_stride=1,
        segment_stride=f,
        segment_length=f,
        segments=kw,
    )
    for b in range(start, stop):
        # Sums begin at 0: kh rows of dy add to each row of planes.
        set_to_zero(planes)
        for i in range(oh):
            source = Matrix(dy_flat, (b * oh + i) * ow * f, row_stride=f)
            target = Matrix(pixels, kw - 1 - pad_top_left[1], row_stride=width)
            call(transpose, (source, relu_flat, all_active, ow, f, target))
            # forward: y[i, j] = Σ x[i + di, j + dj] · kernel[di, dj]
            # Row i of dy, times kernel row di, is added to row i + di of planes. For di = 0, 1, ... these
            # rows follow each other in memory, so one GEMM with kh · c rows adds to all of them.
            out = Matrix(planes, i * c * padded_columns, row_stride=padded_columns)
            shifted = RightOperand(pixels, 0, k_stride=width, segment_stride=1)
            call(gemm, (out, out, kernel, shifted, kh * c, padded_columns))
        interleave(planes, padded_columns, pad_top_left[0], dx, b)


@inlined
def interleave(planes, padded_columns, top, dx, b):
    """Write dx[b, r, q, ch] = planes[top + r, ch, q]; `planes` is flat, (rows, c, padded_columns)."""
    (_, h, w, c), dx_flat = dx.shape, dx.ravel()
    for r in range(h):
        for ch in range(c):
            plane_row = ((r + top) * c + ch) * padded_columns
            offset = (b * h + r) * w * c + ch
            for q in range(w):
                dx_flat[offset + q * c] = planes[plane_row + q]
