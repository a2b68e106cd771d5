"""Gray images and few filters, then an activation and means: neighbouring pixels lie side by side.

With one channel and six filters, two of eight lanes would be idle, and a number of x would be good for six
products only. So what lies between the image and the means is kept in *planes*, one for each filter:

    forward    a[f] = bend(Σ over di, dj of kernel[di, dj, f] · (the image, di rows and dj pixels further on))
    backward   dkernel[di, dj, f] = Σ over all pixels of dz[f] · (the same)

In the first the image is the `b` of `product.py`; in the second both sides run on in memory: `dots.py`.
"""

import numpy as np

from tinycnn.ops.kernels.activations import bend, bend_back
from tinycnn.ops.kernels.blocks.dot_products import add_dots
from tinycnn.ops.kernels.blocks.elementwise import add, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import ONE, ZERO, product_address
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import Padding, Pair, pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES
from tinycnn.ops.kernels.convolution.direct import grain
from tinycnn.ops.kernels.parallel.partial_sums import partial_sums
from tinycnn.ops.kernels.parallel.thread_pool import workers

FEW = 8  # filters


def pays(kernel_shape: tuple, strides: Pair) -> bool:
    """Return whether this way is faster."""
    return kernel_shape[2] == 1 and kernel_shape[3] <= FEW and tuple(strides) == (1, 1)


def padded_size(x_shape: tuple, padding: Padding) -> Pair:
    """Return rows and columns of an image with its padding."""
    return x_shape[1] + sum(padding[0]), x_shape[2] + sum(padding[1])


def forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, padding: Padding, kind: int, pool: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the means y (n, oh // ph, ow // pw, f), and a (n, oh, ow, f), which lies in planes.

    Args: as `reference.conv2d_average_pool2d_forward`, strides of 1; `kind` is one of `activations.KINDS`.
    """
    (n, _, _, _), (kh, kw, _, f), padded = x.shape, kernel.shape, padded_size(x.shape, padding)
    oh, ow = padded[0] - kh + 1, padded[1] - kw + 1
    a = aligned_empty((n, f, oh, ow), x.dtype)
    y = aligned_empty((n, oh // pool[0], ow // pool[1], f), x.dtype)
    corner, arrays = (padding[0][0], padding[1][0]), (product_address(x.dtype), x, kernel, bias)
    least = grain(n, 4 * a.size * kh * kw)
    workers.run(forward_span, n, least, *arrays, corner, padded, kind, pool, a, y)
    return y, a.transpose(0, 2, 3, 1)


@inlined
def room_for_image(padded, kw, x):
    """Return zeros for an image, and behind it so many that whole vectors can be read from any pixel."""
    more = VECTOR_BYTES // x.itemsize + kw
    return np.zeros((padded[0] + (more + padded[1] - 1) // padded[1], padded[1], 1), x.dtype)


@jit
def forward_span(start, stop, product, x, kernel, bias, corner, padded, kind, pool, a, y):
    """Convolve, bend and pool samples start to stop."""
    (_, f, oh, ow), (kh, kw, _, _), w = a.shape, kernel.shape, padded[1]
    image, weights, numbers = room_for_image(padded, kw, x), kernel.ravel(), a.ravel()
    size, row = oh * ow, np.empty(ow, x.dtype)
    # The filters are rows; from filter to filter, from k to k, to the next row of the kernel.
    steps, b_steps = (ONE, f, kw * f, kw, kh), (ONE, w)
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, corner, image)
        planes = numbers[b * f * size : (b + 1) * f * size]
        for ch in range(f):
            plane = planes[ch * size : (ch + 1) * size]
            for position in range(size):
                plane[position] = bias[ch]
        for i in range(oh):
            places = planes, i * ow, size, planes, i * ow, size
            call(product, (*places, weights, ZERO, steps, pixels, i * w, b_steps, f, ow))
        bend(planes, kind)
        for ch in range(f):
            pool_plane(planes[ch * size : (ch + 1) * size], row, pool, y, b, ch)


@inlined
def pool_plane(plane, row, pool, y, b, ch):
    """Write the means of one plane's windows to y[b, :, :, ch]."""
    (_, rows, columns, f), (ph, pw), found, ow = y.shape, pool, y.ravel(), len(row)
    share = row.dtype.type(ph * pw)
    for i in range(rows):
        set_to_zero(row)
        for above in range(ph):
            start = (i * ph + above) * ow
            add(plane[start : start + ow], row)
        for j in range(columns):
            total = row[j * pw]
            for right in range(1, pw):
                total += row[j * pw + right]
            found[((b * rows + i) * columns + j) * f + ch] = total / share


def backward(
    dy: np.ndarray,
    a: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    padding: Padding,
    kind: int,
    pool: Pair,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (kh, kw, 1, f) and dbias (f,).

    Args: as `reference.conv2d_average_pool2d_backward`, strides of 1; `kind` is one of `activations.KINDS`.
    """
    (kh, kw, _, f), lanes = kernel_shape, VECTOR_BYTES // x.itemsize
    planes = np.ascontiguousarray(a.transpose(0, 3, 1, 2))  # (n, f, oh, ow)
    sums = partial_sums(len(x), f * (kh * kw + 1) * lanes, x.dtype)
    chunks = len(sums)
    corner, padded = (padding[0][0], padding[1][0]), padded_size(x.shape, padding)
    least = grain(chunks, 4 * a.size * kh * kw)
    sums = sums.reshape(chunks, f, kh * kw + 1, lanes)
    workers.run(backward_span, chunks, least, dy, planes, x, kw, corner, padded, kind, pool, sums)
    found = sums.sum(axis=(0, 3))  # (f, kh · kw + 1)
    return np.ascontiguousarray(found[:, :-1].T).reshape(kernel_shape), found[:, -1].copy()


@jit
def backward_span(start, stop, dy, planes, x, kw, corner, padded, kind, pool, sums):
    """Sum the gradients of each chunk's samples; the last of each filter's sums is the bias's."""
    (n, f, oh, ow), (chunks, _, count, lanes), w = planes.shape, sums.shape, padded[1]
    image, flat = room_for_image(padded, kw, x), sums.ravel()
    size = (oh * w + lanes - 1) // lanes * lanes
    # Rows are as long as the image's, zeros behind: so both run on the same way.
    dz, row, ones = np.zeros(f * size, x.dtype), np.zeros(ow, x.dtype), np.ones(size, x.dtype)
    for chunk in range(start, stop):
        at, far = chunk * f * count * lanes, count * lanes
        set_to_zero(flat[at : at + f * far])
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            pixels = pad_image(x, x[:0], b, corner, image)
            for ch in range(f):
                unpool_plane(dy, planes, b, ch, pool, kind, row, dz[ch * size : (ch + 1) * size], w)
            many = size // lanes
            for di in range((count - 1) // kw):
                # forward: z[f, i, j] = Σ x[i + di, j + dj] · kernel[di, dj, f]
                places = flat, at + di * kw * lanes, far, dz, 0, size
                add_dots(*places, pixels, di * w, f, kw, many)
            # forward: z[f, i, j] = ... + bias[f]
            add_dots(flat, at + far - lanes, far, dz, 0, size, ones, 0, f, 1, many)


@inlined
def unpool_plane(dy, planes, b, ch, pool, kind, row, dz, w):
    """Share the gradients dy[b, :, :, ch] among their windows, and go back through the activation."""
    (_, rows, columns, f), (ph, pw), (_, _, oh, ow) = dy.shape, pool, planes.shape
    numbers, signs, share = dy.ravel(), planes.ravel(), dy.dtype.type(ph * pw)
    for i in range(rows):
        for j in range(columns):
            # forward: y[b, i, j, ch] = sum of the window / share
            part = numbers[((b * rows + i) * columns + j) * f + ch] / share
            for right in range(pw):
                row[j * pw + right] = part
        for above in range(ph):
            # forward: a = bend(z)
            line = i * ph + above
            at = ((b * f + ch) * oh + line) * ow
            bend_back(row, signs[at : at + ow], dz[line * w : line * w + ow], kind)
