"""Kernels on random shapes, guard pages around all arrays; also by itself, because a page may end a process.

python -m tests.support.random_shapes COUNT     every kernel between guard pages, on so many shapes
python -m tests.support.random_shapes overruns  arrays with a number too few: each in a process that must die
"""

import contextlib
import faulthandler
import inspect
import os
import sys
import typing

import numpy as np
import pytest

from tests.support import algorithms, guard_pages
from tests.support.intrinsics import entered
from tinycnn.ops import kernels
from tinycnn.ops.kernels.blocks.dot_products import add_dot_products
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm,
    pad_to_vector_width,
    round_up_to_vectors,
    tile_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix, View
from tinycnn.ops.kernels.blocks.matrix_rows import add_matrix, copy_padded
from tinycnn.ops.kernels.blocks.max_window import Maxima, max_pool_row
from tinycnn.ops.kernels.blocks.nonzeros import list_nonzeros, place_table
from tinycnn.ops.kernels.blocks.sparse_gemm import CSR, ScatteredRows, sparse_gemm
from tinycnn.ops.kernels.blocks.transpose import transpose
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.ops.kernels.convolution.winograd_gradient import (
    Scratch,
    transform_sums,
    transform_tile,
)
from tinycnn.ops.kernels.convolution.winograd_transforms import Tile
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.ops.kernels.pooling import max_forward_span
from tinycnn.utils.geometry import FusedConvolution

CHANNELS = 1, 2, 3, 5, 8, 9, 15, 16, 17, 24, 31, 33, 47, 64, 65, 96
DTYPES = np.float32, np.float64


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


# --- the functions that enter emitted code, on arrays without a number to spare ------------------------


def gemm_case(rng, dtype):
    rows, columns = int(rng.integers(1, 27)), int(rng.integers(1, 150))
    length, segments = int(rng.integers(0, 9)), int(rng.integers(1, 4))
    steps = tuple(int(step) for step in rng.integers(0, 9, 3))
    padded_columns = round_up_to_vectors(columns, dtype)
    c_row, b_k, b_segment = (
        least + int(rng.integers(3))
        for least in (columns, int(rng.integers(padded_columns + 1)), 0)
    )
    last = (rows - 1) * steps[0] + (length - 1) * steps[1] + (segments - 1) * steps[2]
    offsets = [int(offset) for offset in rng.integers(0, 4, 4)]
    c = normal(rng, dtype, offsets[0] + (rows - 1) * c_row + columns)
    initial = normal(rng, dtype, offsets[1] + columns)
    a = normal(rng, dtype, offsets[2] + (last + 1 if length else 0))
    last = (length - 1) * b_k + (segments - 1) * b_segment
    b = normal(rng, dtype, offsets[3] + (last + padded_columns) * (length > 0))
    matrices = Matrix(c, offsets[0], c_row), Matrix(initial, offsets[1], 0)
    left = LeftOperand(a, offsets[2], *steps, length, segments)
    return gemm, (*matrices, left, RightOperand(b, offsets[3], b_k, b_segment), rows, columns)


def sparse_gemm_case(rng, dtype):
    rows, columns = int(rng.integers(1, 7)), int(rng.integers(1, 150))
    of_b, c_offset, b_offset = int(rng.integers(1, 9)), int(rng.integers(4)), int(rng.integers(4))
    counts = rng.integers(0, 14, rows)
    row_end = np.cumsum(counts)
    values = normal(rng, dtype, row_end[-1])
    b_offsets = rng.integers(0, of_b, row_end[-1]) * columns
    b_offsets[:1] = (of_b - 1) * columns  # so that b is needed to its end
    c = normal(rng, dtype, c_offset + rows * columns)
    b = normal(rng, dtype, b_offset + of_b * columns)
    nonzeros = CSR(values, b_offsets, row_end - counts, row_end)
    out = ScatteredRows(c, c_offset, np.arange(rows) * columns)
    return sparse_gemm, (out, nonzeros, View(b, b_offset), columns)


def band_case(rng, dtype):
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    c, f, offset = int(rng.choice(CHANNELS)), int(rng.choice(CHANNELS)), int(rng.integers(3))
    width, high = columns * winograd.OUT + 2 + int(rng.integers(3)), rows * winograd.OUT + 2
    pixels = normal(rng, dtype, offset + ((high - 1) * width + columns * winograd.OUT + 2) * c)
    transformed = pad_to_vector_width(normal(rng, dtype, winograd.POINTS, c, f))
    bias = normal(rng, dtype, f)
    scratch = winograd.allocate_scratch(rows, columns, c, f, bias)
    gemm_address = winograd.addresses(np.dtype(dtype)).gemm
    source = gemm_address, Matrix(pixels, offset, width * c), transformed, bias, (rows, columns)
    return winograd.convolve_band, (*source, scratch)


def transpose_case(rng, dtype):
    rows, columns = (int(size) for size in rng.integers(1, 40, 2))
    x_row, y_row = columns + int(rng.integers(3)), rows + int(rng.integers(3))
    x_offset, y_offset = int(rng.integers(4)), int(rng.integers(4))
    x, relu_output = (normal(rng, dtype, x_offset + (rows - 1) * x_row + columns) for _ in range(2))
    y = normal(rng, dtype, y_offset + (columns - 1) * y_row + rows)
    source, target = Matrix(x, x_offset, x_row), Matrix(y, y_offset, y_row)
    return transpose, (source, relu_output, bool(rng.integers(2)), rows, columns, target)


def max_pool_row_case(rng, dtype):
    (ph, pw), columns = map(int, rng.integers(1, 4, 2)), int(rng.integers(1, 5))
    f, width, offset = int(rng.choice(CHANNELS)), columns * pw + int(rng.integers(2)), 3
    z = normal(rng, dtype, offset + ((ph - 1) * width + columns * pw) * f)
    y, argmax = np.zeros(offset + columns * f, dtype), np.zeros(offset + columns * f, np.uint8)
    matrix, maxima = Matrix(z, offset, width * f), Maxima(y, argmax, offset)
    return max_pool_row, (matrix, f, (ph, pw), maxima, columns)


def dot_products_case(rng, dtype):
    rows, columns, count = (
        int(rng.integers(1, 9)),
        int(rng.integers(1, 12)),
        int(rng.integers(0, 6)),
    )
    lanes, offsets = round_up_to_vectors(1, dtype), [int(k) for k in rng.integers(0, 4, 3)]
    sums_row = columns * lanes + int(rng.integers(3))
    z_row = count * lanes + int(rng.integers(3))
    sums = normal(rng, dtype, offsets[0] + (rows - 1) * sums_row + columns * lanes)
    z = normal(rng, dtype, (offsets[1] + (rows - 1) * z_row + count * lanes) * (count > 0))
    x_row = 1 if rows % 2 else count * lanes + int(rng.integers(3))
    x = normal(rng, dtype, (offsets[2] + (columns - 1) * x_row + count * lanes) * (count > 0))
    matrices = (
        Matrix(sums, offsets[0], sums_row),
        Matrix(z, offsets[1], z_row),
        Matrix(x, offsets[2], x_row),
    )
    return add_dot_products, (*matrices, rows, columns, count)


def transform_tile_case(rng, dtype):
    c, f = map(int, rng.choice(CHANNELS, 2))
    tiles, offset, width = int(rng.integers(1, 6)), int(rng.integers(4)), tile_width(dtype)
    x_row, dz_row = 6 * c + int(rng.integers(3)), 4 * f + int(rng.integers(3))
    pixels = Tile(normal(rng, dtype, offset + 5 * x_row + 6 * c), offset, x_row, c)
    gradients = Tile(normal(rng, dtype, offset + 3 * dz_row + 4 * f), offset, dz_row, f)
    v = np.zeros(winograd.POINTS * tiles * c, dtype)
    u = np.zeros(winograd.POINTS * -(-f // width) * tiles * width, dtype)
    scratch = Scratch(v, u, np.zeros(c * f, dtype), np.zeros((1, 1), dtype), tiles, width)
    return transform_tile, (pixels, gradients, c, f, int(rng.integers(tiles)), scratch)


def transform_sums_case(rng, dtype):
    size = int(rng.choice(CHANNELS)) * int(rng.integers(1, 4))
    return transform_sums, (normal(rng, dtype, winograd.POINTS, size), np.zeros(9 * size, dtype))


def list_nonzeros_case(rng, dtype):
    rows, length, offset = int(rng.integers(1, 5)), int(rng.integers(0, 40)), int(rng.integers(4))
    stride = length + int(rng.integers(3))
    x = normal(rng, dtype, (offset + (rows - 1) * stride + length) * (length > 0))
    x[rng.random(len(x)) < rng.random()] = 0
    b_offsets, *bounds = (np.zeros(count, np.int64) for count in (rows * length, rows, rows))
    positions = np.zeros(length, np.int32)
    nonzeros = CSR(np.zeros(rows * length, dtype), b_offsets, *bounds)
    arguments = Matrix(x, offset, stride), length, place_table(), positions, 7, nonzeros
    return list_nonzeros, arguments


def add_matrix_case(rng, dtype):
    rows, columns = int(rng.integers(1, 6)), int(rng.integers(1, 70))
    offsets, strides = (rng.integers(0, 4, 2).tolist(), (columns + rng.integers(0, 4, 2)).tolist())
    arrays = [
        normal(rng, dtype, offset + (rows - 1) * stride + columns)
        for offset, stride in zip(offsets, strides, strict=True)
    ]
    total, x = map(Matrix, arrays, offsets, strides)
    return add_matrix, (total, x, rows, columns)


def copy_padded_case(rng, dtype):
    rows, columns, offset = int(rng.integers(1, 6)), int(rng.integers(1, 70)), int(rng.integers(4))
    dy, y = (normal(rng, dtype, offset + rows * columns) for _ in range(2))
    out = np.zeros(rows * round_up_to_vectors(columns, dtype), dtype)
    return copy_padded, (dy, y[: len(y) * int(rng.integers(2))], offset, (rows, columns), out)


def max_pooling_case(rng, dtype):
    pool, strides, start = (tuple(map(int, rng.integers(1, 4, 2))) for _ in range(3))
    start = tuple(min(s, p) - 1 for s, p in zip(start, pool, strict=True))
    output, c = tuple(map(int, rng.integers(1, 5, 2))), int(rng.choice(CHANNELS))
    sides = zip(output, strides, pool, start, strict=True)
    h, w = ((out - 1) * stride + length - begin for out, stride, length, begin in sides)
    x, y = normal(rng, dtype, 2, h, w, c), np.zeros((2, *output, c), dtype)
    argmax = np.zeros(y.shape, np.int32)
    return max_forward_span, (0, 2, x, pool, strides, start, y, argmax)


CASES = {
    "add_matrix": add_matrix_case,
    "copy_padded": copy_padded_case,
    "max_forward_span": max_pooling_case,
    "list_nonzeros": list_nonzeros_case,
    "add_dot_products": dot_products_case,
    "transform_tile": transform_tile_case,
    "transform_sums": transform_sums_case,
    "transpose": transpose_case,
    "max_pool_row": max_pool_row_case,
    "gemm": gemm_case,
    "sparse_gemm": sparse_gemm_case,
    "convolve_band": band_case,
}


# --- the kernels that everybody calls ------------------------------------------------------------------


class Convolution(typing.NamedTuple):
    """A convolution of a random shape, a pool behind it, and a gradient that is mostly zero."""

    x: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    strides: tuple
    padding: tuple
    pool: tuple
    output: tuple

    @classmethod
    def any(cls, rng, dtype):
        winograd_like = rng.random() < 0.5
        window = (3, 3) if winograd_like else tuple(map(int, rng.integers(1, 5, 2)))
        strides = (1, 1) if winograd_like else tuple(map(int, rng.integers(1, 4, 2)))
        padding = tuple((int(a), int(b)) for a, b in rng.integers(0, 5, (2, 2)))
        size = [int(rng.integers(length, 13)) for length in window]
        n, (c, f) = int(rng.integers(1, 4)), map(int, rng.choice(CHANNELS, 2))
        sides = zip(size, padding, window, strides, strict=True)
        output = tuple((length + sum(p) - k) // s + 1 for length, p, k, s in sides)
        pool = tuple(int(rng.integers(1, min(4, length) + 1)) for length in output)
        x, kernel = normal(rng, dtype, n, *size, c), normal(rng, dtype, *window, c, f)
        return cls(x, kernel, normal(rng, dtype, f), strides, padding, pool, (n, *output, f))

    def gradient(self, rng, shape):
        return normal(rng, self.x.dtype, *shape) * (rng.random(shape) < 0.3).astype(self.x.dtype)


def convolve(rng, dtype):
    case = Convolution.any(rng, dtype)
    x, kernel, bias, strides, padding = case[:5]
    fused = FusedConvolution(strides, padding)
    y = kernels.conv2d_relu_forward(x, kernel, bias, fused)
    dy = case.gradient(rng, y.shape)
    plain = kernels.conv2d_forward(x, kernel, bias, strides, padding)
    back = kernels.conv2d_relu_backward(dy, y, x, kernel, fused, True)
    dx = kernels.conv2d_backward_input(dy, kernel, x.shape, strides, padding)
    return (
        y,
        plain,
        dx,
        *kernels.conv2d_backward_kernel(dy, x, kernel.shape, strides, padding),
        *back,
    )


def convolve_and_pool(rng, dtype):
    case, rate = Convolution.any(rng, dtype), float(rng.choice([0, 0.25, 1]))
    fused = FusedConvolution(case.strides, case.padding, case.pool)
    y, argmax = kernels.conv2d_relu_max_pool2d_forward(*case[:3], fused, rate, 7)
    back = y, argmax, case.x, case.kernel, fused, rate, True
    dy = case.gradient(rng, y.shape)
    return y, argmax, *kernels.conv2d_relu_max_pool2d_backward(dy, *back)


def dense(rng, dtype):
    n, c, f = (int(rng.integers(1, most)) for most in (9, 300, 150))
    x, kernel, bias = (normal(rng, dtype, *shape) for shape in ((n, c), (c, f), (f,)))
    dy = normal(rng, dtype, n, f)
    y = kernels.dense_forward(np.maximum(x, 0), kernel, bias)
    return (
        y,
        kernels.dense_backward_input(dy, kernel),
        *kernels.dense_backward_kernel(dy, x),
    )


def average_gray_images(rng, dtype):
    n, f, pool = (
        int(rng.integers(1, 4)),
        int(rng.integers(1, 9)),
        tuple(map(int, rng.integers(1, 3, 2))),
    )
    window, padding = (
        map(int, rng.integers(1, 5, 2)),
        tuple((int(a), int(b)) for a, b in rng.integers(0, 4, (2, 2))),
    )
    x, window = normal(rng, dtype, n, *map(int, rng.integers(5, 13, 2)), 1), tuple(window)
    kernel, fused = (
        normal(rng, dtype, *window, 1, f),
        FusedConvolution((1, 1), padding, pool, "tanh"),
    )
    y, a = kernels.conv2d_average_pool2d_forward(x, kernel, normal(rng, dtype, f), fused)
    dy = normal(rng, dtype, *y.shape)
    _, *back = kernels.conv2d_average_pool2d_backward(dy, a, x, kernel, fused, False)
    return y, a, *back


def convolve_and_average(rng, dtype):
    case, activation = Convolution.any(rng, dtype), str(rng.choice(["relu", "tanh"]))
    fused = FusedConvolution(case.strides, case.padding, case.pool, activation)
    y, a = kernels.conv2d_average_pool2d_forward(*case[:3], fused)
    dy = case.gradient(rng, y.shape)
    back = kernels.conv2d_average_pool2d_backward(dy, a, case.x, case.kernel, fused, True)
    return y, a, *back


PUBLIC = {
    "convolve": convolve,
    "convolve_and_pool": convolve_and_pool,
    "convolve_and_average": convolve_and_average,
    "average_gray_images": average_gray_images,
    "dense": dense,
}


# --- running them --------------------------------------------------------------------------------------


@contextlib.contextmanager
def fenced_spans(fence, at_end):
    """Run each kernel's compiled span on fenced arrays: what is read, and what is written."""

    def run(span, length, grain, /, *arguments, **named):
        given = inspect.signature(span.py_func).bind(0, length, *arguments, **named)
        guard_pages.call(fence, at_end, span, given.args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "run", run)
        yield


def fenced_entry_points(fence, at_end):
    """Run what enters emitted code on fenced arrays, also those that a kernel makes for itself."""
    return entered(lambda function, arguments: guard_pages.call(fence, at_end, function, arguments))


def copied(value):
    """Return arguments with copies of their arrays, also inside of structures."""
    if isinstance(value, tuple):
        return guard_pages.rebuilt(value, map(copied, value))
    return value.copy() if isinstance(value, np.ndarray) else value


def flattened(arguments):
    """Return arguments with the fields of their structures in the structures' places."""
    fields = ((flattened(a) if isinstance(a, tuple) else [a]) for a in arguments)
    return [field for some in fields for field in some]


def shortened(value, place):
    """Return arguments in which one array lacks its last number; `place` has an index for each depth."""
    first, *deeper = place
    short = shortened(value[first], deeper) if deeper else value[first][:-1]
    return guard_pages.rebuilt(value, (*value[:first], short, *value[first + 1 :]))


def run_entry_points(name, fence, count, say=lambda text: None):
    """Call one of CASES on random arrays, fenced; results must be those without a fence."""
    rng = np.random.default_rng(1)
    for number in range(count):
        function, arguments = CASES[name](rng, DTYPES[number % 2])
        plain = copied(arguments)
        say(f"{name} {[getattr(a, 'shape', a) for a in flattened(arguments)]}")
        guard_pages.call(fence, number % 4 < 2, function, arguments)
        function(*plain)
        for one, other in zip(flattened(arguments), flattened(plain), strict=True):
            np.testing.assert_array_equal(one, other)


def run_public(name, fences_of, fence, count, say=lambda text: None):
    """Call one of PUBLIC on random arrays, fenced; results must be those without a fence."""
    for number in range(count):
        say(f"{name} {fences_of.__name__} {number}")
        with pytest.MonkeyPatch.context() as patch:
            if number % 3:  # by itself it pays for few shapes as small as these
                algorithms.set_winograd(patch, algorithms.where_it_can)
            dtype = DTYPES[number % 2]
            wanted = PUBLIC[name](np.random.default_rng(number), dtype)
            with fences_of(fence, number % 4 < 2):
                actual = PUBLIC[name](np.random.default_rng(number), dtype)
        for one, other in zip(actual, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


# (kernel, which argument, which field of it): an array without its last number is too short.
WRITTEN = [("gemm", 0, 0), ("sparse_gemm", 0, 0), ("convolve_band", 5, 0), ("convolve_band", 5, 1)]
WRITTEN += [("add_dot_products", 0, 0), ("transpose", 5, 0), ("max_pool_row", 3, 0)]
WRITTEN += [("max_pool_row", 3, 1)]
READ = [("transpose", 0, 0), ("max_pool_row", 0, 0), ("gemm", 1, 0), ("gemm", 2, 0), ("gemm", 3, 0)]
READ += [("sparse_gemm", 2, 0), *(("sparse_gemm", 1, field) for field in range(4))]
READ += [("add_dot_products", 1, 0), ("add_dot_products", 2, 0)]
READ += [("convolve_band", 1, 0), ("convolve_band", 2)]
READ += [("list_nonzeros", 0, 0)]
WRITTEN += [("add_matrix", 0, 0), ("copy_padded", 4)]
READ += [("add_matrix", 1, 0), ("copy_padded", 0)]


def overrun(name, place, fence):
    """Call one of CASES with one array that is a number too short."""
    function, arguments = CASES[name](np.random.default_rng(4), np.float32)
    guard_pages.call(fence, True, function, shortened(arguments, place))


def survivors():
    """Return which overruns a process survives between guard pages."""
    actual = []
    for name, *place in WRITTEN + READ:
        child = os.fork()
        if not child:
            overrun(name, place, guard_pages.guard_pages)
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            actual.append((name, *place))
    return actual


def main():
    """Do what the command line says."""
    if sys.argv[1] == "overruns":
        print("survived:", survivors())
        return
    faulthandler.enable()
    say, count = lambda text: print(text, flush=True), int(sys.argv[1])
    for name in CASES:
        run_entry_points(name, guard_pages.guard_pages, count, say)
    for name in PUBLIC:
        for fences_of in (fenced_spans, fenced_entry_points):
            run_public(name, fences_of, guard_pages.guard_pages, count // 3, say)
    print("all whole")


if __name__ == "__main__":
    main()
