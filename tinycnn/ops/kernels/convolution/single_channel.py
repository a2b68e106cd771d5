"""Conv2D of images with one channel and few filters, an activation and average pooling as one operation.

With one channel and six filters, two of eight lanes would be idle, and a number of x would be used for six
products only. So the convolution's output is stored as *planes*, an image (oh, ow) for each filter, and the
lanes of a vector are neighbouring pixels:

    forward    a[f] = activation(Σ over di, dj of kernel[di, dj, f] · (the image from [di, dj] on))
    backward   dkernel[di, dj, f] = Σ over all pixels of dz[f] · (the image from [di, dj] on)

For each dj there is a copy of the image from column dj on, with rows as long as those of a plane: so from any
[di, dj] on, the image is contiguous. Forward, the copies are the operand `b` of `blocks/gemm.py`. Backward,
both factors are contiguous in memory along the sum, which suits `blocks/dot_products.py`.
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.activations import activate, activation_gradient
from tinycnn.ops.kernels.blocks.dot_products import add_dot_products
from tinycnn.ops.kernels.blocks.elementwise import copy, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.memory import aligned_empty
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
def allocate_copies(geometry, like):
    """Return flat zeros for `shift_image`, and ones behind them; `like`: for its dtype.

    There are kw copies of the image, (rows of the padded image, ow) each. The ones serve as one more copy,
    and let whole vectors be read that begin in the last one.
    """
    copies = geometry.kernel_size[1] * geometry.padded_size[0] * geometry.output[1]
    more = geometry.output[0] * geometry.output[1] + VECTOR_BYTES // like.itemsize
    images = np.zeros(copies + more, like.dtype)
    for position in range(more):
        images[copies + position] = 1
    return images


@inlined
def shift_image(x, b, geometry, images):
    """Write kw copies of sample `b`, copy dj having columns dj to dj + ow - 1 of the padded image.

    Args:
        x: (n, h, w, 1).
        b: the index of the sample.
        geometry: of the convolution.
        images: from `allocate_copies`; what is padding stays zero.
    """
    (_, h, w, _), (top, left), ow = x.shape, geometry.pad_top_left, geometry.output[1]
    x_flat, rows = x.ravel(), geometry.padded_size[0]
    for dj in range(geometry.kernel_size[1]):
        # The first column of the copy that is not padding, and how many there are.
        first = max(0, left - dj)
        count = max(0, min(ow, w + left - dj) - first)
        for i in range(min(h, rows - top)):
            start, out = (b * h + i) * w + first + dj - left, (dj * rows + top + i) * ow + first
            copy(x_flat[start : start + count], images[out : out + count])


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
    (_, f, oh, ow), (kh, kw, _, _), a_flat = a.shape, kernel.shape, a.ravel()
    images, size = allocate_copies(geometry, x), oh * ow
    # The filters are rows; k runs over a row of the kernel, segments over its rows.
    filters = LeftOperand(
        array=kernel.ravel(),
        offset=0,
        row_stride=1,
        k_stride=f,
        segment_stride=kw * f,
        segment_length=kw,
        segments=kh,
    )
    # Row k of b is the image from pixel k on: so columns of the product are pixels.
    shifted = RightOperand(images, 0, geometry.padded_size[0] * ow, segment_stride=ow)
    for b in range(start, stop):
        shift_image(x, b, geometry, images)
        planes = a_flat[b * f * size : (b + 1) * f * size]
        for ch in range(f):
            plane = planes[ch * size : (ch + 1) * size]
            for position in range(size):
                plane[position] = bias[ch]
        out = Matrix(planes, 0, row_stride=size)
        call(gemm, (out, out, filters, shifted, f, size))
        # While the sample's planes are still in the cache.
        activate(planes, head.activation_code)
        for ch in range(f):
            pool_plane(planes[ch * size : (ch + 1) * size], head.pool, ow, y, b, ch)


@inlined
def pool_plane(plane, pool, ow, y, b, ch):
    """Write y[b, :, :, ch], the means of one plane's windows.

    Args:
        plane: flat, (oh, ow).
        pool: (ph, pw).
        ow: columns of the plane.
        y: (n, oh // ph, ow // pw, f), is written.
        b, ch: the indices of the sample and the filter.
    """
    (_, rows, columns, f), (ph, pw), y_flat = y.shape, pool, y.ravel()
    for i in range(rows):
        lines = plane[i * ph * ow : (i + 1) * ph * ow]
        out = y_flat[(b * rows + i) * columns * f + ch : (b * rows + i + 1) * columns * f]
        # Where the size of a window is a constant, LLVM uses vector instructions.
        if ph == 2 and pw == 2:
            mean_windows(lines, 2, 2, ow, columns, f, out)
        else:
            mean_windows(lines, ph, pw, ow, columns, f, out)


@inlined
def mean_windows(lines, ph, pw, ow, columns, f, out):
    """Write out[j * f], j < columns, the means of the windows of `ph` lines, flat (ph, ow)."""
    for j in range(columns):
        total = lines.dtype.type(0)
        for right in range(pw):
            column = lines.dtype.type(0)
            for above in range(ph):
                column += lines[above * ow + j * pw + right]
            total += column
        out[j * f] = total / lines.dtype.type(ph * pw)


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
    sums = sums.reshape(
        chunks, f, kh * kw + 1, lanes
    )  # the bias behind the first row of the kernel
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
    return recorded(split_sums, sums, kernel_shape)


def split_sums(sums: np.ndarray, kernel_shape: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (kh, kw, 1, f) and dbias (f,) of the sums of `backward_span`."""
    total, kw = sums.sum(axis=(0, 3)).T, kernel_shape[1]  # (kh · kw + 1, f)
    return np.delete(total, kw, axis=0).reshape(kernel_shape), total[kw].copy()


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
        sums: (chunks, f, kh · kw + 1, lanes), is written: for each filter and weight a vector of partial
            sums; behind those of the first row of the kernel the one of the bias.
    """
    (n, f, oh, ow), (chunks, _, count, lanes), planes_flat = (
        planes.shape,
        sums.shape,
        planes.ravel(),
    )
    images, sums_flat, (kh, kw) = allocate_copies(geometry, x), sums.ravel(), geometry.kernel_size
    size, copy_size = oh * ow, geometry.padded_size[0] * ow
    vectors = (size + lanes - 1) // lanes
    # Planes of dz end in zeros, up to a whole vector.
    dz, da = np.zeros(f * vectors * lanes, x.dtype), np.zeros(size, x.dtype)
    gradients = Matrix(dz, 0, row_stride=vectors * lanes)
    for chunk in range(start, stop):
        offset, filter_stride = chunk * f * count * lanes, count * lanes
        set_to_zero(sums_flat[offset : offset + f * filter_stride])
        first, last = chunk_samples(chunk, chunks, n)
        for b in range(first, last):
            shift_image(x, b, geometry, images)
            for ch in range(f):
                unpool_plane(dy, b, ch, head.pool, ow, da)
                a = planes_flat[(b * f + ch) * size : (b * f + ch + 1) * size]
                # forward: a = activation(z)
                activation_gradient(da, a, dz[ch * vectors * lanes :], head.activation_code)
            for di in range(kh):
                # forward: z[f, i, j] = bias[f] + Σ x[i + di, j + dj] · kernel[di, dj, f]
                first_sum = offset + (di * kw + (di > 0)) * lanes
                out = Matrix(sums_flat, first_sum, row_stride=filter_stride)
                shifted = Matrix(images, di * ow, row_stride=copy_size)
                # With the first row of the kernel the ones, copy number kw.
                columns = kw + (di == 0)
                add_dot_products(out, gradients, shifted, f, columns, vectors)


@inlined
def unpool_plane(dy, b, ch, pool, ow, da):
    """Write da, the gradient of the activation's output for one sample and filter.

    Args:
        dy: (n, oh // ph, ow // pw, f), the gradient of the means.
        b, ch: the indices of the sample and the filter.
        pool: (ph, pw).
        ow: columns of da.
        da: flat, (oh, ow), zeros at first, is written: behind the last whole window it stays 0.
    """
    (_, rows, columns, f), (ph, pw), dy_flat = dy.shape, pool, dy.ravel()
    for i in range(rows):
        dy_row = dy_flat[(b * rows + i) * columns * f + ch : (b * rows + i + 1) * columns * f]
        lines = da[i * ph * ow : (i + 1) * ph * ow]
        # As in `pool_plane`.
        if ph == 2 and pw == 2:
            share_windows(dy_row, 2, 2, ow, columns, f, lines)
        else:
            share_windows(dy_row, ph, pw, ow, columns, f, lines)


@inlined
def share_windows(dy, ph, pw, ow, columns, f, lines):
    """Write dy[j * f] / (ph * pw), j < columns, to all numbers of window j of `lines`, flat (ph, ow)."""
    for j in range(columns):
        # forward: y[b, i, j, ch] = sum of the window / (ph · pw)
        share = dy[j * f] / dy.dtype.type(ph * pw)
        for above in range(ph):
            for right in range(pw):
                lines[above * ow + j * pw + right] = share
