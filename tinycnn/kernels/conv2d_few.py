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

import functools

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np import arrayobj

from tinycnn.kernels.calls import AT, address, call, flat_array
from tinycnn.kernels.compile import jit
from tinycnn.kernels.elementwise import set_to_zero
from tinycnn.kernels.product import ONE, ZERO, product_address, whole_vectors
from tinycnn.kernels.threads import workers
from tinycnn.kernels.vectors import VECTOR_BYTES, Writer

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
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
            call(turn, (numbers, (b * oh + i) * ow * f, signs, len(y) == 0, ow, f, *turned_row))
            # forward: y[i, j] = Σ x[i + di, j + dj] · kernel[di, dj]
            places = planes, i * c * wide, wide, planes, i * c * wide, wide
            rest = kernel, ZERO, steps, pixels, ZERO, b_steps
            call(product, (*places, *rest, kh * c, wide))
        for r in range(h):
            for ch in range(c):
                read, at = ((r + corner[0]) * c + ch) * wide, (b * h + r) * w * c + ch
                for q in range(w):
                    found[at + q * c] = planes[read + q]


def transposed(write: Writer, rows: list[ir.Value]) -> list[ir.Value]:
    """Write the transpose of a square of vectors: swap halves, then quarters, down to single numbers."""
    distance = write.lanes // 2
    while distance:
        for one in [row for row in range(write.lanes) if not row & distance]:
            pair = rows[one], rows[one + distance]
            first = [
                k if not k & distance else write.lanes + k - distance for k in range(write.lanes)
            ]
            second = [
                k + distance if not k & distance else write.lanes + k for k in range(write.lanes)
            ]
            rows[one], rows[one + distance] = (write.shuffle(*pair, p) for p in (first, second))
        distance //= 2
    return rows


@intrinsic
def turn_square(typing_context, x, x_at, x_row, on, all_on, y, y_at, y_row):
    """Write the transpose of a square of x to y, 0 where `on`, placed as x, is not above 0.

    Args: flat arrays, where the squares begin, and from row to row; whether all counts as above 0.
    """

    def codegen(context, builder, signature, arguments):
        write = Writer(builder, context.get_data_type(x.dtype))

        def row_of(array: int, at: int, number: int) -> ir.Value:
            kind = signature.args[array]
            data = arrayobj.make_array(kind)(context, builder, arguments[array]).data
            return write.at(write.at(data, arguments[at]), write.times(number, arguments[at + 1]))

        lanes, zeros = range(write.lanes), ir.Constant(write.vector, [0.0] * write.lanes)
        everywhere = write.repeat(arguments[4], ir.VectorType(ir.IntType(1), write.lanes))
        rows = []
        for number in lanes:
            (values,) = write.load(row_of(0, 1, number), 1)
            (signs,) = write.load(row_of(3, 1, number), 1)
            kept = builder.or_(builder.fcmp_ordered(">", signs, zeros), everywhere)
            rows.append(builder.select(kept, values, zeros))
        for number, values in zip(lanes, transposed(write, rows), strict=True):
            write.store([values], row_of(5, 6, number))
        return context.get_dummy_value()

    return types.void(x, AT, AT, on, types.boolean, y, AT, AT), codegen


@jit
def turn(x, x_at, on, all_on, rows, columns, y, y_at, y_row):
    """Write the transpose of x, (rows, columns), to y: squares, then the numbers that are left.

    Args:
        x, x_at: flat, and where it begins.
        on, all_on: see `turn_square`.
        rows, columns: of x.
        y, y_at, y_row: flat, where the transpose begins, and from row to row.
    """
    lanes = VECTOR_BYTES // x.itemsize
    whole_rows, whole_columns = rows - rows % lanes, columns - columns % lanes
    for i in range(0, whole_rows, lanes):
        for j in range(0, whole_columns, lanes):
            read, at = x_at + i * columns + j, y_at + j * y_row + i
            turn_square(x, read, columns, on, all_on, y, at, y_row)
    for i in range(rows):
        for j in range(whole_columns if i < whole_rows else 0, columns):
            read = x_at + i * columns + j
            kept = all_on or on[read] > 0
            y[y_at + j * y_row + i] = x[read] if kept else x.dtype.type(0)


@functools.cache
def turn_address(dtype: np.dtype) -> int:
    """Return where `turn` begins, for `calls.call`."""
    flat = flat_array(dtype)
    return address(turn, (flat, AT, flat, types.boolean, AT, AT, flat, AT, AT))
