"""Convolution on the product of `product.py`, without copying a single window.

In NHWC order the window of an output pixel is, for one row of the kernel, one unbroken run of kw · c
numbers, and the next pixel's run begins sw · c further on. So the windows of an image row *are* the
rows of a matrix, overlapping in memory: distance sw · c from row to row, 1 from k to k, and w · c to
the next row of the kernel.
"""

import numpy as np

from tinycnn.kernels.compile import jit
from tinycnn.kernels.product import add_product
from tinycnn.kernels.threads import workers

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
CHUNKS = 16  # sums over samples go through this many partial sums, whatever the number of threads
WORTH_A_THREAD = 1_000_000  # multiply-adds


def pad(x: np.ndarray, padding: Padding) -> np.ndarray:
    """Put zeros round each image; return x itself where there are none to put."""
    return np.pad(x, ((0, 0), *padding, (0, 0))) if np.any(padding) else x


def conv2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strides: Pair, padding: Padding
) -> np.ndarray:
    """Twin of `reference.conv2d_forward`."""
    x = pad(x, padding)
    (n, h, w, _), (kh, kw, _, f), (sh, sw) = x.shape, kernel.shape, strides
    y = np.empty((n, (h - kh) // sh + 1, (w - kw) // sw + 1, f), x.dtype)
    grain = WORTH_A_THREAD // (y[:1].size * kernel[..., 0].size + 1)
    workers.run(forward_span, n, grain, x, kernel, bias, strides, y)
    return y


@jit
def forward_span(start, stop, x, kernel, bias, strides, y):
    """Convolve samples start to stop; each sample owns its part of y."""
    (_, h, w, c), (kh, kw, _, f), (sh, sw) = x.shape, kernel.shape, strides
    _, oh, ow, _ = y.shape
    # From pixel to pixel, from k to k, to the next kernel row; k in a kernel row, kernel rows.
    window = (sw * c, 1, w * c, kw * c, kh)
    for b in range(start, stop):
        for i in range(oh):
            y[b, i] = bias
            y_at, x_at = (b * oh + i) * ow * f, (b * h + i * sh) * w * c
            add_product(y.ravel(), y_at, f, x.ravel(), x_at, window, kernel.ravel(), 0, f, ow, f)


def conv2d_backward_input(
    dy: np.ndarray, kernel: np.ndarray, x_shape: tuple, strides: Pair, padding: Padding
) -> np.ndarray:
    """Twin of `reference.conv2d_backward_input`.

    forward: y[i, j] = Σ x[i·sh + di, j·sw + dj] · kernel[di, dj].  Read backwards, the pixel x[r, q]
    met kernel[di, dj] on its way to y[(r - di) / sh, (q - dj) / sw]: again a convolution, of dy spread
    out by the strides, with the kernel turned by half a turn and its channels and filters exchanged.
    """
    (kh, kw, c, f), (sh, sw) = kernel.shape, strides
    (n, h, w, _), ((top, bottom), (left, right)) = x_shape, padding
    _, oh, ow, _ = dy.shape
    spread = np.zeros((n, h + top + bottom + kh - 1, w + left + right + kw - 1, f), dy.dtype)
    spread[:, kh - 1 : kh - 1 + oh * sh : sh, kw - 1 : kw - 1 + ow * sw : sw] = dy
    turned = np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))  # (kh, kw, f, c)
    spread = np.ascontiguousarray(spread[:, top : top + h + kh - 1, left : left + w + kw - 1])
    return conv2d_forward(spread, turned, np.zeros(c, dy.dtype), (1, 1), ((0, 0), (0, 0)))


def conv2d_backward_kernel(
    dy: np.ndarray, x: np.ndarray, kernel_shape: tuple, strides: Pair, padding: Padding
) -> tuple[np.ndarray, np.ndarray]:
    """Twin of `reference.conv2d_backward_kernel`."""
    x = pad(x, padding)
    chunks = min(CHUNKS, max(1, len(x)))
    dkernel = np.zeros((chunks, *kernel_shape), dy.dtype)
    dbias = np.zeros((chunks, kernel_shape[-1]), dy.dtype)
    grain = WORTH_A_THREAD * chunks // (dy[..., 0].size * dkernel[0].size + 1)
    workers.run(backward_kernel_span, chunks, grain, dy, x, strides, dkernel, dbias)
    return dkernel.sum(axis=0), dbias.sum(axis=0)


@jit
def backward_kernel_span(start, stop, dy, x, strides, dkernel, dbias):
    """Sum the gradients of each chunk's samples into that chunk's own dkernel and dbias."""
    (n, h, w, c), (chunks, kh, kw, _, f), (sh, sw) = x.shape, dkernel.shape, strides
    _, oh, ow, _ = dy.shape
    # The transposed view, where k runs over output pixels: from one number of the window to the next,
    # from pixel to pixel, to the next row of pixels; pixels in a row, rows.
    windows = (1, sw * c, sh * w * c, ow, oh)
    for chunk in range(start, stop):
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            dy_at = b * oh * ow * f
            for di in range(kh):
                dk_at, x_at = (chunk * kh + di) * kw * c * f, (b * h + di) * w * c
                # forward: y[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
                add_product(
                    dkernel.ravel(),
                    dk_at,
                    f,
                    x.ravel(),
                    x_at,
                    windows,
                    dy.ravel(),
                    dy_at,
                    f,
                    kw * c,
                    f,
                )
            for i in range(oh):
                for j in range(ow):
                    dbias[chunk] += dy[b, i, j]
