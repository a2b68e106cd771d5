"""Two-dimensional convolution: one small set of weights slides over the whole image.

At every place the window of the image under the kernel is multiplied with the kernel, number by number,
and summed. (Mathematicians call it cross-correlation: the kernel is not rotated by 180°.)

Source: Y. LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998, section II.
"""

import numpy as np

from tinycnn.utils.geometry import Padding, Pair


def pad(x: np.ndarray, padding: Padding) -> np.ndarray:
    """Return x with zeros round each image: (n, h, w, c) -> (n, top + h + bottom, left + w + right, c)."""
    return np.pad(x, ((0, 0), *padding, (0, 0)))


def crop(x: np.ndarray, padding: Padding) -> np.ndarray:
    """Return a view of x without the zeros that `pad` added: its inverse."""
    (top, bottom), (left, right) = padding
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right, :]


def conv2d_forward(
    x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, strides: Pair, padding: Padding
) -> np.ndarray:
    """Return the convolution of x with the kernel, plus bias.

    y[b, i, j, f] = bias[f] + Σ over di, dj, ch of x[b, i·sh + di, j·sw + dj, ch] · kernel[di, dj, ch, f],
    x being padded.

    Args:
        x: images (n, h, w, c).
        kernel: weights (kh, kw, c, f).
        bias: one number a filter, (f,).
        strides: (sh, sw), the steps of the window, from 1.
        padding: ((top, bottom), (left, right)) zeros round the images.

    Returns:
        y (n, oh, ow, f), oh = (h + top + bottom - kh) // sh + 1, ow likewise.

    Example:
        >>> x, kernel = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
        >>> conv2d_forward(x, kernel, np.zeros(1), (1, 1), ((0, 0), (0, 0)))[0, :, :, 0]
        array([[4., 4.],
               [4., 4.]])
    """
    (kh, kw, _, f), (sh, sw) = kernel.shape, strides
    x = pad(x, padding)
    n, h, w, _ = x.shape
    oh, ow = (h - kh) // sh + 1, (w - kw) // sw + 1
    y = np.empty((n, oh, ow, f), x.dtype)
    for i in range(oh):
        for j in range(ow):
            window = x[:, i * sh : i * sh + kh, j * sw : j * sw + kw, :]  # (n, kh, kw, c)
            y[:, i, j, :] = np.tensordot(window, kernel, axes=3) + bias
    return y


def conv2d_backward_input(
    dy: np.ndarray, kernel: np.ndarray, x_shape: tuple, strides: Pair, padding: Padding
) -> np.ndarray:
    """Return dx, the gradient of the loss with respect to the images.

    Every output pixel adds dy · kernel to the window of dx that it was computed from.

    Args:
        dy: gradient of the loss with respect to y, (n, oh, ow, f).
        kernel, strides, padding: those of the forward step.
        x_shape: (n, h, w, c).

    Returns:
        dx (n, h, w, c).
    """
    (kh, kw, _, _), (sh, sw) = kernel.shape, strides
    dx = pad(np.zeros(x_shape, dy.dtype), padding)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            # forward: y[:, i, j, :] = tensordot(window, kernel) + bias
            dwindow = np.tensordot(dy[:, i, j, :], kernel, axes=([1], [3]))  # (n, kh, kw, c)
            dx[:, i * sh : i * sh + kh, j * sw : j * sw + kw, :] += dwindow
    return np.ascontiguousarray(crop(dx, padding))


def conv2d_backward_kernel(
    dy: np.ndarray, x: np.ndarray, kernel_shape: tuple, strides: Pair, padding: Padding
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the loss with respect to kernel and bias.

    All windows used the same weights, so dkernel is the sum of window · dy over all windows and samples.

    Args:
        dy: gradient of the loss with respect to y, (n, oh, ow, f).
        x, strides, padding: those of the forward step.
        kernel_shape: (kh, kw, c, f).

    Returns:
        dkernel (kh, kw, c, f) and dbias (f,).
    """
    (kh, kw, _, _), (sh, sw) = kernel_shape, strides
    x = pad(x, padding)
    dkernel = np.zeros(kernel_shape, dy.dtype)
    for i in range(dy.shape[1]):
        for j in range(dy.shape[2]):
            window = x[:, i * sh : i * sh + kh, j * sw : j * sw + kw, :]  # (n, kh, kw, c)
            # forward: y[:, i, j, :] = tensordot(window, kernel) + bias
            dkernel += np.tensordot(window, dy[:, i, j, :], axes=([0], [0]))
    return dkernel, dy.sum(axis=(0, 1, 2))
