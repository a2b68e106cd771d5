"""The gradient of a convolution with respect to its image: gradients of windows, added where these lie.

    forward     y[i, j] = Σ x[i·sh + di, j·sw + dj] · kernel[di, dj]        over di, dj and channels
    backward    x[i·sh + di, j·sw + dj] gets Σ dy[i, j] · kernel[di, dj]    over filters, for each (i, j)

For all windows of some image rows the products with a row of the kernel are one GEMM, (windows, f) times
(f, kw · c), whose rows are added to dx: a row of a window is one unbroken run of kw · c numbers, as in
`direct.py`. Windows side by side overlap. They are added in turns of those that do not, because to read what
was written a moment ago at another place makes a CPU wait. This way is known as col2im.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    RightOperand,
    gemm_address,
    matrix_operand,
    round_up_to_vectors,
    tile_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.matrix_rows import add_matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import crop_into, pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES
from tinycnn.ops.kernels.convolution.cache_blocking import fit_count
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.recording import recordable

COLUMN_BYTES = (
    24 * 1024
)  # of the products that are added at once: they stay in the first-level cache


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
        panels=transposed_panels(kernel),
        geometry=convolution_geometry(x_shape[1:3], kernel.shape[:2], strides, padding),
        dx=dx,
    )
    return dx


@recordable
def transposed_panels(kernel: np.ndarray) -> np.ndarray:
    """Return each kernel row of (kh, kw, c, f) as a matrix (f, kw · c) in panels: (kh, panels, f, width)."""
    kh, kw, c, f = kernel.shape
    columns = kw * c
    width = min(tile_width(kernel.dtype), round_up_to_vectors(columns, kernel.dtype))
    panels = -(-columns // width)
    padded = np.zeros((kh, panels * width, f), kernel.dtype)
    padded[:, :columns] = kernel.reshape(kh, columns, f)
    return np.ascontiguousarray(padded.reshape(kh, panels, width, f).transpose(0, 1, 3, 2))


@jit
def backward_input_span(start, stop, gemm, dy, relu_output, panels, geometry, dx):
    """Write dx[start:stop].

    Args:
        start, stop: which samples.
        gemm: the address of `gemm`, from `gemm_address`.
        dy: (n, oh, ow, f).
        relu_output: see `backward_input`.
        panels: the kernel, from `transposed_panels`.
        geometry: of the convolution.
        dx: (n, h, w, c), is written.
    """
    (_, oh, ow, f), (_, h, w, c), (ph, pw) = dy.shape, dx.shape, geometry.padded_size
    padded_columns = panels.shape[1] * panels.shape[3]
    rows = min(oh, fit_count(COLUMN_BYTES, ow * padded_columns * dx.itemsize))
    active, products = (
        np.empty((oh, ow, f), dy.dtype),
        np.empty(rows * ow * padded_columns, dy.dtype),
    )
    image = np.empty((ph, pw, c), dx.dtype)
    for b in range(start, stop):
        dz = pad_image(dy, relu_output, b, (0, 0), active)
        # Without padding dx is summed in its place.
        inside = (ph, pw) == (h, w)
        total = dx[b].ravel() if inside else image.ravel()
        set_to_zero(total)
        for i in range(0, oh, rows):
            add_windows(gemm, dz, i, min(rows, oh - i), panels, geometry, c, products, total)
        if not inside:
            crop_into(image, geometry.pad_top_left, dx, b)


@inlined
def add_windows(gemm, dz, first, rows, panels, geometry, c, products, total):
    """Add the gradients of all windows of output rows first to first + rows - 1 to the padded image.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        dz: the gradient of the convolution's output, flat, (oh, ow, f).
        first, rows: which rows.
        panels: the kernel, from `transposed_panels`.
        geometry: of the convolution.
        c: channels.
        products: scratch memory for the gradients of one kernel row, flat, (rows · ow, kw · c), columns
            padded to whole panels.
        total: the padded image, flat, (padded rows, padded columns, c), is added to.
    """
    (kh, count, f, width), (_, ow), (sh, sw) = panels.shape, geometry.output, geometry.strides
    kw, line, weights = geometry.kernel_size[1], geometry.padded_size[1] * c, panels.ravel()
    columns, stride = kw * c, count * width
    turns = (kw + sw - 1) // sw  # windows so far apart do not overlap
    lanes = VECTOR_BYTES // dz.itemsize
    whole = (columns + lanes - 1) // lanes * lanes  # columns of products: whole vectors
    zeros = Matrix(np.zeros(width, dz.dtype), 0, row_stride=0)
    # Where no windows overlap, products are dx: they are written there, an output row at a time.
    apart = kh <= sh and turns == 1
    height = 1 if apart else rows  # output rows of a product
    for di in range(kh):
        for panel in range(count):
            column = panel * width
            right = RightOperand(weights, (di * count + panel) * f * width, width, 0)
            for i in range(first, first + rows, height):
                left = matrix_operand(dz, i * ow * f, row_stride=f, k_stride=1, length=f)
                out, written = Matrix(products, column, row_stride=stride), whole - column
                if apart:
                    out = Matrix(total, (i * sh + di) * line + column, row_stride=sw * c)
                    written = columns - column
                # forward: y[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
                call(gemm, (out, zeros, left, right, height * ow, min(width, written)))
        for i in range(0 if apart else rows):
            row = ((first + i) * sh + di) * line
            for turn in range(min(turns, ow)):
                target = Matrix(total, row + turn * sw * c, row_stride=turns * sw * c)
                window = Matrix(products, (i * ow + turn) * stride, row_stride=turns * stride)
                add_matrix(target, window, (ow - turn + turns - 1) // turns, columns)
