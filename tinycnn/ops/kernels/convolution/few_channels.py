"""The gradient of a convolution by an image of few channels, whose pixels lie side by side instead.

`product.py` gives every lane of a vector a column of the result. With one channel seven of eight
lanes would be idle. So the gradients dy are turned, a row of the image at a time, until a vector holds
neighbouring *pixels* of one filter; the rows of the result are channels then, its columns pixels.

    dy, a row of the image: (ow, f)              turned: (f, ow)
    +----------+  a pixel                        +------------------+  a filter
    | f0 f1 .. |                     ------>     | p0 p1 p2 p3 ..   |
    | f0 f1 .. |                                 | p0 p1 p2 p3 ..   |
    +----------+                                 +------------------+

One step to the right in the kernel is one number to the right in memory. Sums run in the order of
`conv2d.py`, so the bits are the same.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.gemm import ONE, ZERO, product_address, whole_vectors
from tinycnn.ops.kernels.blocks.padding import Padding
from tinycnn.ops.kernels.blocks.transpose import turn_address
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.thread_pool import workers

FEW = 8  # channels, for which pixels side by side are faster


def backward_input(
    dy: np.ndarray, kernel: np.ndarray, padding: Padding, y: np.ndarray, dx: np.ndarray, least: int
) -> None:
    """Fill dx, (n, h, w, c), of a convolution with strides of 1.

    Args:
        dy: (n, oh, ow, f).
        kernel: (kh, kw, c, f).
        padding: of the convolution; fewer columns than the kernel has.
        y: of a ReLU behind the convolution, shaped as dy, or no samples.
        dx: is written.
        least: how many samples are worth a thread.
    """
    turned = np.ascontiguousarray(kernel[:, ::-1].transpose(0, 2, 1, 3))  # (kh, c, kw, f)
    rows, corner = dx.shape[1] + sum(padding[0]), (padding[0][0], padding[1][0])
    wide = whole_vectors(dx.shape[2], dx.dtype)
    addresses = product_address(dy.dtype), turn_address(dy.dtype)
    arrays = addresses, dy, y, turned, corner, rows, wide, dx
    workers.run(backward_input_span, len(dy), least, *arrays)


@jit
def backward_input_span(start, stop, addresses, dy, y, turned, corner, rows, wide, dx):
    """Write dx of samples start to stop: each row of dy gives to all rows that it saw."""
    (_, h, w, c), (_, oh, ow, f), (kh, _, kw, _) = dx.shape, dy.shape, turned.shape
    numbers, found, (product, turn) = dy.ravel(), dx.ravel(), addresses
    signs = y.ravel() if len(y) > 0 else numbers
    width = wide + kw - 1  # whole vectors are read, shifted by the kernel
    pixels, kernel = np.zeros(f * width, dy.dtype), turned.ravel()
    planes = np.empty(rows * c * wide, dy.dtype)
    # From row to row of the result, to the next filter, to the next column of the kernel.
    steps, b_steps = (kw * f, ONE, f, f, kw), (width, ONE)
    for b in range(start, stop):
        set_to_zero(planes)
        for i in range(oh):
            turned_row = pixels, kw - 1 - corner[1], width
            call(turn, (numbers, (b * oh + i) * ow * f, f, signs, len(y) == 0, ow, f, *turned_row))
            # forward: y[i, j] = Σ x[i + di, j + dj] · kernel[di, dj]
            places = planes, i * c * wide, wide, planes, i * c * wide, wide
            rest = kernel, ZERO, steps, pixels, ZERO, b_steps
            call(product, (*places, *rest, kh * c, wide))
        for r in range(h):
            for ch in range(c):
                read, at = ((r + corner[0]) * c + ch) * wide, (b * h + r) * w * c + ch
                for q in range(w):
                    found[at + q * c] = planes[read + q]
