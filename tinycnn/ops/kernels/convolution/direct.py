"""Convolution on the GEMM of `blocks/gemm.py`, without copying a single window.

In NHWC order the window of an output pixel is, for one row of the kernel, one unbroken run of kw · c
numbers, and the next pixel's run begins sw · c further on. So the windows of an image row *are* the
rows of a matrix, overlapping in memory: distance sw · c from row to row, 1 from k to k, and w · c to
the next row of the kernel. The way back to the images is in `window_gradients.py`.
"""

import math

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import relu_in_place, set_to_zero
from tinycnn.ops.kernels.blocks.gemm import (
    LeftOperand,
    RightOperand,
    gemm_address,
    matrix_operand,
    pack_panels,
    panel_width,
    round_up_to_vectors,
)
from tinycnn.ops.kernels.blocks.matrix import Matrix
from tinycnn.ops.kernels.blocks.matrix_rows import copy_padded
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import pad_image
from tinycnn.ops.kernels.codegen.function_pointers import call
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.convolution.cache_blocking import PANEL_BYTES, ROWS_BYTES, fit_count
from tinycnn.ops.kernels.convolution.geometry import convolution_geometry
from tinycnn.ops.kernels.parallel.bands import count_bands, locate_band
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.partial_sums import chunk_samples, partial_sums, sum_partials
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.kept_transform import KeptTransform, MadeAnew

# Of a band of image rows, in `add_kernel_gradient`: it fits the first-level cache.
IMAGE_BYTES = 16 * 1024


def forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    relu: bool,
    filters: KeptTransform | MadeAnew,
) -> np.ndarray:
    """Return y (n, oh, ow, f) as `reference.conv2d_forward` does, with a ReLU behind it if wanted.

    Args:
        x, kernel, bias, strides, padding: as in `reference.conv2d_forward`.
        relu: whether to apply a ReLU to the result.
        filters: a `KeptTransform` that keeps the packed kernel for the next call, or MADE_ANEW.
    """
    geometry = convolution_geometry(x.shape[1:3], kernel.shape[:2], strides, padding)
    n, y = len(x), aligned_empty((len(x), *geometry.output, len(bias)), x.dtype)
    bands = count_bands(n, geometry.output[0])
    workers.run(
        forward_span,
        n * bands,
        grain(n * bands, y.size * kernel[..., 0].size),
        bands=bands,
        gemm=gemm_address(x.dtype),
        x=x,
        panels=filters.get(kernel, pack_kernel),
        bias=bias,
        geometry=geometry,
        relu=relu,
        y=y,
    )
    return y


def pack_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel (kh, kw, c, f), as a matrix (kh · kw · c, f), in packed panels: see `pack_panels`."""
    matrix = kernel.reshape(-1, kernel.shape[3])
    return pack_panels(matrix, panel_width(matrix))


@jit
def forward_span(start, stop, bands, gemm, x, panels, bias, geometry, relu, y):
    """Convolve bands start to stop - 1; each band owns its rows of y.

    Args:
        start, stop: which bands.
        bands: of a sample.
        gemm: the address of `gemm`, from `gemm_address`.
        x: (n, h, w, c).
        panels: the kernel, (kh · kw · c, f), from `pack_panels`.
        bias: (f,).
        geometry: of the convolution.
        relu: whether a ReLU comes behind it.
        y: (n, oh, ow, f), is written.
    """
    c, (kh, kw), (count, panel_rows, width) = x.shape[3], geometry.kernel_size, panels.shape
    (_, oh, ow, f), (sh, sw), (h, w) = y.shape, geometry.strides, geometry.padded_size
    image, line, run = np.zeros((h, w, c), x.dtype), w * c, kw * c
    weights, y_flat = panels.ravel(), y.ravel()
    # line: numbers in a row of the padded image; run: numbers in a row of a window.
    # So many kernel rows of a panel, and so many output rows of the image, fit the caches.
    kernel_rows = fit_count(PANEL_BYTES, run * width * x.itemsize)
    close_rows = fit_count(ROWS_BYTES, sh * line * x.itemsize)
    for index in range(start, stop):
        b, first, end = locate_band(index, bands, oh)
        pixels = pad_image(x, x[:0], b, geometry.pad_top_left, image)
        # Two levels of cache blocking: some image rows stay close while all panels of the kernel go by, and
        # a panel while these rows do.
        for top in range(first, end, close_rows):
            for panel in range(count):
                column = panel * width
                columns = min(width, f - column)
                for d in range(0, kh, kernel_rows):
                    right = RightOperand(
                        array=weights,
                        offset=(panel * panel_rows + d * run) * width,
                        k_stride=width,
                        segment_stride=run * width,
                    )
                    for i in range(top, min(top + close_rows, end)):
                        # Windows are rows that overlap in memory: from one to the next it is only one pixel.
                        windows = LeftOperand(
                            array=pixels,
                            offset=(i * sh + d) * line,
                            row_stride=sw * c,
                            k_stride=1,
                            segment_stride=line,
                            segment_length=run,
                            segments=min(kernel_rows, kh - d),
                        )
                        out = Matrix(y_flat, (b * oh + i) * ow * f + column, row_stride=f)
                        # The first kernel rows begin with the bias, the others go on from what is there.
                        initial = Matrix(bias, column, row_stride=0) if d == 0 else out
                        call(gemm, (out, initial, windows, right, ow, columns))
        if relu:
            relu_in_place(y_flat[(b * oh + first) * ow * f : (b * oh + end) * ow * f])


def backward_kernel(
    dy: np.ndarray,
    x: np.ndarray,
    kernel_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return dkernel (kh, kw, c, f) and dbias (f,) as `reference.conv2d_backward_kernel` does.

    Args:
        dy, x, kernel_shape, strides, padding: as in `reference.conv2d_backward_kernel`.
        relu_output: output of a ReLU behind the convolution, shaped as dy: where it is not above 0, dy
            counts as 0. Of length 0: there is no ReLU.
    """
    n, size, f = len(x), math.prod(kernel_shape), kernel_shape[3]
    dkernel = partial_sums(n, size, dy.dtype)
    dbias = partial_sums(n, round_up_to_vectors(f, dy.dtype), dy.dtype)
    chunks = len(dkernel)
    workers.run(
        backward_kernel_span,
        chunks,
        grain(chunks, dy[..., 0].size * size),
        gemm=gemm_address(x.dtype),
        dy=dy,
        relu_output=relu_output,
        x=x,
        geometry=convolution_geometry(x.shape[1:3], kernel_shape[:2], strides, padding),
        dkernel=dkernel.reshape(chunks, *kernel_shape),
        dbias=dbias,
    )
    return sum_partials(dkernel).reshape(kernel_shape), sum_partials(dbias)[:f]


@jit
def backward_kernel_span(start, stop, gemm, dy, relu_output, x, geometry, dkernel, dbias):
    """Sum the gradients of each chunk's samples into that chunk's own dkernel and dbias.

    Args:
        start, stop: which chunks.
        gemm: the address of `gemm`, from `gemm_address`.
        dy: (n, oh, ow, f).
        relu_output: shaped as dy: where it is not above 0, dy counts as 0. Of length 0: there is no ReLU.
        x: (n, h, w, c).
        geometry: of the convolution.
        dkernel: (chunks, kh, kw, c, f), is written.
        dbias: (chunks, f padded to the vector width), is written.
    """
    (n, _, _, c), (_, oh, ow, _), chunks = x.shape, dy.shape, len(dkernel)
    (h, w), padded_filters = geometry.padded_size, dbias.shape[1]
    image, scratch = np.zeros((h, w, c), x.dtype), np.zeros(oh * ow * padded_filters, dy.dtype)
    for chunk in range(start, stop):
        set_to_zero(dkernel[chunk].ravel())
        set_to_zero(dbias[chunk])
        first, last = chunk_samples(chunk, chunks, n)
        for b in range(first, last):
            pixels = pad_image(x, x[:0], b, geometry.pad_top_left, image)
            dz = pad_filters(dy, relu_output, b, padded_filters, scratch)
            add_kernel_gradient(gemm, pixels, dz, geometry, padded_filters, dkernel[chunk])
            add_bias_gradient(gemm, dz, oh * ow, dbias[chunk])


@inlined
def add_kernel_gradient(gemm, pixels, dz, geometry, padded_filters, dkernel):
    """Add one sample's gradient to dkernel, (kh, kw, c, f), one band of output rows after the other.

    Args:
        gemm: the address of `gemm`, from `gemm_address`.
        pixels: the padded image, flat.
        dz: the gradient of the convolution's output, flat, (oh, ow, padded_filters).
        geometry: of the convolution.
        padded_filters: f rounded up to whole vectors.
        dkernel: is added to.
    """
    (kh, kw, c, f), (oh, ow), (sh, sw) = dkernel.shape, geometry.output, geometry.strides
    line, run, out_flat = geometry.padded_size[1] * c, kw * c, dkernel.ravel()
    # A band of the image stays in the cache while all kernel rows, di, use it.
    most = fit_count(IMAGE_BYTES, sh * line * pixels.itemsize)
    bands = (oh + most - 1) // most
    band = (oh + bands - 1) // bands  # output rows in a band, the same number in each but the last
    for i in range(0, oh, band):
        gradients = RightOperand(
            array=dz,
            offset=i * ow * padded_filters,
            k_stride=padded_filters,
            segment_stride=ow * padded_filters,
        )
        for di in range(kh):
            # The windows as in `forward_span`, but transposed: a row of this operand is one of the kw · c
            # numbers of a window row; k runs over output pixels of a row, segments over output rows.
            windows = LeftOperand(
                array=pixels,
                offset=(i * sh + di) * line,
                row_stride=1,
                k_stride=sw * c,
                segment_stride=sh * line,
                segment_length=ow,
                segments=min(band, oh - i),
            )
            # forward: y[i, j] = Σ over di of window row (i·sh + di) · kernel[di]
            out = Matrix(out_flat, di * run * f, row_stride=f)
            call(gemm, (out, out, windows, gradients, run, f))


@inlined
def add_bias_gradient(gemm, dz, pixels, dbias):
    """Add to dbias (padded_filters,) the sum of one sample's dz, flat (pixels, padded_filters).

    It is computed as a row of ones times dz.
    """
    padded_filters, ones = len(dbias), np.ones(1, dz.dtype)
    one_row = matrix_operand(ones, 0, row_stride=0, k_stride=0, length=pixels)
    gradients = RightOperand(dz, 0, k_stride=padded_filters, segment_stride=0)
    # forward: y[i, j] = ... + bias
    out = Matrix(dbias, 0, row_stride=padded_filters)
    call(gemm, (out, out, one_row, gradients, 1, padded_filters))


@inlined
def pad_filters(dy, relu_output, b, padded_filters, scratch):
    """Return sample `b` of dy, flat (oh · ow, padded_filters), set to 0 where relu_output is not above 0.

    It is copied into `scratch`; or it is a view of dy, if there is no ReLU (then
    relu_output has length 0) and f needs no padding.
    """
    size, f = dy.shape[1] * dy.shape[2], dy.shape[3]
    if len(relu_output) == 0 and f == padded_filters:
        return dy[b].ravel()
    copy_padded(dy.ravel(), relu_output.ravel(), b * size * f, (size, f), scratch)
    return scratch
