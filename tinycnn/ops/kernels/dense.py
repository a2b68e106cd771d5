"""Dense layers on the GEMM of `blocks/gemm.py`.

Long sums are taken in blocks: 256 products are added up by themselves, then the blocks' sums one by one. So a
number meets 256 roundings and one for each block, not one for each product: a float32 sum of 60,000 numbers
is ten times as precise. The blocks do not depend on threads or samples, nor do the bits.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import add, copy, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    ROWS,
    LeftOperand,
    RightOperand,
    gemm_address,
    pack_panels,
    round_up_to_vectors,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.sparse_gemm import CSR, multiples, sparse_gemm_address
from tinycnn.ops.kernels.blocks.transpose import transpose_address
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.thread_pool import workers

WORTH_A_THREAD = 4_000_000  # multiply-adds
# One pass takes this many k: so sums are precise, and its part of the kernel stays in the second-level cache.
BLOCK = 256
FEW = 4  # samples
INPUTS = 8 * ROWS  # whose gradients are computed at once
PANELS = 4  # packed at once
PANEL_COLUMNS = 16  # or as many as a vector has


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.dense_forward`: a group of columns at a time, each with one owner.

    For a few samples to read the kernel takes longest, so rows that meet a zero are not read. (A weight
    that is NaN or infinite is not noticed there.)
    """
    y = np.empty((len(x), len(bias)), x.dtype)
    if len(x) <= FEW:
        forward_few(sparse_gemm_address(x.dtype), x, kernel, bias, y)
        return y
    width = round_up_to_vectors(PANEL_COLUMNS, x.dtype)
    panels = max(1, min(PANELS, -(-len(bias) // width) // workers.get_count()))
    group = width * panels
    arguments = gemm_address(x.dtype), x, kernel, bias, width, group, y
    least = WORTH_A_THREAD // (x.size * group + 1)
    workers.run(forward_span, -(-len(bias) // group), least, *arguments)
    return y


@jit
def forward_few(sparse_gemm, x, kernel, bias, y):
    """Fill y, (n, f), with the sums of the rows of the kernel whose input is not zero, in blocks of k."""
    (n, c), f = x.shape, kernel.shape[1]
    values, b_offsets = np.empty(n * BLOCK, x.dtype), np.empty(n * BLOCK, np.int64)
    row_start, row_end, y_rows = multiples(n, BLOCK), multiples(n, BLOCK), multiples(n, f)
    y_flat, partial, weights = y.ravel(), np.empty(n * f, y.dtype), kernel.ravel()
    nonzeros = CSR(values, b_offsets, row_start, row_end)
    for sample in range(n):
        copy(bias, y[sample])
    for first in range(0, c, BLOCK):
        for sample in range(n):
            end = row_start[sample]
            for k in range(first, min(first + BLOCK, c)):
                # Written first and counted afterwards: a branch would be mispredicted half of the time.
                values[end], b_offsets[end] = x[sample, k], k * f
                end += x[sample, k] != 0
            row_end[sample] = end
        if first == 0:
            call(sparse_gemm, (y_flat, 0, y_rows, nonzeros, weights, 0, f))
        else:
            set_to_zero(partial)
            call(sparse_gemm, (partial, 0, y_rows, nonzeros, weights, 0, f))
            add(partial, y_flat)


@inlined
def add_rows(partial, partial_stride, z, z_offset, z_stride, rows, columns):
    """Add a matrix of `rows` x `columns` numbers in `partial` to one in `z`; both flat."""
    for i in range(rows):
        start, offset = i * partial_stride, z_offset + i * z_stride
        add(partial[start : start + columns], z[offset : offset + columns])


@jit
def forward_span(start, stop, gemm, x, kernel, bias, width, group, y):
    """Fill groups start to stop of y's columns, a block of k after the other.

    What is far apart in memory may map to the same sets of the cache: it is packed first.
    """
    (n, c), f = x.shape, len(bias)
    y_flat, x_flat, weights = y.ravel(), x.ravel(), kernel.ravel()
    # An odd number of panels from row to row, or the rows of a panel map to the same sets, too.
    stride = group + width
    a, b = np.empty(n * BLOCK, x.dtype), np.zeros(BLOCK * stride, x.dtype)
    partial, zeros = np.empty(n * stride, x.dtype), np.zeros(width, x.dtype)
    for k in range(0, max(1, c), BLOCK):
        length = min(BLOCK, c - k)
        left = LeftOperand(
            array=a,
            offset=0,
            row_stride=length,
            k_stride=1,
            segment_stride=0,
            segment_length=length,
            segments=1,
        )
        for sample in range(n):
            offset = sample * c + k
            copy(x_flat[offset : offset + length], a[sample * length : (sample + 1) * length])
        for first in range(start * group, min(stop * group, f), group):
            columns = min(group, f - first)
            for row in range(length):
                offset = (k + row) * f + first
                copy(weights[offset : offset + columns], b[row * stride : row * stride + columns])
            for column in range(0, columns, width):
                right = RightOperand(b, offset=column, k_stride=stride, segment_stride=0)
                panel_columns = min(width, columns - column)
                if k == 0:
                    out = Matrix(y_flat, offset=first + column, row_stride=f)
                    initial = Matrix(bias, offset=first + column, row_stride=0)
                else:
                    out = Matrix(partial, offset=column, row_stride=stride)
                    initial = Matrix(zeros, offset=0, row_stride=0)
                call(gemm, (out, initial, left, right, n, panel_columns))
            if k > 0:
                add_rows(partial, stride, y_flat, first, f, n, columns)


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.dense_backward_input`.

    dx = dy · kernelᵀ needs the kernel transposed. To transpose the small result is cheaper:
    dxᵀ = kernel · dyᵀ.
    """
    dx = aligned_empty((len(dy), len(kernel)), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * INPUTS + 1)
    addresses = gemm_address(dy.dtype), transpose_address(dy.dtype)
    panels = pack_panels(dy.T, round_up_to_vectors(PANEL_COLUMNS, dy.dtype))
    workers.run(
        backward_input_span, -(-len(kernel) // INPUTS), least, addresses, panels, kernel, dx
    )
    return dx


@jit
def backward_input_span(start, stop, addresses, panels, kernel, dx):
    """Fill the columns of dx that belong to groups start to stop of inputs; `panels` are those of dyᵀ."""
    (c, f), n, (count, _, width), (gemm, transpose) = (
        kernel.shape,
        len(dx),
        panels.shape,
        addresses,
    )
    scratch, zeros = np.empty(INPUTS * n, dx.dtype), np.zeros(width, dx.dtype)
    partial, dx_flat = np.empty(INPUTS * width, dx.dtype), dx.ravel()
    weights, dy_panels = kernel.ravel(), panels.ravel()
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        inputs = min(INPUTS, c - first)
        for panel in range(count):
            # forward: y = x @ kernel + bias
            column, columns = panel * width, min(width, n - panel * width)
            for k in range(0, max(1, f), BLOCK):
                length = min(BLOCK, f - k)
                left = LeftOperand(
                    array=weights,
                    offset=first * f + k,
                    row_stride=f,
                    k_stride=1,
                    segment_stride=0,
                    segment_length=length,
                    segments=1,
                )
                b_offset = column * f + k * width
                right = RightOperand(dy_panels, b_offset, k_stride=width, segment_stride=0)
                if k == 0:
                    out = Matrix(scratch, offset=column, row_stride=n)
                else:
                    out = Matrix(partial, offset=0, row_stride=width)
                initial = Matrix(zeros, offset=0, row_stride=0)
                call(gemm, (out, initial, left, right, inputs, columns))
                if k > 0:
                    add_rows(partial, width, scratch, column, n, inputs, columns)
        source, target = Matrix(scratch, 0, row_stride=n), Matrix(dx_flat, first, row_stride=c)
        call(transpose, (source, scratch, True, inputs, n, target))


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fast implementation of `reference.dense_backward_kernel`."""
    dkernel = aligned_empty((x.shape[1], dy.shape[1]), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * INPUTS + 1)
    addresses = gemm_address(dy.dtype), transpose_address(dy.dtype)
    panels = pack_panels(dy, round_up_to_vectors(PANEL_COLUMNS, dy.dtype))
    workers.run(
        backward_kernel_span, -(-x.shape[1] // INPUTS), least, addresses, panels, x, dkernel
    )
    sums = [dy[k : k + BLOCK].sum(axis=0) for k in range(0, max(1, len(dy)), BLOCK)]
    return dkernel, sum(sums[1:], sums[0])


@jit
def backward_kernel_span(start, stop, addresses, panels, x, dkernel):
    """Fill the rows of dkernel that belong to groups start to stop of inputs: k runs over the samples."""
    (n, c), f, (count, _, width), (gemm, transpose) = (
        x.shape,
        dkernel.shape[1],
        panels.shape,
        addresses,
    )
    scratch, zeros = np.empty(INPUTS * n, x.dtype), np.zeros(width, x.dtype)
    partial, dkernel_flat = np.empty(INPUTS * width, x.dtype), dkernel.ravel()
    x_flat, dy_panels = x.ravel(), panels.ravel()
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        inputs = min(INPUTS, c - first)
        source, target = Matrix(x_flat, first, row_stride=c), Matrix(scratch, 0, row_stride=n)
        call(transpose, (source, x_flat, True, n, inputs, target))
        for panel in range(count):
            # forward: y = x @ kernel + bias
            out_offset, columns = first * f + panel * width, min(width, f - panel * width)
            for k in range(0, max(1, n), BLOCK):
                length = min(BLOCK, n - k)
                left = LeftOperand(
                    array=scratch,
                    offset=k,
                    row_stride=n,
                    k_stride=1,
                    segment_stride=0,
                    segment_length=length,
                    segments=1,
                )
                b_offset = (panel * n + k) * width
                right = RightOperand(dy_panels, b_offset, k_stride=width, segment_stride=0)
                if k == 0:
                    out = Matrix(dkernel_flat, out_offset, row_stride=f)
                else:
                    out = Matrix(partial, offset=0, row_stride=width)
                initial = Matrix(zeros, offset=0, row_stride=0)
                call(gemm, (out, initial, left, right, inputs, columns))
                if k > 0:
                    add_rows(partial, width, dkernel_flat, out_offset, f, inputs, columns)
