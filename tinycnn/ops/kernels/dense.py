"""Dense layers on the GEMM of `blocks/gemm.py`.

Long sums are taken in blocks: 256 products are added up to a block's sum, then the sums of the blocks are
added. So a product is rounded at most 256 times and once for each block, instead of once for each later
product: a float32 sum of 60,000 numbers is ten times as precise. The blocks, and so the bits of the result,
do not depend on the number of threads or samples.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import add, copy, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    ROWS,
    RightOperand,
    gemm_address,
    matrix_operand,
    pack_panels,
    round_up_to_vectors,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix, View
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.nonzeros import list_nonzeros_address, place_table
from tinycnn.ops.kernels.blocks.sparse_gemm import (
    CSR,
    ScatteredRows,
    multiples,
    sparse_gemm_address,
)
from tinycnn.ops.kernels.blocks.transpose import transpose_address
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.partial_sums import sum_partials
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.recording import recordable, recorded

BLOCK = 256  # products in a block; so much of the kernel fits the second-level cache
FEW = 16  # for so many samples, or fewer, `sparse_span` is faster: reading the kernel takes most of the time
SPARSE = 0.45  # if a larger share of inputs is not 0, `forward_span` is faster for more samples
# The most samples that `sparse_span` takes at once: their sums fit the second-level cache.
GROUP = 128
# Columns and rows of a packed panel in `sparse_span`, which fits the first-level cache.
SPARSE_VECTORS = 12
SPARSE_ROWS = 24 * 1024 // (SPARSE_VECTORS * VECTOR_BYTES)
WORTH_READING = WORTH_A_THREAD // 8  # multiply-adds whose weights take as long to read
INPUTS = 8 * ROWS  # columns of x or dx that a thread works on at once
PANELS = 4  # at most so many panels of the kernel are packed at once
PANEL_COLUMNS = 16  # of a packed panel; more if a vector is wider


def dense_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return y (n, f): fast implementation of `reference.dense_forward`: threads share groups of y's columns.

    Where many inputs are 0, as behind a ReLU, these are left out. (So 0 times a weight that is NaN or
    infinite gives 0 there, not NaN.)
    """
    if len(x) <= FEW or is_sparse(x):
        return sparse_forward(x, kernel, bias)
    y = np.empty((len(x), len(bias)), x.dtype)
    width = round_up_to_vectors(PANEL_COLUMNS, x.dtype)
    # Up to PANELS in a group; fewer where there would be fewer groups than threads.
    panels = max(1, min(PANELS, -(-len(bias) // width) // workers.get_count()))
    group = width * panels
    workers.run(
        forward_span,
        -(-len(bias) // group),
        WORTH_A_THREAD // (x.size * group + 1),
        gemm=gemm_address(x.dtype),
        x=x,
        kernel=kernel,
        bias=bias,
        width=width,
        group=group,
        y=y,
    )
    return y


def is_sparse(x: np.ndarray) -> bool:
    """Return whether so many inputs are 0 that `sparse_span` is faster: both ways give the same bits."""
    # A guess is enough, by every ninth input of four samples; nine, as channels repeat in powers of two.
    some = x[:: -(-len(x) // 4), ::9]
    return np.count_nonzero(some) <= SPARSE * some.size


def sparse_forward(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return y (n, f) from the inputs that are not 0.

    For few samples threads share the blocks of k, so that each reads whole rows of the kernel; for more they
    share the samples.
    """
    (n, c), f, few = x.shape, len(bias), len(x) <= FEW
    blocks = max(1, -(-c // BLOCK)) if few else 1
    group = max(1, n) if few else min(GROUP, -(-n // workers.get_count()))
    parts, sums = blocks * -(-max(1, n) // group), np.empty((blocks, n, f), x.dtype)
    workers.run(
        sparse_span,
        parts,
        WORTH_READING * parts // (x.size * f + 1),
        list_nonzeros=list_nonzeros_address(x.dtype),
        sparse_gemm=sparse_gemm_address(x.dtype),
        x=x,
        kernel=kernel,
        bias=bias,
        table=recorded(place_table),
        group=group,
        sums=sums,
    )
    return sums[0] if blocks == 1 else sum_partials(sums.reshape(blocks, n * f)).reshape(n, f)


@jit
def sparse_span(start, stop, list_nonzeros, sparse_gemm, x, kernel, bias, table, group, sums):
    """Write parts start to stop - 1 of `sums`; a part is of a group of samples and one or all blocks of k.

    Args:
        start, stop: which parts.
        list_nonzeros, sparse_gemm: the addresses of these functions, from `..._address`.
        x, kernel, bias: (n, c), (c, f) and (f,).
        table: from `place_table`.
        group: how many samples are a group.
        sums: (blocks, n, f): for each block of k its share of y; or (1, n, f): y. It is written.
    """
    (blocks, n, f), c, lanes = sums.shape, x.shape[1], VECTOR_BYTES // x.itemsize
    x_flat, weights, y_flat = x.ravel(), kernel.ravel(), sums.ravel()
    partial = np.empty(group * f, x.dtype)
    # For many samples parts of the kernel are copied, so that they stay in the first-level cache.
    packed, height, width = group > FEW, BLOCK, max(1, f)
    if packed:
        height, width = SPARSE_ROWS, SPARSE_VECTORS * lanes
    panel = np.empty(height * width if packed else 0, x.dtype)
    values = np.empty(group * height, x.dtype)
    positions, b_offsets = np.empty(height, np.int32), np.empty(group * height, np.int64)
    row_start, row_end, y_rows = multiples(group, 1), multiples(group, 1), multiples(group, f)
    for part in range(start, stop):
        first, block = part // blocks * group, part % blocks
        samples = min(group, n - first)
        y_start, size = (block * n + first) * f, samples * f
        nonzeros = CSR(values, b_offsets, row_start[:samples], row_end[:samples])
        for k in range(block * BLOCK, max(1, c if blocks == 1 else block * BLOCK + 1), BLOCK):
            # The first block is written to y; the others to `partial`, and then added to y.
            out, offset = (y_flat, y_start) if k == block * BLOCK else (partial, 0)
            if k == 0:
                for sample in range(samples):
                    copy(bias, out[offset + sample * f : offset + (sample + 1) * f])
            else:
                set_to_zero(out[offset : offset + size])
            for top in range(k, min(k + BLOCK, c), height):
                length = min(height, c - top)
                inputs = Matrix(x_flat, first * c + top, row_stride=c)
                call(list_nonzeros, (inputs, length, table, positions, width, nonzeros))
                for column in range(0, f, width):
                    columns, rows = min(width, f - column), Matrix(weights, top * f + column, f)
                    if packed:
                        rows = pack_panel(rows, length, columns, Matrix(panel, 0, width))
                    sums_rows = ScatteredRows(out, offset + column, y_rows[:samples])
                    call(sparse_gemm, (sums_rows, nonzeros, View(rows.array, rows.offset), columns))
            if k > block * BLOCK:
                add(partial, y_flat[y_start : y_start + size])


@inlined
def pack_panel(matrix, rows, columns, panel):
    """Copy a matrix of this size to `panel`, and return that."""
    for i in range(rows):
        source, target = matrix.offset + i * matrix.row_stride, i * panel.row_stride
        copy(matrix.array[source : source + columns], panel.array[target : target + columns])
    return panel


@inlined
def add_rows(partial, z, rows, columns):
    """Add the matrix `partial` to the matrix `z`; both are a `Matrix` of that size."""
    for i in range(rows):
        start, offset = partial.offset + i * partial.row_stride, z.offset + i * z.row_stride
        add(partial.array[start : start + columns], z.array[offset : offset + columns])


@jit
def forward_span(start, stop, gemm, x, kernel, bias, width, group, y):
    """Write groups start to stop - 1 of y's columns, `group` columns each, block after block of k.

    The parts of x and kernel that a block needs are copied next to each other first: what lies far apart in
    memory may map to the same sets of the cache.

    Args:
        start, stop: which groups.
        gemm: the address of `gemm`, from `gemm_address`.
        x, kernel, bias: (n, c), (c, f) and (f,).
        width: columns of a panel, whole vectors.
        group: columns of a group, whole panels.
        y: (n, f), is written.
    """
    (n, c), f = x.shape, len(bias)
    y_flat, x_flat, weights = y.ravel(), x.ravel(), kernel.ravel()
    # A panel more than needed: with group alone, a power of two, rows would map to the same cache sets.
    stride = group + width
    a, b = np.empty(n * BLOCK, x.dtype), np.zeros(BLOCK * stride, x.dtype)
    partial, zeros = np.empty(n * stride, x.dtype), np.zeros(width, x.dtype)
    for k in range(0, max(1, c), BLOCK):
        length = min(BLOCK, c - k)
        # x[:, k : k + length], copied: its rows lie c numbers apart, which is often a power of two.
        left = matrix_operand(a, 0, row_stride=length, k_stride=1, length=length)
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
                sums, target = Matrix(partial, 0, row_stride=stride), Matrix(y_flat, first, f)
                add_rows(sums, target, n, columns)


@inlined
def multiply_in_blocks(gemm, out, a, panel, length, rows, columns, partial):
    """Write out = a · panel, the sums over k taken in blocks of BLOCK products.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        out: a `Matrix` (rows, columns), is written.
        a: a `Matrix` (rows, length).
        panel: a `Matrix` (length, width), one of `pack_panels`, from row 0 on.
        length: the number of k.
        rows, columns: the size of `out`; columns is at most the panel's width.
        partial: scratch for a block's sums, flat, at least rows · width numbers.
    """
    width = panel.row_stride
    zeros, sums = np.zeros(width, partial.dtype), Matrix(partial, 0, row_stride=width)
    initial = Matrix(zeros, 0, row_stride=0)
    for k in range(0, max(1, length), BLOCK):
        block = min(BLOCK, length - k)
        left = matrix_operand(a.array, a.offset + k, a.row_stride, k_stride=1, length=block)
        right = RightOperand(panel.array, panel.offset + k * width, width, segment_stride=0)
        # The first block is written to `out`; the others to `partial`, and then added to `out`.
        call(gemm, (out if k == 0 else sums, initial, left, right, rows, columns))
        if k > 0:
            add_rows(sums, out, rows, columns)


def dense_backward_input(dy: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return dx (n, c): fast implementation of `reference.dense_backward_input`.

    dx = dy · kernelᵀ is computed as dxᵀ = kernel · dyᵀ: to transpose dy and dx, mostly smaller than the
    kernel, is cheaper.
    """
    dx = aligned_empty((len(dy), len(kernel)), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * INPUTS + 1)
    # dxᵀ = kernel · dyᵀ: the kernel is read once, row by row, as it lies in memory.
    panels = pack_panels(dy.T, round_up_to_vectors(PANEL_COLUMNS, dy.dtype))
    workers.run(
        backward_input_span,
        -(-len(kernel) // INPUTS),
        least,
        gemm=gemm_address(dy.dtype),
        transpose=transpose_address(dy.dtype),
        panels=panels,
        kernel=kernel,
        dx=dx,
    )
    return dx


@jit
def backward_input_span(start, stop, gemm, transpose, panels, kernel, dx):
    """Write columns start · INPUTS to stop · INPUTS - 1 of dx.

    Args:
        start, stop: which groups of INPUTS columns.
        gemm, transpose: the addresses of these functions, from `..._address`.
        panels: dyᵀ (f, n), from `pack_panels`.
        kernel: (c, f).
        dx: (n, c), is written.
    """
    (c, f), n, (count, _, width) = kernel.shape, len(dx), panels.shape
    scratch, partial = np.empty(INPUTS * n, dx.dtype), np.empty(INPUTS * width, dx.dtype)
    weights, dy_panels, dx_flat = kernel.ravel(), panels.ravel(), dx.ravel()
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        inputs = min(INPUTS, c - first)
        rows = Matrix(weights, first * f, row_stride=f)
        for panel in range(count):
            # forward: y = x @ kernel + bias
            out, columns = (
                Matrix(scratch, panel * width, row_stride=n),
                min(width, n - panel * width),
            )
            dy_panel = Matrix(dy_panels, panel * f * width, row_stride=width)
            multiply_in_blocks(gemm, out, rows, dy_panel, f, inputs, columns, partial)
        # scratch is (inputs, n): transposed, it is `inputs` columns of dx.
        source, target = Matrix(scratch, 0, row_stride=n), Matrix(dx_flat, first, row_stride=c)
        call(transpose, (source, scratch, True, inputs, n, target))


def dense_backward_kernel(dy: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (c, f) and dbias (f,): fast implementation of `reference.dense_backward_kernel`."""
    dkernel = aligned_empty((x.shape[1], dy.shape[1]), dy.dtype)
    least = WORTH_A_THREAD // (dy.size * INPUTS + 1)
    workers.run(
        backward_kernel_span,
        -(-x.shape[1] // INPUTS),
        least,
        gemm=gemm_address(dy.dtype),
        transpose=transpose_address(dy.dtype),
        panels=pack_panels(dy, round_up_to_vectors(PANEL_COLUMNS, dy.dtype)),
        x=x,
        dkernel=dkernel,
    )
    return dkernel, sum_in_blocks(dy)


@recordable
def sum_in_blocks(dy: np.ndarray) -> np.ndarray:
    """Return the sum (f,) of dy (n, f) over the samples."""
    sums = [dy[k : k + BLOCK].sum(axis=0) for k in range(0, max(1, len(dy)), BLOCK)]
    return sum(sums[1:], sums[0])


@jit
def backward_kernel_span(start, stop, gemm, transpose, panels, x, dkernel):
    """Write rows start · INPUTS to stop · INPUTS - 1 of dkernel = xᵀ · dy.

    Args:
        start, stop: which groups of INPUTS rows.
        gemm, transpose: the addresses of these functions, from `..._address`.
        panels: dy (n, f), from `pack_panels`.
        x: (n, c).
        dkernel: (c, f), is written.
    """
    (n, c), f, (count, _, width) = x.shape, dkernel.shape[1], panels.shape
    scratch, partial = np.empty(INPUTS * n, x.dtype), np.empty(INPUTS * width, x.dtype)
    x_flat, dy_panels, dkernel_flat = x.ravel(), panels.ravel(), dkernel.ravel()
    for first in range(start * INPUTS, min(stop * INPUTS, c), INPUTS):
        inputs = min(INPUTS, c - first)
        source, target = Matrix(x_flat, first, row_stride=c), Matrix(scratch, 0, row_stride=n)
        call(transpose, (source, x_flat, True, n, inputs, target))
        for panel in range(count):
            # forward: y = x @ kernel + bias
            column = panel * width
            out, columns = Matrix(dkernel_flat, first * f + column, f), min(width, f - column)
            dy_panel = Matrix(dy_panels, panel * n * width, row_stride=width)
            multiply_in_blocks(gemm, out, target, dy_panel, n, inputs, columns, partial)
