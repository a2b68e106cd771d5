"""Single-channel images and few filters, then an activation and average pooling: pixels fill the vectors.

With one channel and six filters, two of eight lanes would be idle, and a number of x would be good for six
products only. So what lies between the image and the means is kept in *planes*, one for each filter:

    forward    a[f] = activation(Σ over di, dj of kernel[di, dj, f] · (the image, di rows and dj pixels on))
    backward   dkernel[di, dj, f] = Σ over all pixels of dz[f] · (the same)

In the first the image is the `b` of `blocks/gemm.py`; in the second both sides are contiguous along the sum:
`blocks/dot_products.py`.
"""

import numpy as np

from tinycnn.ops.kernels.activations import activate, activation_gradient
from tinycnn.ops.kernels.blocks.dot_products import add_dot_products
from tinycnn.ops.kernels.blocks.elementwise import add, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import LeftOperand, RightOperand, gemm_address
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES
from tinycnn.ops.kernels.convolution.direct import grain
from tinycnn.ops.kernels.parallel.partial_sums import partial_sums
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair, padded_size, top_left


def forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, padding: Padding, code: int, pool: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the means y (n, oh // ph, ow // pw, f), and a (n, oh, ow, f), which lies in planes.

    Args: as `reference.conv2d_average_pool2d_forward`, strides of 1; `code` is one of
    `activations.ACTIVATION_CODES`.
    """
    (n, _, _, _), (kh, kw, _, f), padded = x.shape, kernel.shape, padded_size(x.shape[1:3], padding)
    oh, ow = padded[0] - kh + 1, padded[1] - kw + 1
    a = aligned_empty((n, f, oh, ow), x.dtype)
    y = aligned_empty((n, oh // pool[0], ow // pool[1], f), x.dtype)
    start, least = top_left(padding), grain(n, 4 * a.size * kh * kw)
    arguments = gemm_address(x.dtype), x, kernel, bias, start, padded, code, pool, a, y
    workers.run(forward_span, n, least, *arguments)
    return y, a.transpose(0, 2, 3, 1)


@inlined
def allocate_image(padded, kw, x):
    """Return zeros for an image, and behind it so many that whole vectors can be read from any pixel."""
    more = VECTOR_BYTES // x.itemsize + kw
    return np.zeros((padded[0] + (more + padded[1] - 1) // padded[1], padded[1], 1), x.dtype)


@jit
def forward_span(start, stop, gemm, x, kernel, bias, pad_top_left, padded, code, pool, a, y):
    """Convolve, activate and pool samples start to stop."""
    (_, f, oh, ow), (kh, kw, _, _), w = a.shape, kernel.shape, padded[1]
    image, weights, a_flat = allocate_image(padded, kw, x), kernel.ravel(), a.ravel()
    size, row = oh * ow, np.empty(ow, x.dtype)
    # The filters are rows; k runs over a row of the kernel, segments over its rows.
    filters = LeftOperand(
        array=weights,
        offset=0,
        row_stride=1,
        k_stride=f,
        segment_stride=kw * f,
        segment_length=kw,
        segments=kh,
    )
    for b in range(start, stop):
        pixels = pad_image(x, x[:0], b, pad_top_left, image)
        planes = a_flat[b * f * size : (b + 1) * f * size]
        for ch in range(f):
            plane = planes[ch * size : (ch + 1) * size]
            for position in range(size):
                plane[position] = bias[ch]
        for i in range(oh):
            out = Matrix(planes, i * ow, row_stride=size)
            shifted = RightOperand(pixels, i * w, k_stride=1, segment_stride=w)
            call(gemm, (out, out, filters, shifted, f, ow))
        activate(planes, code)
        for ch in range(f):
            pool_plane(planes[ch * size : (ch + 1) * size], row, pool, y, b, ch)


@inlined
def pool_plane(plane, row, pool, y, b, ch):
    """Write the means of one plane's windows to y[b, :, :, ch]."""
    (_, rows, columns, f), (ph, pw), y_flat, ow = y.shape, pool, y.ravel(), len(row)
    window_size = row.dtype.type(ph * pw)
    for i in range(rows):
        set_to_zero(row)
        for above in range(ph):
            start = (i * ph + above) * ow
            add(plane[start : start + ow], row)
        for j in range(columns):
            total = row[j * pw]
            for right in range(1, pw):
                total += row[j * pw + right]
            y_flat[((b * rows + i) * columns + j) * f + ch] = total / window_size


def backward(
    dy: np.ndarray,
    a: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    padding: Padding,
    code: int,
    pool: Pair,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (kh, kw, 1, f) and dbias (f,).

    Args: as `reference.conv2d_average_pool2d_backward`, strides of 1; `code` is one of
    `activations.ACTIVATION_CODES`.
    """
    (kh, kw, _, f), lanes = kernel_shape, VECTOR_BYTES // x.itemsize
    planes = np.ascontiguousarray(a.transpose(0, 3, 1, 2))  # (n, f, oh, ow)
    sums = partial_sums(len(x), f * (kh * kw + 1) * lanes, x.dtype)
    chunks = len(sums)
    start, padded = top_left(padding), padded_size(x.shape[1:3], padding)
    least = grain(chunks, 4 * a.size * kh * kw)
    sums = sums.reshape(chunks, f, kh * kw + 1, lanes)
    workers.run(backward_span, chunks, least, dy, planes, x, kw, start, padded, code, pool, sums)
    total = sums.sum(axis=(0, 3))  # (f, kh · kw + 1)
    return np.ascontiguousarray(total[:, :-1].T).reshape(kernel_shape), total[:, -1].copy()


@jit
def backward_span(start, stop, dy, planes, x, kw, pad_top_left, padded, code, pool, sums):
    """Sum the gradients of each chunk's samples; the last of each filter's sums is the bias's."""
    (n, f, oh, ow), (chunks, _, count, lanes), w = planes.shape, sums.shape, padded[1]
    image, sums_flat = allocate_image(padded, kw, x), sums.ravel()
    size = (oh * w + lanes - 1) // lanes * lanes
    # Rows of dz are as long as the image's, zeros behind: so one dot product runs over all rows.
    dz, row, ones = np.zeros(f * size, x.dtype), np.zeros(ow, x.dtype), np.ones(size, x.dtype)
    for chunk in range(start, stop):
        offset, filter_stride = chunk * f * count * lanes, count * lanes
        set_to_zero(sums_flat[offset : offset + f * filter_stride])
        for b in range(chunk * n // chunks, (chunk + 1) * n // chunks):
            pixels = pad_image(x, x[:0], b, pad_top_left, image)
            for ch in range(f):
                unpool_plane(dy, planes, b, ch, pool, code, row, dz[ch * size : (ch + 1) * size], w)
            gradients, vectors = Matrix(dz, 0, row_stride=size), size // lanes
            for di in range((count - 1) // kw):
                # forward: z[f, i, j] = Σ x[i + di, j + dj] · kernel[di, dj, f]
                out = Matrix(sums_flat, offset + di * kw * lanes, row_stride=filter_stride)
                add_dot_products(out, gradients, pixels, di * w, f, kw, vectors)
            # forward: z[f, i, j] = ... + bias[f]
            out = Matrix(sums_flat, offset + filter_stride - lanes, row_stride=filter_stride)
            add_dot_products(out, gradients, ones, 0, f, 1, vectors)


@inlined
def unpool_plane(dy, planes, b, ch, pool, code, row, dz, w):
    """Share the gradients dy[b, :, :, ch] among their windows, and go back through the activation."""
    (_, rows, columns, f), (ph, pw), (_, _, oh, ow) = dy.shape, pool, planes.shape
    dy_flat, a_flat, window_size = dy.ravel(), planes.ravel(), dy.dtype.type(ph * pw)
    for i in range(rows):
        for j in range(columns):
            # forward: y[b, i, j, ch] = sum of the window / window_size
            share = dy_flat[((b * rows + i) * columns + j) * f + ch] / window_size
            for right in range(pw):
                row[j * pw + right] = share
        for above in range(ph):
            # forward: a = activation(z)
            line = i * ph + above
            offset = ((b * f + ch) * oh + line) * ow
            dz_row = dz[line * w : line * w + ow]
            activation_gradient(row, a_flat[offset : offset + ow], dz_row, code)
