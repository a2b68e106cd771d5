"""From the definition of a convolution to the fast kernel, one step of speed at a time.

Each rung computes the same y (n, oh, ow, f) of x (n, h, w, c) and kernel (3, 3, c, f), stride 1, no padding:

    y[b, i, j, filter] = Σ x[b, i + di, j + dj, channel] · kernel[di, dj, channel, filter]

and its docstring says what it does better than the one before. `python -m benchmarks.ladder` prints how long
each takes on this machine. All but the Winograd rungs add the same products in the same order.

The library calls none of these; they explain its kernels and are timed by the benchmark.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.gemm import (
    RightOperand,
    gemm_address,
    matrix_operand,
    pack_panels,
    pad_to_vector_width,
    panel_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution import direct, winograd, winograd_convolution
from tinycnn.ops.kernels.convolution.conv2d import conv2d_forward
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry

NO_PADDING = ((0, 0), (0, 0))

# Winograd's F(4 x 4, 3 x 3): the filter's, the input's and the inverse transform (Lavin & Gray, 2015).
G = winograd.filter_matrix(np.dtype(np.float64))  # (6, 3)
B_T = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
A_T = np.array(
    [
        [1, 1, 1, 1, 1, 0],
        [0, 1, -1, 2, -2, 0],
        [0, 1, 1, 4, 4, 0],
        [0, 1, -1, 8, -8, 1],
    ]
)


def zero_output(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return zeros of the shape of y."""
    (n, h, w, _), (kh, kw, _, f) = x.shape, kernel.shape
    return np.zeros((n, h - kh + 1, w - kw + 1, f), x.dtype)


def plain_loops(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute y by the definition, compiled. The inner loop reads numbers of the kernel that lie f apart."""
    y = zero_output(x, kernel)
    add_by_definition(x, kernel, y)
    return y


@jit
def add_by_definition(x, kernel, y):
    """Add the convolution to y, which begins as zeros: seven loops in the order of the definition."""
    (n, oh, ow, f), (kh, kw, c, _) = y.shape, kernel.shape
    for b in range(n):
        for i in range(oh):
            for j in range(ow):
                for filter in range(f):
                    for di in range(kh):
                        for dj in range(kw):
                            for channel in range(c):
                                term = (
                                    x[b, i + di, j + dj, channel] * kernel[di, dj, channel, filter]
                                )
                                y[b, i, j, filter] += term


def filters_inside(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute y with the filters, neighbours in memory, in the inner loop: vector instructions, 8 at once."""
    y = zero_output(x, kernel)
    add_filters_inside(x, kernel, y)
    return y


@jit
def add_filters_inside(x, kernel, y):
    """Add the convolution to y, which begins as zeros: the inner loop runs over filters."""
    (n, oh, ow, f), (kh, kw, c, _) = y.shape, kernel.shape
    for b in range(n):
        for i in range(oh):
            for j in range(ow):
                # One view for all filters: the inner loop has one index, and becomes vector instructions.
                out = y[b, i, j]
                for di in range(kh):
                    for dj in range(kw):
                        for channel in range(c):
                            factor, row = x[b, i + di, j + dj, channel], kernel[di, dj, channel]
                            for filter in range(f):
                                out[filter] += factor * row[filter]


def window_rows(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return a copy of every window of x as a row: (n · oh · ow, kh · kw · c), known as "im2col"."""
    kh, kw, c, _ = kernel.shape
    # (n, oh, ow, c, kh, kw)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kh * kw * c)


def windows_as_rows(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute y as a matrix product, windows times kernel; a row of the kernel is used for four windows."""
    y = zero_output(x, kernel)
    f = kernel.shape[3]
    add_four_rows(window_rows(x, kernel), kernel.reshape(-1, f), y.reshape(-1, f))
    return y


@jit
def add_four_rows(a, b, c):
    """Add the matrix a · b to c, four rows at a time: each number of b that is loaded is used four times."""
    full = len(a) - len(a) % 4
    for row in range(0, full, 4):
        # Four sums for each number of b; but LLVM keeps their rows in memory, not in registers.
        c0, c1, c2, c3 = c[row], c[row + 1], c[row + 2], c[row + 3]
        for k in range(len(b)):
            a0, a1, a2, a3 = a[row, k], a[row + 1, k], a[row + 2, k], a[row + 3, k]
            b_row = b[k]
            for column in range(len(b_row)):
                c0[column] += a0 * b_row[column]
                c1[column] += a1 * b_row[column]
                c2[column] += a2 * b_row[column]
                c3[column] += a3 * b_row[column]
    for row in range(full, len(a)):
        for k in range(len(b)):
            for column in range(b.shape[1]):
                c[row, column] += a[row, k] * b[k, column]


def register_tile(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute the same product by `gemm`, whose sums stay in registers: y is written only once."""
    y = zero_output(x, kernel)
    matrix = pad_to_vector_width(kernel.reshape(-1, kernel.shape[3]))
    arguments = window_rows(x, kernel), matrix, np.zeros(y.shape[3], y.dtype), y
    multiply_in_tiles(gemm_address(y.dtype), *arguments)
    return y


@jit
def multiply_in_tiles(gemm, windows, matrix, bias, y):
    """Write y = windows (n · oh · ow, k) · matrix (k, f, padded) + bias, by `gemm`, given its address."""
    (rows, k), f = windows.shape, y.shape[3]
    left = matrix_operand(windows.ravel(), 0, row_stride=k, k_stride=1, length=k)
    right = RightOperand(array=matrix.ravel(), offset=0, k_stride=matrix.shape[1], segment_stride=0)
    out, initial = Matrix(y.ravel(), 0, row_stride=f), Matrix(bias, 0, row_stride=0)
    call(gemm, (out, initial, left, right, rows, f))


def packed_panels(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute y by `direct.py`: windows are not copied, and panels of the kernel stay in the cache."""
    y = zero_output(x, kernel)
    (n, h, w, _), (kh, kw, _, f) = x.shape, kernel.shape
    matrix = kernel.reshape(-1, f)
    panels = pack_panels(matrix, panel_width(matrix))
    geometry = convolution_geometry((h, w), (kh, kw), (1, 1), NO_PADDING)
    arrays = gemm_address(x.dtype), x, panels, np.zeros(f, x.dtype)
    direct.forward_span(0, n, 1, *arrays, geometry, relu=False, y=y)
    return y


def winograd_as_matrices(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute y by Winograd's algorithm in NumPy: 36 products for 16 outputs instead of 144."""
    # Each tile of y is Aᵀ [Σ over channels (G g Gᵀ) · (Bᵀ d B)] A, for the kernel g and a tile d of x.
    y = zero_output(x, kernel)
    n, oh, ow, f = y.shape
    rows, columns = -(-oh // winograd.OUT), -(-ow // winograd.OUT)
    # Zeros below and to the right, up to whole tiles; what they give is cut off at the end.
    below, right = rows * winograd.OUT + 2 - x.shape[1], columns * winograd.OUT + 2 - x.shape[2]
    padded = np.pad(x, ((0, 0), (0, below), (0, right), (0, 0)))
    side = (winograd.IN, winograd.IN)
    d = np.lib.stride_tricks.sliding_window_view(padded, side, axis=(1, 2))  # (n, ., ., c, 6, 6)
    d = d[:, :: winograd.OUT, :: winograd.OUT]  # a tile every four pixels
    u = np.einsum("pk,klcf,ql->pqcf", G, kernel, G, optimize=True)
    v = np.einsum("pk,bijckl,ql->pqbijc", B_T, d, B_T, optimize=True)
    m = np.einsum("pqbijc,pqcf->pqbijf", v, u, optimize=True)
    tiles = np.einsum("rp,pqbijf,sq->birjsf", A_T, m, A_T, optimize=True)
    images = tiles.reshape(n, rows * winograd.OUT, columns * winograd.OUT, f)
    return images[:, :oh, :ow].astype(x.dtype)


def winograd_compiled(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute y by the library's Winograd kernel: the rung above in vector instructions, on one thread.

    It takes some rows of tiles at a time, so that what it makes of them stays in the cache.
    """
    y = zero_output(x, kernel)
    geometry = convolution_geometry(x.shape[1:3], kernel.shape[:2], (1, 1), NO_PADDING)
    winograd_convolution.forward_span(
        0,
        len(x),
        1,  # a sample is not cut into bands for several threads
        winograd.addresses(x.dtype),  # of the compiled functions that it calls
        x,
        x[:0],  # there is no output of a ReLU through which x would be a gradient
        (winograd.filter_transform(kernel), np.zeros(y.shape[3], y.dtype)),
        winograd.enlarge_to_tiles(geometry),
        relu=False,
        y=y,
    )
    return y


def all_threads(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Compute y by the library's `conv2d_forward`: threads share the samples, so no sum changes."""
    bias = np.zeros(kernel.shape[3], x.dtype)
    return conv2d_forward(x, kernel, bias, (1, 1), NO_PADDING)


RUNGS = (
    plain_loops,
    filters_inside,
    windows_as_rows,
    register_tile,
    packed_panels,
    winograd_as_matrices,
    winograd_compiled,
    all_threads,
)
