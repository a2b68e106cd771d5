"""Conv2D of images with one channel and few filters, an activation and average pooling as one operation.

With one channel and six filters, two of eight lanes would be idle, and a number of x would be used for six
products only. So the convolution's output is stored as *planes*, an image (oh, ow) for each filter, and the
lanes of a vector are neighbouring pixels:

    forward    a[f] = activation(Σ over di, dj of kernel[di, dj, f] · (the image from [di, dj] on))
    backward   dkernel[di, dj, f] = Σ over all pixels of dz[f] · (the image from [di, dj] on)

Forward, the image is the operand `b` of `blocks/gemm.py`. Backward, both factors are contiguous in memory
along the sum, which suits `blocks/dot_products.py`.
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.activations import activate, activation_gradient
from tinycnn.ops.kernels.blocks.dot_products import add_dot_products
from tinycnn.ops.kernels.blocks.elementwise import add, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import LeftOperand, RightOperand, gemm_address
from tinycnn.ops.kernels.blocks.matrix import Matrix, View
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.codegen.vector_builder import VECTOR_BYTES
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.partial_sums import chunk_samples, partial_sums
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.recording import recorded


class Head(NamedTuple):
    """The settings of what comes behind the convolution: an activation, then average pooling."""

    activation_code: int  # one of `activations.ACTIVATION_CODES`
    pool: Pair  # (ph, pw), the window and the strides


def forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, padding: Padding, code: int, pool: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and a as `reference.conv2d_average_pool2d_forward` does.

    y is (n, oh // ph, ow // pw, f). a is (n, oh, ow, f), a view of an array (n, f, oh, ow).

    Args:
        x: (n, h, w, 1).
        kernel, bias: (kh, kw, 1, f) and (f,); the strides are 1.
        padding: ((top, bottom), (left, right)).
        code: the activation, one of `activations.ACTIVATION_CODES`.
        pool: (ph, pw).
    """
    n, (kh, kw, _, f) = len(x), kernel.shape
    geometry = convolution_geometry(x.shape[1:3], (kh, kw), (1, 1), padding)
    oh, ow = geometry.output
    a = aligned_empty((n, f, oh, ow), x.dtype)
    y = aligned_empty((n, oh // pool[0], ow // pool[1], f), x.dtype)
    workers.run(
        forward_span,
        n,
        grain(n, 4 * a.size * kh * kw),
        gemm=gemm_address(x.dtype),
        x=x,
        kernel=kernel,
        bias=bias,
        geometry=geometry,
        head=Head(code, pool),
        a=a,
        y=y,
    )
    return y, a.transpose(0, 2, 3, 1)


@inlined
def allocate_image(geometry, like):
    """Return zeros (rows, columns, 1) for a padded image, with more rows than that needs.

    They let whole vectors be read that begin up to kw numbers behind the last pixel. `like`: for its dtype.
    """
    (rows, columns), kw = geometry.padded_size, geometry.kernel_size[1]
    more = VECTOR_BYTES // like.itemsize + kw
    return np.zeros((rows + (more + columns - 1) // columns, columns, 1), like.dtype)


@jit
def forward_span(start, stop, gemm, x, kernel, bias, geometry, head, a, y):
    """Write a[start:stop] and y[start:stop].

    Args:
        start, stop: which samples.
        gemm: the address of `gemm`, from `gemm_address`.
        x: (n, h, w, 1).
        kernel: (kh, kw, 1, f).
        bias: (f,).
        geometry: of the convolution.
        head: a `Head`.
        a: (n, f, oh, ow), is written: a plane for each filter.
        y: (n, rows, columns, f), is written.
    """
    (_, f, oh, ow), (kh, kw, _, _), w = a.shape, kernel.shape, geometry.padded_size[1]
    image, weights, a_flat = allocate_image(geometry, x), kernel.ravel(), a.ravel()
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
        pixels = pad_image(x, x[:0], b, geometry.pad_top_left, image)
        planes = a_flat[b * f * size : (b + 1) * f * size]
        for ch in range(f):
            plane = planes[ch * size : (ch + 1) * size]
            for position in range(size):
                plane[position] = bias[ch]
        for i in range(oh):
            # Row k of b is a row of the image from pixel k on: so columns of the product are pixels.
            out = Matrix(planes, i * ow, row_stride=size)
            shifted = RightOperand(pixels, i * w, k_stride=1, segment_stride=w)
            call(gemm, (out, out, filters, shifted, f, ow))
        # While the sample's planes are still in the cache.
        activate(planes, head.activation_code)
        for ch in range(f):
            pool_plane(planes[ch * size : (ch + 1) * size], row, head.pool, y, b, ch)


@inlined
def pool_plane(plane, row, pool, y, b, ch):
    """Write y[b, :, :, ch], the means of one plane's windows.

    Args:
        plane: flat, (oh, ow).
        row: scratch, (ow,).
        pool: (ph, pw).
        y: (n, oh // ph, ow // pw, f), is written.
        b, ch: the indices of the sample and the filter.
    """
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

    Args:
        dy: (n, oh // ph, ow // pw, f), the gradient of the means.
        a: (n, oh, ow, f), the activation's output, from `forward`.
        x: (n, h, w, 1).
        kernel_shape: (kh, kw, 1, f); the strides are 1.
        padding, code, pool: those of `forward`.
    """
    (kh, kw, _, f), lanes = kernel_shape, VECTOR_BYTES // x.itemsize
    geometry = convolution_geometry(x.shape[1:3], (kh, kw), (1, 1), padding)
    planes = recorded(np.ascontiguousarray, a.transpose(0, 3, 1, 2))  # (n, f, oh, ow)
    # A vector of partial sums for each weight and each bias: lanes and chunks are added up below.
    sums = partial_sums(len(x), f * (kh * kw + 1) * lanes, x.dtype)
    chunks = len(sums)
    sums = sums.reshape(chunks, f, kh * kw + 1, lanes)
    workers.run(
        backward_span,
        chunks,
        grain(chunks, 4 * a.size * kh * kw),
        dy=dy,
        planes=planes,
        x=x,
        geometry=geometry,
        head=Head(code, pool),
        sums=sums,
    )
    total = recorded(np.sum, sums, axis=(0, 3))  # (f, kh · kw + 1)
    dkernel = recorded(np.ascontiguousarray, total[:, :-1].T).reshape(kernel_shape)
    return dkernel, recorded(np.copy, total[:, -1])


@jit
def backward_span(start, stop, dy, planes, x, geometry, head, sums):
    """Write sums[start:stop]: the gradients of kernel and bias, summed over each chunk's samples.

    Args:
        start, stop: which chunks.
        dy: (n, rows, columns, f).
        planes: what the activation gave, (n, f, oh, ow).
        x: (n, h, w, 1).
        geometry: of the convolution.
        head: a `Head`.
        sums: (chunks, f, kh · kw + 1, lanes), is written: for each filter and weight, last the bias, a vector
            of partial sums.
    """
    (n, f, oh, ow), (chunks, _, count, lanes), w = planes.shape, sums.shape, geometry.padded_size[1]
    image, sums_flat, (kh, kw) = allocate_image(geometry, x), sums.ravel(), geometry.kernel_size
    size = (oh * w + lanes - 1) // lanes * lanes
    # Rows of dz are as long as those of the padded image, w, and end in zeros: so one dot product runs over
    # all rows.
    dz, row, ones = np.zeros(f * size, x.dtype), np.zeros(ow, x.dtype), np.ones(size, x.dtype)
    gradients, vectors = Matrix(dz, 0, row_stride=size), size // lanes
    for chunk in range(start, stop):
        offset, filter_stride = chunk * f * count * lanes, count * lanes
        set_to_zero(sums_flat[offset : offset + f * filter_stride])
        first, last = chunk_samples(chunk, chunks, n)
        for b in range(first, last):
            pixels = pad_image(x, x[:0], b, geometry.pad_top_left, image)
            for ch in range(f):
                dz_plane = dz[ch * size : (ch + 1) * size]
                unpool_plane(dy, planes, b, ch, head, row, dz_plane, w)
            for di in range(kh):
                # forward: z[f, i, j] = Σ x[i + di, j + dj] · kernel[di, dj, f]
                out = Matrix(sums_flat, offset + di * kw * lanes, row_stride=filter_stride)
                add_dot_products(out, gradients, View(pixels, di * w), f, kw, vectors)
            # forward: z[f, i, j] = ... + bias[f]
            out = Matrix(sums_flat, offset + filter_stride - lanes, row_stride=filter_stride)
            add_dot_products(out, gradients, View(ones, 0), f, 1, vectors)


@inlined
def unpool_plane(dy, planes, b, ch, head, row, dz, w):
    """Write dz, the gradient of the convolution's output for one sample and filter.

    Args:
        dy: (n, oh // ph, ow // pw, f), the gradient of the means.
        planes: the activation's output, (n, f, oh, ow).
        b, ch: the indices of the sample and the filter.
        head: a `Head`.
        row: scratch, (ow,), zeros at first.
        dz: flat, (oh, w), zeros at first, is written.
        w: columns of the padded image.
    """
    (_, rows, columns, f), (ph, pw), (_, _, oh, ow) = dy.shape, head.pool, planes.shape
    dy_flat, a_flat, window_size = dy.ravel(), planes.ravel(), dy.dtype.type(ph * pw)
    for i in range(rows):
        for j in range(columns):
            # forward: y[b, i, j, ch] = sum of the window / window_size
            share = dy_flat[((b * rows + i) * columns + j) * f + ch] / window_size
            # Behind the last whole window `row` stays 0, as is the gradient there.
            for right in range(pw):
                row[j * pw + right] = share
        for above in range(ph):
            # forward: a = activation(z)
            line = i * ph + above
            offset = ((b * f + ch) * oh + line) * ow
            dz_row = dz[line * w : line * w + ow]
            activation_gradient(row, a_flat[offset : offset + ow], dz_row, head.activation_code)
