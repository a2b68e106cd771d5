"""Convolution of whole batches by `winograd.py`: forward, and backward with respect to the images."""

import numpy as np

from tinycnn.ops.kernels.blocks.memory import aligned_empty
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.ops.kernels.convolution.direct import grain, winograd_span
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import Padding, Pair, padded_size, top_left, window_geometry
from tinycnn.utils.kept_transform import KeptTransform, MadeAnew


def forward(
    x: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray,
    strides: Pair,
    padding: Padding,
    relu: bool,
    filters: KeptTransform | MadeAnew,
) -> np.ndarray:
    """Return y (n, oh, ow, f) as `reference.conv2d_forward` does, behind a ReLU if wanted.

    Args: as there; kernel (3, 3, c, f), strides of 1; `filters` as in `FusedConvolution`.
    """
    (n, h, w, _), f = x.shape, kernel.shape[3]
    output, _, _ = window_geometry((h, w), (3, 3), strides, padding)
    y = aligned_empty((n, *output, f), x.dtype)
    padded = winograd.pad_to_tiles(padded_size((h, w), padding), output)
    values = filters.of(kernel, winograd.filter_transform)
    arrays = winograd.addresses(x.dtype), x, x[:0], values, bias
    least = grain(n, y.size * kernel[..., 0].size)
    workers.run(winograd_span, n, least, *arrays, top_left(padding), padded, relu, y)
    return y


def backward_input(
    dy: np.ndarray,
    kernel: np.ndarray,
    x_shape: tuple,
    strides: Pair,
    padding: Padding,
    relu_output: np.ndarray,
) -> np.ndarray:
    """Return dx (n, h, w, c) as `reference.conv2d_backward_input` does, strides of 1, padding to 2.

    forward: y = x * kernel.  Backward, dx = dy * the kernel rotated by 180°, with channels and filters
    exchanged: see `direct.backward_input`.
    """
    (n, h, w, c), (top, left) = x_shape, top_left(padding)
    dx = aligned_empty(x_shape, dy.dtype)
    rotated = np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))  # (kh, kw, f, c)
    values, zeros = winograd.filter_transform(rotated), np.zeros(c, dy.dtype)
    padded = winograd.pad_to_tiles((h + 2, w + 2), (h, w))
    arrays = winograd.addresses(dy.dtype), dy, relu_output, values, zeros
    least = grain(n, dy.size * kernel[..., 0].size)
    workers.run(winograd_span, n, least, *arrays, (2 - top, 2 - left), padded, False, dx)
    return dx
