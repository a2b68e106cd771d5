"""Convolution of whole batches by `winograd.py`: forward, and backward with respect to the images."""

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import relu_in_place
from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.blocks.padding import copy_band, pad_image
from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.ops.kernels.convolution.geometry import Geometry, convolution_geometry
from tinycnn.ops.kernels.parallel.grain import grain
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair
from tinycnn.utils.kept_transform import KeptTransform, MadeAnew
from tinycnn.utils.recording import recorded


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
        x, bias, padding: as in `reference.conv2d_forward`.
        kernel: (3, 3, c, f).
        strides: must be (1, 1).
        relu: whether to apply a ReLU to the result.
        filters: a `KeptTransform` that keeps the transformed kernel for the next call, or MADE_ANEW.
    """
    geometry = convolution_geometry(x.shape[1:3], kernel.shape[:2], strides, padding)
    n, y = len(x), aligned_empty((len(x), *geometry.output, len(bias)), x.dtype)
    bands = winograd.count_tile_bands(n, geometry)
    workers.run(
        forward_span,
        n * bands,
        grain(n * bands, y.size * kernel[..., 0].size),
        bands=bands,
        addresses=winograd.addresses(x.dtype),
        x=x,
        relu_output=x[:0],
        weights=(filters.get(kernel, winograd.filter_transform), bias),
        geometry=winograd.enlarge_to_tiles(geometry),
        relu=relu,
        y=y,
    )
    return y


@jit
def forward_span(start, stop, bands, addresses, x, relu_output, weights, geometry, relu, y):
    """Write bands start to stop - 1 of y, the convolution of x, some rows of tiles after the other.

    Args:
        start, stop: which bands.
        bands: of a sample, from `winograd.count_tile_bands`.
        addresses: from `winograd.addresses`.
        x: (n, h, w, c); in the backward step it is dy.
        relu_output: shaped as x: where it is not above 0, x counts as 0. Of length 0: x is used as it is.
        weights: the kernel, from `winograd.filter_transform`, and the bias (f,).
        geometry: of the convolution, from `winograd.enlarge_to_tiles`.
        relu: whether to apply a ReLU to the result.
        y: (n, oh, ow, f), is written.
    """
    (_, _, ow, f), c, (h, w) = y.shape, x.shape[3], geometry.padded_size
    transformed, bias = weights
    image, scratch = np.zeros((h, w, c), x.dtype), winograd.allocate_band(geometry, c, f, bias)
    for index in range(start, stop):
        b, first, end = winograd.locate_tile_band(index, bands, geometry)
        pixels = pad_image(x, relu_output, b, geometry.pad_top_left, image)
        for top in range(first, end, len(scratch.z)):
            count = winograd.convolve_rows(
                addresses, pixels, top, end, transformed, bias, geometry, scratch
            )
            if relu:
                relu_in_place(scratch.z.ravel())
            copy_band(scratch.z, count, ow, y, b, top)


def backward_input(
    dy: np.ndarray,
    kernel: np.ndarray,
    x_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> np.ndarray:
    """Return dx (n, h, w, c) as `reference.conv2d_backward_input` does, by a convolution of dy.

    Args:
        dy, x_shape: as in `reference.conv2d_backward_input`.
        kernel: (3, 3, c, f).
        strides: must be (1, 1).
        padding: top and left must be at most 2.
        relu_output: output of a ReLU behind the convolution, shaped as dy: where it is not above 0, dy
            counts as 0. Of length 0: there is no ReLU.
    """
    (n, h, w, c), ((top, _), (left, _)) = x_shape, padding
    dx = aligned_empty(x_shape, dy.dtype)
    # forward: y = x * kernel. Backward, dx = dy * the rotated kernel, with two lines of zeros round dy, of
    # which those that belong to the padding of x are left out.
    rotated = recorded(
        np.ascontiguousarray, kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    )  # (kh, kw, f, c)
    backward_geometry = Geometry((3, 3), strides, (2 - top, 2 - left), (h + 2, w + 2), (h, w))
    bands = winograd.count_tile_bands(n, backward_geometry)
    workers.run(
        forward_span,
        n * bands,
        grain(n * bands, dy.size * kernel[..., 0].size),
        bands=bands,
        addresses=winograd.addresses(dy.dtype),
        x=dy,
        relu_output=relu_output,
        weights=(winograd.filter_transform(rotated), recorded(np.zeros, c, dy.dtype)),
        geometry=winograd.enlarge_to_tiles(backward_geometry),
        relu=False,
        y=dx,
    )
    return dx
