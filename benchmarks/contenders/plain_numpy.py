"""The contender NumPy: see `benchmarks.contenders` for the functions. It is also the judge: all others'
results are compared with it. Convolution copies every window (im2col) and takes one matrix product. Its
threads are those of NumPy's BLAS, set by environment variables before NumPy is imported.

The layers here have `forward(x, rng)`, with rng None for prediction, and `backward(dy, first)`, which
returns dx; `first` is True for the first layer, whose dx nobody needs. They keep what backward needs as
attributes; `params` is (kernel, bias) or (), and backward leaves the gradients of those in `grads`.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

BATCHES = (128,)  # sizes to predict with
RHO, EPSILON = np.float32(0.95), np.float32(1e-7)  # of Adadelta


def version():
    """Return name and version of what is measured."""
    return f"NumPy {np.__version__} (im2col)"


def set_threads(count):
    """Do nothing: environment variables have set the number of threads."""


def convolve(x, kernel, bias, stride=1):
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
    """A convolution with strides of 1, without activation."""

    def __init__(self, options):
        same = options["padding"] == "same"
        self.pad = (options["kernel_size"] - 1) // 2 if same else 0

    def forward(self, x, rng):
        """Return y (n, oh, ow, f)."""
        sides = (self.pad, self.pad)
        self.x = np.pad(x, ((0, 0), sides, sides, (0, 0))) if self.pad else x
        y, self.columns = convolve(self.x, *self.params)
        return y

    def backward(self, dy, first):
        """Return dx (n, h, w, c), None for the first layer; set `grads`."""
        kernel = self.params[0]
        self.grads = kernel_gradients(dy, self.columns, kernel.shape)
        if first:
            return None
        dx, pad = input_gradient(dy, kernel, self.x.shape), self.pad
        return dx[:, pad:-pad, pad:-pad] if pad else dx


class Dense:
    """Every output is a weighted sum of all inputs, without activation."""

    def __init__(self, options):
        pass

    def forward(self, x, rng):
        """Return y (n, f)."""
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dy, first):
        """Return dx (n, c); set `grads`."""
        self.grads = self.x.T @ dy, dy.sum(axis=0)
        return dy @ self.params[0].T


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


def built(net):
    """Return the layers of a `nets.Net`, without weights and without the softmax at the end."""
    layers = []
    for kind, options in net.layers:
        if "Pooling" in kind:
            layers.append(Pooling(options, kind == "MaxPooling2D"))
        else:
            kinds = {"Conv2D": Conv2D, "Dense": Dense, "Dropout": Dropout, "Flatten": Flatten}
            layers.append(kinds[kind](options))
        if options.get("activation") in ("relu", "tanh"):
            layers.append(Activation(options["activation"]))
    return layers


def assign(layers, weights):
    """Set the `params` of Conv2D and Dense layers to copies of the weights [kernel, bias, kernel, ...]."""
    pairs = iter(zip(weights[::2], weights[1::2], strict=True))
    for layer in layers:
        if isinstance(layer, Conv2D | Dense):
            layer.params = tuple(array.copy() for array in next(pairs))


def scores(layers, x, rng=None):
    """Return the output of the last layer, the scores before the softmax, (n, classes)."""
    for layer in layers:
        x = layer.forward(x, rng)
    return x


def softmax(z):
    """Return the probabilities of scores z (n, classes)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Trainer:
    """A Trainer (see `benchmarks.contenders`): forward, loss, backward and Adadelta in plain NumPy."""

    def __init__(self, net, data, batch):
        self.layers, self.batch = built(net), batch
        self.x, self.y = data.x, data.one_hot
        self.rng, self.slots = np.random.default_rng(0), None

    def set_weights(self, weights):
        """Copy weights into the layers: a list [kernel, bias, kernel, ...]."""
        assign(self.layers, weights)

    def weights(self):
        """Return copies of the weights, [kernel, bias, kernel, ...]."""
        return [param.copy() for layer in self.layers for param in layer.params]

    def learn(self, x, one_hot, rng=None):
        """Take one step on this batch; return the loss before it."""
        p = softmax(scores(self.layers, x, rng))
        accuracy = (p.argmax(axis=1) == one_hot.argmax(axis=1)).mean()
        loss = -np.log(np.maximum((p * one_hot).sum(axis=1), 1e-30)).mean()
        dy = (p - one_hot) / np.float32(len(x))
        for index in reversed(range(len(self.layers))):
            dy = self.layers[index].backward(dy, first=index == 0)
        self.adadelta()
        self.accuracy = accuracy
        return float(loss)

    def adadelta(self):
        """Take one step of Adadelta with learning rate 1: change all weights in place."""
        weighted = [layer for layer in self.layers if layer.params]
        params = [param for layer in weighted for param in layer.params]
        grads = [grad for layer in weighted for grad in layer.grads]
        if self.slots is None:
            self.slots = [(np.zeros_like(param), np.zeros_like(param)) for param in params]
        for param, grad, (squares, steps) in zip(params, grads, self.slots, strict=True):
            squares *= RHO
            squares += (1 - RHO) * grad * grad
            step = np.sqrt((steps + EPSILON) / (squares + EPSILON)) * grad
            steps *= RHO
            steps += (1 - RHO) * step * step
            param -= step

    def steps(self, count):
        """Take `count` steps on shuffled batches of the data."""
        order = self.rng.permutation(len(self.x))
        for start in range(0, count * self.batch, self.batch):
            chosen = order[start : start + self.batch]
            self.learn(self.x[chosen], self.y[chosen], self.rng)


def trainers(net, data, batch):
    """Return {"im2col": Trainer}: there is only one way."""
    return {"im2col": Trainer(net, data, batch)}


def predictors(net, weights, x):
    """Return {way: function that returns the probabilities of x, (n, 10)}, a way for each size of batches."""
    layers = built(net)
    assign(layers, weights)

    def in_batches(size):
        def predict():
            parts = [x[start : start + size] for start in range(0, len(x), size)]
            return np.concatenate([softmax(scores(layers, part)) for part in parts])

        return predict

    sizes = [size for size in BATCHES if size <= len(x)] or [len(x)]
    return {f"batches of {size}": in_batches(size) for size in sizes}


class Pass:
    """A convolution, forward and backward."""

    def __init__(self, case, x, kernel, bias, dy):
        self.x, self.kernel, self.bias, self.dy, self.stride = x, kernel, bias, dy, case.stride

    def forward(self):
        """Return y (n, oh, ow, f)."""
        return convolve(self.x, self.kernel, self.bias, self.stride)[0]

    def both(self):
        """Return y, dx, dkernel, dbias."""
        y, columns = convolve(self.x, self.kernel, self.bias, self.stride)
        dkernel, dbias = kernel_gradients(self.dy, columns, self.kernel.shape)
        return y, input_gradient(self.dy, self.kernel, self.x.shape, self.stride), dkernel, dbias

    results = both


def convolutions(case, arrays):
    """Return {"im2col": Pass}: there is only one way."""
    return {"im2col": Pass(case, *arrays)}
