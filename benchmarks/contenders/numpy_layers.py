"""Layers in plain NumPy, forward and backward, for the contender `plain_numpy`.

They have `forward(x, rng)`, with rng None for prediction, and `backward(dy, first)`, which returns dx;
`first` is True for the first layer, whose dx nobody needs. They keep what backward needs as attributes;
`params` is a tuple of weights in Keras's order, or (), and backward leaves the gradients of those that have
some in `grads`.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def convolve(x, kernel, bias=0, stride=1):
    """Return y (n, oh, ow, f), and the copied windows (n oh ow, kh kw c), which the gradients need."""
    (kh, kw, c, f), n = kernel.shape, len(x)
    windows = sliding_window_view(x, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]
    oh, ow = windows.shape[1:3]
    columns = windows.transpose(0, 1, 2, 4, 5, 3).reshape(n * oh * ow, kh * kw * c)
    y = columns @ kernel.reshape(-1, f)
    y += bias
    return y.reshape(n, oh, ow, f), columns


def kernel_gradients(dy, columns, shape):
    """Return dkernel, of this shape (kh, kw, c, f), and dbias (f,).

    Args:
        dy: (n, oh, ow, f).
        columns: the copied windows, from `convolve`.
        shape: of the kernel.
    """
    flat = dy.reshape(-1, shape[3])
    return (columns.T @ flat).reshape(shape), flat.sum(axis=0)


def input_gradient(dy, kernel, x_shape, stride=1):
    """Return dx (n, h, w, c): the gradient of every window is added to the pixels it was copied from."""
    (kh, kw, c, f), (n, oh, ow, _) = kernel.shape, dy.shape
    windows = (dy.reshape(-1, f) @ kernel.reshape(-1, f).T).reshape(n, oh, ow, kh, kw, c)
    dx = np.zeros(x_shape, dy.dtype)
    for i in range(kh):
        for j in range(kw):
            rows, columns = slice(i, i + stride * oh, stride), slice(j, j + stride * ow, stride)
            dx[:, rows, columns] += windows[:, :, :, i, j]
    return dx


class Conv2D:
    """A convolution, without activation."""

    def __init__(self, options):
        self.stride = options["strides"]
        same = options["padding"] == "same"
        self.pad = (options["kernel_size"] - 1) // 2 if same else 0

    def forward(self, x, rng):
        """Return y (n, oh, ow, f)."""
        sides = (self.pad, self.pad)
        self.x = np.pad(x, ((0, 0), sides, sides, (0, 0))) if self.pad else x
        y, self.columns = convolve(self.x, *self.params, stride=self.stride)
        return y

    def backward(self, dy, first):
        """Return dx (n, h, w, c), None for the first layer; set `grads`."""
        kernel = self.params[0]
        self.grads = kernel_gradients(dy, self.columns, kernel.shape)[: len(self.params)]
        if first:
            return None
        dx, pad = input_gradient(dy, kernel, self.x.shape, self.stride), self.pad
        return dx[:, pad:-pad, pad:-pad] if pad else dx


class Dense:
    """Every output is a weighted sum of all inputs, without activation."""

    def __init__(self, options):
        pass

    def forward(self, x, rng):
        """Return y (n, f)."""
        self.x = x
        return sum(self.params[1:], x @ self.params[0])

    def backward(self, dy, first):
        """Return dx (n, c); set `grads`."""
        self.grads = (self.x.T @ dy, dy.sum(axis=0))[: len(self.params)]
        return dy @ self.params[0].T


class BatchNormalization:
    """Brings each channel to mean 0 and variance 1, then scales and shifts it."""

    def __init__(self, options):
        self.momentum, self.epsilon = (np.float32(options[n]) for n in ("momentum", "epsilon"))

    def forward(self, x, rng):
        """Return y, shaped as x; with an rng, count the batch's mean and variance."""
        gamma, beta, moving_mean, moving_variance = self.params
        mean, variance = moving_mean, moving_variance
        if rng is not None:
            axes = tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
            for moving, value in ((moving_mean, mean), (moving_variance, variance)):
                moving += (1 - self.momentum) * (value - moving)
        self.scale = 1 / np.sqrt(variance + self.epsilon)
        self.normal = (x - mean) * self.scale
        return gamma * self.normal + beta

    def backward(self, dy, first):
        """Return dx, shaped as dy; set `grads`."""
        axes = tuple(range(dy.ndim - 1))
        count = dy.size // dy.shape[-1]
        self.grads = dgamma, dbeta = (dy * self.normal).sum(axis=axes), dy.sum(axis=axes)
        return self.params[0] * self.scale * (dy - (dbeta + self.normal * dgamma) / count)


class Activation:
    """ReLU, or tanh for any other name."""

    params = ()

    def __init__(self, name):
        self.relu = name == "relu"

    def forward(self, x, rng):
        """Return y, shaped as x."""
        self.y = np.maximum(x, 0) if self.relu else np.tanh(x)
        return self.y

    def backward(self, dy, first):
        """Return dx, shaped as dy."""
        return dy * ((self.y > 0) if self.relu else 1 - self.y * self.y)


class Pooling:
    """Maximum or mean of windows that do not overlap; of equal numbers the first is the maximum."""

    params = ()

    def __init__(self, options, maximum):
        self.size, self.maximum = options["pool_size"], maximum

    def positions(self, x):
        """Return for each of the p x p places in a window the numbers of all windows there: views of x."""
        p, (_, h, w, _) = self.size, x.shape
        rows, columns = h // p * p, w // p * p
        return [x[:, i:rows:p, j:columns:p] for i in range(p) for j in range(p)]

    def forward(self, x, rng):
        """Return y (n, oh, ow, c); for a maximum, keep its place in each window."""
        self.shape, (first, *others) = x.shape, self.positions(x)
        if not self.maximum:
            return sum(others, first) / np.float32(self.size**2)
        y, self.argmax = first.copy(), np.zeros(first.shape, np.uint8)
        for number, values in enumerate(others, 1):
            better = values > y
            np.copyto(y, values, where=better)
            self.argmax[better] = number
        return y

    def backward(self, dy, first):
        """Return dx (n, h, w, c): dy at each maximum, or divided evenly."""
        dx = np.zeros(self.shape, dy.dtype)
        for number, values in enumerate(self.positions(dx)):
            values[...] = (
                dy * (self.argmax == number) if self.maximum else dy / np.float32(self.size**2)
            )
        return dx


class Dropout:
    """Sets a random share of x to 0 and divides the rest by 1 - rate; without rng returns x."""

    params = ()

    def __init__(self, options):
        self.rate = np.float32(options["rate"])

    def forward(self, x, rng):
        """Return y, shaped as x."""
        if rng is None:
            return x
        kept = rng.random(x.shape, np.float32) >= self.rate
        self.mask = kept / (1 - self.rate)
        return x * self.mask

    def backward(self, dy, first):
        """Return dx, shaped as dy."""
        return dy * self.mask


class Flatten:
    """Reshapes each sample to one axis."""

    params = ()

    def __init__(self, options):
        pass

    def forward(self, x, rng):
        """Return y (n, c)."""
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy, first):
        """Return dx, shaped as x."""
        return dy.reshape(self.shape)


WEIGHTED = (Conv2D, Dense, BatchNormalization)
KINDS = {kind.__name__: kind for kind in (*WEIGHTED, Dropout, Flatten)}


def built(net):
    """Return the layers of a `nets.Net`, without weights and without the softmax at the end."""
    layers = []
    for kind, options in net.layers:
        if "Pooling" in kind:
            layers.append(Pooling(options, kind == "MaxPooling2D"))
        elif kind in KINDS:
            layers.append(KINDS[kind](options))
        if options.get("activation") in ("relu", "tanh"):
            layers.append(Activation(options["activation"]))
    return layers
