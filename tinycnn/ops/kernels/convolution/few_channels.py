"""The gradient of a convolution with respect to an image of few channels: pixels fill the vectors instead.

`gemm.py` gives every lane of a vector a column of the result. With one channel seven of eight
lanes would be idle. So the gradients dy are transposed, a row of the image at a time, until a vector holds
neighbouring *pixels* of one filter; the rows of the result are channels then, its columns pixels.

    dy, a row of the image: (ow, f)              transposed: (f, ow)
    +----------+  a pixel                        +------------------+  a filter
    | f0 f1 .. |                     ------>     | p0 p1 p2 p3 ..   |
    | f0 f1 .. |                                 | p0 p1 p2 p3 ..   |
    +----------+                                 +------------------+

One step to the right in the kernel is one number to the right in memory. Sums run in the order of
`direct.py`, so the bits are the same.
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
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution.direct import grain
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair, padded_size, top_left


def backward_input(
    dy: np.ndarray,
    kernel: np.ndarray,
    x_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> np.ndarray:
    """Return dx (n, h, w, c) as `reference.conv2d_backward_input` does, strides of 1.

    Args: as there; less padding beside the image than the kernel has columns; `relu_output` of a ReLU
    behind the convolution, shaped as dy, or no samples.
    """
    dx, start = aligned_empty(x_shape, dy.dtype), top_left(padding)
    flipped = np.ascontiguousarray(kernel[:, ::-1].transpose(0, 2, 1, 3))  # (kh, c, kw, f)
    rows, _ = padded_size(x_shape[1:3], padding)
    padded_columns = round_up_to_vectors(x_shape[2], dx.dtype)
    addresses = gemm_address(dy.dtype), transpose_address(dy.dtype)
    arguments = addresses, dy, relu_output, flipped, start, rows, padded_columns, dx
    least = grain(len(dy), dy.size * kernel[..., 0].size)
    workers.run(backward_input_span, len(dy), least, *arguments)
    return dx


@jit
def backward_input_span(
    start, stop, addresses, dy, relu_output, flipped, pad_top_left, rows, padded_columns, dx
):
    """Write dx of samples start to stop: each row of dy gives to all rows that it saw."""
    (_, h, w, c), (_, oh, ow, f), (kh, _, kw, _) = dx.shape, dy.shape, flipped.shape
    dy_flat, dx_flat, (gemm, transpose) = dy.ravel(), dx.ravel(), addresses
    all_active = len(relu_output) == 0
    relu_flat = dy_flat if all_active else relu_output.ravel()
    width = padded_columns + kw - 1  # whole vectors are read, shifted by the kernel
    pixels = np.zeros(f * width, dy.dtype)
    planes = np.empty(rows * c * padded_columns, dy.dtype)
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
        set_to_zero(planes)
        for i in range(oh):
            source = Matrix(dy_flat, (b * oh + i) * ow * f, row_stride=f)
            target = Matrix(pixels, kw - 1 - pad_top_left[1], row_stride=width)
            call(transpose, (source, relu_flat, all_active, ow, f, target))
            # forward: y[i, j] = Σ x[i + di, j + dj] · kernel[di, dj]
            out = Matrix(planes, i * c * padded_columns, row_stride=padded_columns)
            shifted = RightOperand(pixels, 0, k_stride=width, segment_stride=1)
            call(gemm, (out, out, kernel, shifted, kh * c, padded_columns))
        for r in range(h):
            for ch in range(c):
                plane_row = ((r + pad_top_left[0]) * c + ch) * padded_columns
                offset = (b * h + r) * w * c + ch
                for q in range(w):
                    dx_flat[offset + q * c] = planes[plane_row + q]
