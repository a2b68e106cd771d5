"""Conv2D + ReLU + MaxPooling2D, and Dropout, as one operation: what lies between them is never stored whole.

Forward, a band of output rows is convolved into a few kilobytes, and only the maxima and their argmax are
written. Backward, one number in each window has a gradient, so the gradients are a sparse matrix: in CSR form
they are the left operand of both backward products.
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    pad_to_vector_width,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.max_window import Maxima, max_pool_row_address
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import crop_into, pad_image
from tinycnn.ops.kernels.blocks.sparse_gemm import sparse_gemm_address
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution import algorithms, winograd
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.convolution.sparse_gradient import (
    PooledGradient,
    add_input_gradient,
    add_kernel_gradient,
    allocate_nonzeros,
    find_window_offsets,
)
from tinycnn.ops.kernels.dropout import Mask, drop_in_place, mask_parameters
from tinycnn.ops.kernels.parallel.bands import count_bands, locate_band
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.partial_sums import chunk_samples, partial_sums, sum_partials
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import FusedConvolution, Pair
from tinycnn.utils.recording import recorded


class Pooled(NamedTuple):
    """The result of the forward step, and the settings of pooling and dropout."""

    y: np.ndarray  # (n, oh // ph, ow // pw, f): relu(maximum of a window), after dropout
    argmax: np.ndarray  # shaped as y, uint8: the maximum's index in its window, row · pw + column
    pool: Pair  # (ph, pw)
    mask: Mask  # settings of the dropout


class Gradients(NamedTuple):
    """The arrays that the backward step writes; a chunk is some samples whose gradients are summed."""

    dkernel: np.ndarray  # (chunks, f, kh, kw · c)
    dbias: np.ndarray  # (chunks, f)
    dx: np.ndarray  # (n, h, w, c); of length 0: it is not wanted


def conv2d_relu_max_pool2d_forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    fused: FusedConvolution,
    rate: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return y and argmax: fast implementation of `reference.conv2d_relu_max_pool2d_forward`."""
    strides, padding, (ph, pw) = fused.strides, fused.padding, fused.pool
    geometry = convolution_geometry(x.shape[1:3], kernel.shape[:2], strides, padding)
    n, (oh, ow), f = len(x), geometry.output, len(bias)
    y = aligned_empty((n, oh // ph, ow // pw, f), x.dtype)
    argmax = np.empty(y.shape, np.uint8)
    outputs = {
        "max_pool_row": max_pool_row_address(x.dtype),
        "pooled": Pooled(y, argmax, (ph, pw), mask_parameters(x.dtype, rate, seed)),
    }
    problem = algorithms.Problem(x.shape[1:3], kernel.shape, strides, padding, (ph, pw))
    if algorithms.select("max_pool_forward", problem) == "winograd":
        bands = winograd.count_tile_bands(n, geometry)
        workers.run(
            winograd_span,
            n * bands,
            grain(n * bands, n * oh * ow * kernel.size),
            bands=bands,
            addresses=winograd.addresses(x.dtype),
            x=x,
            transformed=fused.filters.get(kernel, winograd.filter_transform),
            bias=bias,
            geometry=winograd.enlarge_to_tiles(geometry),
            **outputs,
        )
    else:
        bands = count_bands(n, oh // ph)
        workers.run(
            forward_span,
            n * bands,
            grain(n * bands, n * oh * ow * kernel.size),
            bands=bands,
            gemm=gemm_address(x.dtype),
            x=x,
            kernel=fused.filters.get(kernel, pad_to_vector_width),
            bias=bias,
            geometry=geometry,
            **outputs,
        )
    return y, argmax


@jit
def forward_span(start, stop, bands, gemm, max_pool_row, x, kernel, bias, geometry, pooled):
    """Write bands start to stop - 1 of pooled.y and pooled.argmax, one row of windows after the other.

    Args:
        start, stop: which bands.
        bands: of a sample.
        gemm, max_pool_row: the addresses of these functions, from `..._address`.
        x: (n, h, w, c).
        kernel: (kh, kw, c, f), f padded to whole vectors.
        bias: (f,).
        geometry: of the convolution.
        pooled: `Pooled`, its y and argmax are written.
    """
    (_, rows, columns, f), (ph, _), ow = pooled.y.shape, pooled.pool, geometry.output[1]
    (h, w), y_flat, argmax_flat = geometry.padded_size, pooled.y.ravel(), pooled.argmax.ravel()
    image, z = np.zeros((h, w, x.shape[3]), x.dtype), np.empty(ph * ow * f, x.dtype)
    for index in range(start, stop):
        b, first, end = locate_band(index, bands, rows)
        pixels = pad_image(x, x[:0], b, geometry.pad_top_left, image)
        for i in range(first, end):
            # z holds the ph output rows of one row of windows: so it stays in the first-level cache.
            for row in range(ph):
                out = Matrix(z, row * ow * f, row_stride=f)
                convolve_row(gemm, pixels, i * ph + row, kernel, bias, geometry, out)
            maxima = Maxima(y_flat, argmax_flat, (b * rows + i) * columns * f)
            z_rows = Matrix(z, 0, row_stride=ow * f)
            call(max_pool_row, (z_rows, f, pooled.pool, maxima, columns))
        drop_rows(pooled, b * rows + first, b * rows + end)


@inlined
def convolve_row(gemm, pixels, i, kernel, bias, geometry, out):
    """Write row `i` of the convolution's output, bias added, to `out`, a `Matrix` (ow, f).

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        pixels: the padded image, flat.
        i: which output row.
        kernel: (kh, kw, c, f), f padded to whole vectors.
        bias: (f,).
        geometry: of the convolution.
        out: is written.
    """
    (kh, kw, c, padded_filters), (sh, sw) = kernel.shape, geometry.strides
    line = geometry.padded_size[1] * c
    windows = LeftOperand(
        array=pixels,
        offset=i * sh * line,
        row_stride=sw * c,
        k_stride=1,
        segment_stride=line,
        segment_length=kw * c,
        segments=kh,
    )
    right = RightOperand(
        array=kernel.ravel(),
        offset=0,
        k_stride=padded_filters,
        segment_stride=kw * c * padded_filters,
    )
    initial = Matrix(bias, 0, row_stride=0)
    call(gemm, (out, initial, windows, right, geometry.output[1], len(bias)))


@jit
def winograd_span(
    start, stop, bands, addresses, max_pool_row, x, transformed, bias, geometry, pooled
):
    """Do the same as `forward_span` by Winograd's algorithm, some rows of its tiles after the other.

    Args:
        start, stop, max_pool_row, x, bias, pooled: as in `forward_span`.
        bands: of a sample, from `winograd.count_tile_bands`.
        addresses: from `winograd.addresses`.
        transformed: the kernel, from `winograd.filter_transform`.
        geometry: of the convolution, from `winograd.enlarge_to_tiles`.
    """
    (_, rows, columns, f), c, (ph, _) = pooled.y.shape, x.shape[3], pooled.pool
    image, y_flat = np.zeros((*geometry.padded_size, c), x.dtype), pooled.y.ravel()
    scratch = winograd.allocate_band(geometry, c, f, bias)
    argmax_flat, z, z_row = pooled.argmax.ravel(), scratch.z.ravel(), scratch.z.shape[1] * f
    for index in range(start, stop):
        b, first, end = winograd.locate_tile_band(index, bands, geometry)
        pixels = pad_image(x, x[:0], b, geometry.pad_top_left, image)
        for top in range(first, end, len(scratch.z)):
            count = winograd.convolve_rows(
                addresses, pixels, top, end, transformed, bias, geometry, scratch
            )
            # ph divides OUT, and so the rows of a band: no window lies across two bands.
            for row in range(0, count - ph + 1, ph):
                source = Matrix(z, row * z_row, row_stride=z_row)
                maxima = Maxima(y_flat, argmax_flat, (b * rows + (top + row) // ph) * columns * f)
                call(max_pool_row, (source, f, pooled.pool, maxima, columns))
        drop_rows(pooled, b * rows + first // ph, b * rows + min(end // ph, rows))


@inlined
def drop_rows(pooled, first, end):
    """Apply the dropout of pooled.mask to these rows of pooled.y, counted through all samples, in place.

    It does nothing if its rate is 0.
    """
    size = pooled.y[0, 0].size
    if pooled.mask.threshold > 0:
        drop_in_place(first * size, end * size, pooled.y.ravel(), pooled.mask)


def conv2d_relu_max_pool2d_backward(
    dy: np.ndarray,
    y: np.ndarray,
    argmax: np.ndarray,
    x: np.ndarray,
    kernel: np.ndarray,
    fused: FusedConvolution,
    rate: float,
    input_gradient: bool,
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Return the gradients: fast implementation of `reference.conv2d_relu_max_pool2d_backward`."""
    (n, h, w, c), (kh, kw, _, f) = x.shape, kernel.shape
    sums, dbias = partial_sums(n, kernel.size, x.dtype), partial_sums(n, f, x.dtype)
    chunks, dkernel = len(sums), sums.reshape(-1, f, kh, kw * c)
    dx = aligned_empty(x.shape if input_gradient else (0, h, w, c), x.dtype)
    # The kernel, filters before columns: a filter's kw · c numbers of a kernel row are a row of b for dx.
    transposed = recorded(np.ascontiguousarray, kernel.transpose(0, 3, 1, 2)).reshape(kh, f, kw * c)
    workers.run(
        backward_span,
        chunks,
        grain(chunks, dy.size * kernel[..., 0].size),
        sparse_gemm=sparse_gemm_address(x.dtype),
        dy=dy,
        pooled=Pooled(y, argmax, fused.pool, mask_parameters(x.dtype, rate, 0)),
        x=x,
        transposed=transposed,
        geometry=convolution_geometry((h, w), (kh, kw), fused.strides, fused.padding),
        gradients=Gradients(dkernel, dbias, dx),
    )
    # `add_kernel_gradient` computes it with filters first: back to (kh, kw, c, f).
    total = sum_partials(sums).reshape(f, kh, kw, c)
    dkernel = recorded(np.ascontiguousarray, total.transpose(1, 2, 3, 0))
    return (dx if input_gradient else None), dkernel, sum_partials(dbias)


@jit
def backward_span(start, stop, sparse_gemm, dy, pooled, x, transposed, geometry, gradients):
    """Sum dkernel and dbias of the samples in chunks start to stop - 1, and write their dx.

    Args:
        start, stop: which chunks.
        sparse_gemm: the address of `sparse_gemm`, from `sparse_gemm_address`.
        dy: (n, rows, columns, f).
        pooled: y and argmax of the forward step, pool, and the scale of its dropout.
        x: (n, h, w, c).
        transposed: the kernel, transposed to (kh, f, kw · c).
        geometry: of the convolution.
        gradients: `Gradients`, is written.
    """
    (n, _, _, c), chunks, windows = x.shape, len(gradients.dkernel), pooled.y.shape[1:]
    (h, w), pad_top_left = geometry.padded_size, geometry.pad_top_left
    # Used for all samples: so the zeros round the image are written once.
    image, padded_dx = np.zeros((h, w, c), x.dtype), np.empty((h, w, c), x.dtype)
    window_offsets = find_window_offsets(windows, pooled.pool, geometry.strides, w * c, c)
    scratch = allocate_nonzeros(window_offsets.size, windows[2], x)
    for chunk in range(start, stop):
        dkernel, dbias = gradients.dkernel[chunk], gradients.dbias[chunk]
        set_to_zero(dkernel.ravel())
        set_to_zero(dbias)
        first, last = chunk_samples(chunk, chunks, n)
        for b in range(first, last):
            pixels = pad_image(x, x[:0], b, pad_top_left, image)
            y, argmax = pooled.y[b].ravel(), pooled.argmax[b].ravel()
            gradient = PooledGradient(dy[b].ravel(), y, argmax, pooled.mask.scale, window_offsets)
            add_kernel_gradient(
                sparse_gemm, gradient, scratch, windows, pixels, w * c, dkernel, dbias
            )
            if len(gradients.dx) > 0:
                # With padding, the gradient of the padded image is computed, and then cut.
                padding = h > gradients.dx.shape[1] or w > gradients.dx.shape[2]
                target = padded_dx.ravel() if padding else gradients.dx[b].ravel()
                set_to_zero(target)
                add_input_gradient(sparse_gemm, gradient, scratch, transposed, target, w * c)
                if padding:
                    crop_into(padded_dx, pad_top_left, gradients.dx, b)
