"""Kernels on random shapes, with fences round all arrays; also by itself, because a fence may end a process.

python -m tests.support.random_shapes COUNT     every kernel between guard pages, on so many shapes
python -m tests.support.random_shapes overruns  arrays with a number too few: each in a process that must die
"""

import contextlib
import faulthandler
import os
import sys
import typing

import numpy as np
import pytest

from tests.support import guard_pages as fences
from tests.support.intrinsics import entered
from tinycnn.ops import kernels
from tinycnn.ops.kernels.blocks.dot_products import add_dots
from tinycnn.ops.kernels.blocks.gemm import product, tile_width, whole_vectors, widened
from tinycnn.ops.kernels.blocks.max_window import pool_row
from tinycnn.ops.kernels.blocks.sparse_gemm import add_gathered
from tinycnn.ops.kernels.blocks.transpose import turn
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.ops.kernels.convolution.winograd_gradient import values_span
from tinycnn.ops.kernels.parallel.thread_pool import workers

CHANNELS = 1, 2, 3, 5, 8, 9, 15, 16, 17, 24, 31, 33, 47, 64, 65, 96
DTYPES = np.float32, np.float64


def numbers(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


# --- the functions that enter emitted code, on arrays without a number to spare ------------------------


def product_case(rng, dtype):
    rows, columns = int(rng.integers(1, 27)), int(rng.integers(1, 150))
    length, segments = int(rng.integers(0, 9)), int(rng.integers(1, 4))
    steps = tuple(int(step) for step in rng.integers(0, 9, 3))
    wide = whole_vectors(columns, dtype)
    c_row, b_k, b_segment = (
        least + int(rng.integers(3)) for least in (columns, int(rng.integers(wide + 1)), 0)
    )
    last = (rows - 1) * steps[0] + (length - 1) * steps[1] + (segments - 1) * steps[2]
    ats = [int(at) for at in rng.integers(0, 4, 4)]
    c = numbers(rng, dtype, ats[0] + (rows - 1) * c_row + columns)
    start = numbers(rng, dtype, ats[1] + columns)
    a = numbers(rng, dtype, ats[2] + (last + 1 if length else 0))
    last = (length - 1) * b_k + (segments - 1) * b_segment
    b = numbers(rng, dtype, ats[3] + (last + wide) * (length > 0))
    a_steps = (*steps, length, segments)
    places = (c, ats[0], c_row, start, ats[1], 0, a, ats[2], a_steps, b, ats[3])
    places = *places, (b_k, b_segment)
    return product, (*places, rows, columns)


def gathered_case(rng, dtype):
    rows, columns = int(rng.integers(1, 7)), int(rng.integers(1, 150))
    of_b, c_at, b_at = int(rng.integers(1, 9)), int(rng.integers(4)), int(rng.integers(4))
    counts = rng.integers(0, 14, rows)
    stops = np.cumsum(counts)
    values = numbers(rng, dtype, stops[-1])
    indices = rng.integers(0, of_b, stops[-1]) * columns
    indices[:1] = (of_b - 1) * columns  # so that b is needed to its end
    c = numbers(rng, dtype, c_at + rows * columns)
    b = numbers(rng, dtype, b_at + of_b * columns)
    places = np.arange(rows) * columns
    lists = values, indices, stops - counts, stops
    return add_gathered, (c, c_at, places, b, b_at, *lists, columns)


def band_case(rng, dtype):
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    c, f, at = int(rng.choice(CHANNELS)), int(rng.choice(CHANNELS)), int(rng.integers(3))
    width, high = columns * winograd.OUT + 2 + int(rng.integers(3)), rows * winograd.OUT + 2
    pixels = numbers(rng, dtype, at + ((high - 1) * width + columns * winograd.OUT + 2) * c)
    values, bias = widened(numbers(rng, dtype, winograd.POINTS, c, f)), numbers(rng, dtype, f)
    v, m, z = winograd.room(rows, columns, c, f, bias)
    _, product_at = winograd.addresses(np.dtype(dtype))
    places = product_at, pixels, at, width, c, values, bias, (rows, columns)
    return winograd.convolve_band, (*places, v, m, z)


def turn_case(rng, dtype):
    rows, columns = (int(size) for size in rng.integers(1, 40, 2))
    x_row, y_row = columns + int(rng.integers(3)), rows + int(rng.integers(3))
    x_at, y_at = int(rng.integers(4)), int(rng.integers(4))
    x, on = (numbers(rng, dtype, x_at + (rows - 1) * x_row + columns) for _ in range(2))
    y = numbers(rng, dtype, y_at + (columns - 1) * y_row + rows)
    return turn, (x, x_at, x_row, on, bool(rng.integers(2)), rows, columns, y, y_at, y_row)


def pool_row_case(rng, dtype):
    (ph, pw), columns = map(int, rng.integers(1, 4, 2)), int(rng.integers(1, 5))
    f, width, at = int(rng.choice(CHANNELS)), columns * pw + int(rng.integers(2)), 3
    z = numbers(rng, dtype, at + ((ph - 1) * width + columns * pw) * f)
    y, winner = np.zeros(at + columns * f, dtype), np.zeros(at + columns * f, np.uint8)
    return pool_row, (z, at, width, f, (ph, pw), y, at, columns, winner)


def dots_case(rng, dtype):
    rows, columns, count = (
        int(rng.integers(1, 9)),
        int(rng.integers(1, 12)),
        int(rng.integers(0, 6)),
    )
    lanes, ats = whole_vectors(1, dtype), [int(at) for at in rng.integers(0, 4, 3)]
    sums_row = columns * lanes + int(rng.integers(3))
    z_row = count * lanes + int(rng.integers(3))
    sums = numbers(rng, dtype, ats[0] + (rows - 1) * sums_row + columns * lanes)
    z = numbers(rng, dtype, (ats[1] + (rows - 1) * z_row + count * lanes) * (count > 0))
    x = numbers(rng, dtype, (ats[2] + columns - 1 + count * lanes) * (count > 0))
    return add_dots, (sums, ats[0], sums_row, z, ats[1], z_row, x, ats[2], rows, columns, count)


def values_case(rng, dtype):
    (n, oh, ow), corner = map(int, rng.integers(1, 10, 3)), tuple(map(int, rng.integers(0, 3, 2)))
    c, f, wide = int(rng.choice(CHANNELS)), int(rng.choice(CHANNELS)), tile_width(dtype)
    x = numbers(rng, dtype, n, oh + 2 - corner[0], ow + 2 - corner[1], c)
    dy = numbers(rng, dtype, n, oh, ow, f)
    y = numbers(rng, dtype, n * int(rng.integers(2)), oh, ow, f)
    each, first = winograd.tiles(oh) * winograd.tiles(ow), int(rng.integers(n))
    v = np.zeros((winograd.POINTS, (n - first) * each, c), dtype)
    u = np.zeros((winograd.POINTS, -(-f // wide), (n - first) * each, wide), dtype)
    padded = winograd.covered((oh + 2, ow + 2), (oh, ow))
    return values_span, (0, n - first, first, x, dy, y, corner, padded, v, u)


DOORS = {
    "add_dots": dots_case,
    "values_span": values_case,
    "turn": turn_case,
    "pool_row": pool_row_case,
    "product": product_case,
    "add_gathered": gathered_case,
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
        x, kernel = numbers(rng, dtype, n, *size, c), numbers(rng, dtype, *window, c, f)
        return cls(x, kernel, numbers(rng, dtype, f), strides, padding, pool, (n, *output, f))

    def gradient(self, rng, shape):
        return numbers(rng, self.x.dtype, *shape) * (rng.random(shape) < 0.3).astype(self.x.dtype)


def convolve(rng, dtype):
    case = Convolution.any(rng, dtype)
    x, kernel, bias, strides, padding = case[:5]
    y = kernels.conv2d_relu_forward(x, kernel, bias, strides, padding)
    dy = case.gradient(rng, y.shape)
    plain = kernels.conv2d_forward(x, kernel, bias, strides, padding)
    back = kernels.conv2d_relu_backward(dy, y, x, kernel, strides, padding, True)
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
    y, winner = kernels.conv2d_relu_max_pool2d_forward(*case[:6], rate, 7)
    back = y, winner, case.x, case.kernel, case.strides, case.padding, case.pool, rate, True
    dy = case.gradient(rng, y.shape)
    return y, winner, *kernels.conv2d_relu_max_pool2d_backward(dy, *back)


def dense(rng, dtype):
    n, c, f = (int(rng.integers(1, most)) for most in (9, 300, 150))
    x, kernel, bias = (numbers(rng, dtype, *shape) for shape in ((n, c), (c, f), (f,)))
    dy = numbers(rng, dtype, n, f)
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
    x, window = numbers(rng, dtype, n, *map(int, rng.integers(5, 13, 2)), 1), tuple(window)
    kernel, rest = numbers(rng, dtype, *window, 1, f), ((1, 1), padding, "tanh", pool)
    y, a = kernels.conv2d_average_pool2d_forward(x, kernel, numbers(rng, dtype, f), *rest)
    dy = numbers(rng, dtype, *y.shape)
    _, *back = kernels.conv2d_average_pool2d_backward(dy, a, x, kernel, *rest, False)
    return y, a, *back


def convolve_and_average(rng, dtype):
    case, activation = Convolution.any(rng, dtype), str(rng.choice(["relu", "tanh"]))
    rest = activation, case.pool
    y, a = kernels.conv2d_average_pool2d_forward(*case[:5], *rest)
    dy, shape = case.gradient(rng, y.shape), (case.strides, case.padding)
    back = kernels.conv2d_average_pool2d_backward(dy, a, case.x, case.kernel, *shape, *rest, True)
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

    def run(span, length, grain, *arguments):
        fences.call(fence, at_end, span, (0, length, *arguments))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "run", run)
        yield


def fenced_doors(fence, at_end):
    """Run what enters emitted code on fenced arrays, also those that a kernel makes for itself."""
    return entered(lambda function, arguments: fences.call(fence, at_end, function, arguments))


def run_doors(name, fence, count, say=lambda text: None):
    """Call one of DOORS on random arrays, fenced; results must be those without a fence."""
    rng = np.random.default_rng(1)
    for number in range(count):
        function, arguments = DOORS[name](rng, DTYPES[number % 2])
        plain = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        say(f"{name} {[getattr(a, 'shape', a) for a in arguments]}")
        fences.call(fence, number % 4 < 2, function, arguments)
        function(*plain)
        for one, other in zip(arguments, plain, strict=True):
            np.testing.assert_array_equal(one, other)


def run_public(name, fences_of, fence, count, say=lambda text: None):
    """Call one of PUBLIC on random arrays, fenced; results must be those without a fence."""
    for number in range(count):
        say(f"{name} {fences_of.__name__} {number}")
        with pytest.MonkeyPatch.context() as patch:
            if number % 3:  # by itself it pays for few shapes as small as these
                patch.setattr(winograd, "pays", wherever_it_can)
            dtype = DTYPES[number % 2]
            wanted = PUBLIC[name](np.random.default_rng(number), dtype)
            with fences_of(fence, number % 4 < 2):
                found = PUBLIC[name](np.random.default_rng(number), dtype)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def wherever_it_can(output, kernel_shape, strides):
    """Stand in for `winograd.pays`: every 3 x 3 kernel with stride 1 goes that way."""
    return tuple(kernel_shape[:2]) == (3, 3) and tuple(strides) == (1, 1)


# (kernel, number of the argument): an array without its last number is too short.
WRITTEN = [("product", 0), ("add_gathered", 0), ("convolve_band", 8), ("convolve_band", 9)]
WRITTEN += [("add_dots", 0), ("turn", 7), ("pool_row", 5), ("pool_row", 8)]
READ = [("turn", 0), ("pool_row", 0), ("product", 3), ("product", 6), ("product", 9)]
READ += [("add_gathered", place) for place in (3, 5, 6, 7, 8)]
READ += [("add_dots", 3), ("add_dots", 6), ("convolve_band", 1), ("convolve_band", 5)]


def overrun(name, place, fence):
    """Call one of DOORS with one array that is a number too short."""
    function, arguments = DOORS[name](np.random.default_rng(4), np.float32)
    short = arguments[place][:-1]
    fences.call(fence, True, function, (*arguments[:place], short, *arguments[place + 1 :]))


def survivors():
    """Return which overruns a process survives between guard pages."""
    found = []
    for name, place in WRITTEN + READ:
        child = os.fork()
        if not child:
            overrun(name, place, fences.guard_pages)
            os._exit(0)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            found.append((name, place))
    return found


def main():
    """Do what the command line says."""
    if sys.argv[1] == "overruns":
        print("survived:", survivors())
        return
    faulthandler.enable()
    say, count = lambda text: print(text, flush=True), int(sys.argv[1])
    for name in DOORS:
        run_doors(name, fences.guard_pages, count, say)
    for name in PUBLIC:
        for fences_of in (fenced_spans, fenced_doors):
            run_public(name, fences_of, fences.guard_pages, count // 3, say)
    print("all whole")


if __name__ == "__main__":
    main()
