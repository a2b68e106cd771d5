"""From the definition of a convolution to the fast kernel, one step of speed at a time.

Each rung computes the same y (n, oh, ow, f) of x (n, h, w, c) and kernel (3, 3, c, f), stride 1, no padding:

    y[b, i, j, filter] = Σ x[b, i + di, j + dj, channel] · kernel[di, dj, channel, filter]

and says what it does better than the one before. `python -m benchmarks.ladder` prints how long each takes on
this machine. The arithmetic stays the same, sum for sum, up to Winograd's, who changes it.
"""

import numpy as np

from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    pack_panels,
    pad_to_vector_width,
    panel_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution import direct, winograd
from tinycnn.ops.kernels.convolution.conv2d import conv2d_forward

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


def empty_output(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return zeros of the shape of y."""
    (n, h, w, _), (kh, kw, _, f) = x.shape, kernel.shape
    return np.zeros((n, h - kh + 1, w - kw + 1, f), x.dtype)


def plain_loops(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The definition, compiled. The kernel's numbers that it needs next lie f numbers apart."""
    y = empty_output(x, kernel)
    add_by_definition(x, kernel, y)
    return y


@jit
def add_by_definition(x, kernel, y):
    """Add to y: the seven sums in the order of the definition."""
    (n, oh, ow, f), (kh, kw, c, _) = y.shape, kernel.shape
    for b in range(n):
        for i in range(oh):
            for j in range(ow):
                for filter in range(f):
                    for di in range(kh):
                        for dj in range(kw):
                            for channel in range(c):
                                product = (
                                    x[b, i + di, j + dj, channel] * kernel[di, dj, channel, filter]
                                )
                                y[b, i, j, filter] += product


def filters_inside(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Another order of the loops: filters, which are neighbours in memory, go inside: 8 at once."""
    y = empty_output(x, kernel)
    add_filters_inside(x, kernel, y)
    return y


@jit
def add_filters_inside(x, kernel, y):
    """Add to y, all filters of a pixel side by side."""
    (n, oh, ow, f), (kh, kw, c, _) = y.shape, kernel.shape
    for b in range(n):
        for i in range(oh):
            for j in range(ow):
                out = y[b, i, j]
                for di in range(kh):
                    for dj in range(kw):
                        for channel in range(c):
                            factor, row = x[b, i + di, j + dj, channel], kernel[di, dj, channel]
                            for filter in range(f):
                                out[filter] += factor * row[filter]


def window_rows(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return "im2col": every window copied into a row, (n · oh · ow, 9 · c)."""
    kh, kw, c, _ = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(
        x, (kh, kw), axis=(1, 2)
    )  # (n, oh, ow, c, kh, kw)
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kh * kw * c)


def windows_as_rows(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """A convolution is a matrix product, windows times kernel: a kernel row serves four windows at once."""
    y = empty_output(x, kernel)
    f = kernel.shape[3]
    add_four_rows(window_rows(x, kernel), kernel.reshape(-1, f), y.reshape(-1, f))
    return y


@jit
def add_four_rows(a, b, c):
    """Add a · b to c, four rows of c at a time: a number of b that was loaded is used four times."""
    whole = len(a) - len(a) % 4
    for row in range(0, whole, 4):
        c0, c1, c2, c3 = c[row], c[row + 1], c[row + 2], c[row + 3]
        for k in range(len(b)):
            a0, a1, a2, a3 = a[row, k], a[row + 1, k], a[row + 2, k], a[row + 3, k]
            b_row = b[k]
            for column in range(len(b_row)):
                c0[column] += a0 * b_row[column]
                c1[column] += a1 * b_row[column]
                c2[column] += a2 * b_row[column]
                c3[column] += a3 * b_row[column]
    for row in range(whole, len(a)):
        for k in range(len(b)):
            for column in range(b.shape[1]):
                c[row, column] += a[row, k] * b[k, column]


def register_tile(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The same product by tiles whose sums stay in registers: y is written once, not once for every k."""
    y = empty_output(x, kernel)
    matrix = pad_to_vector_width(kernel.reshape(-1, kernel.shape[3]))
    arguments = window_rows(x, kernel), matrix, np.zeros(y.shape[3], y.dtype), y
    multiply_in_tiles(gemm_address(y.dtype), *arguments)
    return y


@jit
def multiply_in_tiles(gemm, windows, matrix, bias, y):
    """Set y to windows · matrix by the register-blocked micro-kernel of `blocks/gemm.py`."""
    (rows, k), f = windows.shape, y.shape[3]
    left = LeftOperand(
        array=windows.ravel(),
        offset=0,
        row_stride=k,
        k_stride=1,
        segment_stride=0,
        segment_length=k,
        segments=1,
    )
    right = RightOperand(array=matrix.ravel(), offset=0, k_stride=matrix.shape[1], segment_stride=0)
    out, initial = Matrix(y.ravel(), 0, row_stride=f), Matrix(bias, 0, row_stride=0)
    call(gemm, (out, initial, left, right, rows, f))


def packed_panels(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """No copies: the rows are the image as it lies in memory; the kernel in panels that stay in the cache."""
    y = empty_output(x, kernel)
    (n, h, w, _), (kh, kw, _, f) = x.shape, kernel.shape
    matrix = kernel.reshape(-1, f)
    panels = pack_panels(matrix, panel_width(matrix))
    arrays = gemm_address(x.dtype), x, panels, np.zeros(f, x.dtype)
    direct.forward_span(0, n, *arrays, (kh, kw), (1, 1), (0, 0), (h, w), False, y)
    return y


def winograd_as_matrices(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Aᵀ [Σ (G g Gᵀ) · (Bᵀ d B)] A, over channels: 36 products for 16 outputs instead of 144. In NumPy."""
    y = empty_output(x, kernel)
    n, oh, ow, f = y.shape
    rows, columns = -(-oh // winograd.OUT), -(-ow // winograd.OUT)
    grown = (rows * winograd.OUT + 2 - x.shape[1], columns * winograd.OUT + 2 - x.shape[2])
    padded = np.pad(x, ((0, 0), (0, grown[0]), (0, grown[1]), (0, 0)))
    side = (winograd.IN, winograd.IN)
    d = np.lib.stride_tricks.sliding_window_view(padded, side, axis=(1, 2))  # (n, ., ., c, 6, 6)
    d = d[:, :: winograd.OUT, :: winograd.OUT]  # a tile every four pixels
    u = np.einsum("pk,klcf,ql->pqcf", G, kernel, G, optimize=True)
    v = np.einsum("pk,bijckl,ql->pqbijc", B_T, d, B_T, optimize=True)
    m = np.einsum("pqbijc,pqcf->pqbijf", v, u, optimize=True)
    tiles = np.einsum("rp,pqbijf,sq->birjsf", A_T, m, A_T, optimize=True)
    whole = tiles.reshape(n, rows * winograd.OUT, columns * winograd.OUT, f)
    return whole[:, :oh, :ow].astype(x.dtype)


def winograd_compiled(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The same transforms written for vectors, a band of tiles at a time, which stays in the second cache."""
    y = empty_output(x, kernel)
    padded = winograd.pad_to_tiles(x.shape[1:3], y.shape[1:3])
    transformed, bias = winograd.filter_transform(kernel), np.zeros(y.shape[3], y.dtype)
    arrays = winograd.addresses(x.dtype), x, x[:0], transformed, bias
    direct.winograd_span(0, len(x), *arrays, (0, 0), padded, False, y)
    return y


def all_threads(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Samples shared among threads: every one owns its part of y, so no sum changes."""
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
