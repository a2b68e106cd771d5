"""The contender NumPy: see `benchmarks.contenders` for the functions. It is also the judge: all others'
results are compared with it. Convolution copies every window (im2col) and takes one matrix product. Its
threads are those of NumPy's BLAS, set by environment variables before NumPy is imported.
"""

import numpy as np

from benchmarks.contenders.numpy_layers import (
    WEIGHTED,
    built,
    convolve,
    input_gradient,
    kernel_gradients,
)

BATCHES = (128,)  # sizes to predict with


def set_threads(count):
    """Do nothing: environment variables have set the number of threads."""


def assign(net, layers, weights):
    """Set the layers' `params` to copies of the weights of a `nets.Net`, in Keras's order."""
    weighted = [layer for layer in layers if isinstance(layer, WEIGHTED)]
    for layer, arrays in zip(weighted, filter(None, net.by_layer(weights)), strict=True):
        layer.params = tuple(array.copy() for array in arrays)


def scores(layers, x, rng=None):
    """Return the output of the last layer, the scores before the softmax, (n, classes)."""
    for layer in layers:
        x = layer.forward(x, rng)
    return x


def softmax(z):
    """Return the probabilities of scores z (n, classes)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Optimizer:
    """What Adadelta and Adam share: two arrays of the weight's shape are kept for each weight.

    Args:
        options: the optimizer's arguments in Keras, numbers; they become attributes.
    """

    def __init__(self, **options):
        vars(self).update({name: np.float32(value) for name, value in options.items()})
        self.slots, self.count = None, 0

    def update(self, grads, params):
        """Change params in place by gradients of the same shapes."""
        if self.slots is None:
            self.slots = [(np.zeros_like(param), np.zeros_like(param)) for param in params]
        self.count += 1
        for param, grad, slots in zip(params, grads, self.slots, strict=True):
            param -= self.step(grad, *slots)


class Adadelta(Optimizer):
    """See Keras's class of the same name."""

    def step(self, grad, squares, steps):
        """Return what to subtract from the weight; update the slots."""
        squares += (1 - self.rho) * (grad * grad - squares)
        step = np.sqrt((steps + self.epsilon) / (squares + self.epsilon)) * grad
        steps += (1 - self.rho) * (step * step - steps)
        return self.learning_rate * step


class Adam(Optimizer):
    """See Keras's class of the same name."""

    def step(self, grad, mean, squares):
        """Return what to subtract from the weight; update the slots."""
        mean += (1 - self.beta_1) * (grad - mean)
        squares += (1 - self.beta_2) * (grad * grad - squares)
        rate = np.sqrt(1 - self.beta_2**self.count) / (1 - self.beta_1**self.count)
        return self.learning_rate * rate * mean / (np.sqrt(squares) + self.epsilon)


OPTIMIZERS = {"Adadelta": Adadelta, "Adam": Adam}


class Trainer:
    """A Trainer (see `benchmarks.contenders`): forward, loss, backward and optimizer in plain NumPy."""

    def __init__(self, net, data, batch):
        self.net, self.layers, self.batch = net, built(net), batch
        self.x, self.y = data.x, data.one_hot
        kind, options = net.optimizer
        self.rng, self.optimizer = np.random.default_rng(0), OPTIMIZERS[kind](**options)

    def set_weights(self, weights):
        """Copy weights into the layers: a list in Keras's order."""
        assign(self.net, self.layers, weights)

    def weights(self):
        """Return copies of the weights, in Keras's order."""
        return [param.copy() for layer in self.layers for param in layer.params]

    def learn(self, x, one_hot):
        """Take one step on this batch; return the loss before it."""
        p = softmax(scores(self.layers, x, self.rng))
        self.accuracy = (p.argmax(axis=1) == one_hot.argmax(axis=1)).mean()
        loss = -np.log(np.maximum((p * one_hot).sum(axis=1), 1e-30)).mean()
        dy = (p - one_hot) / np.float32(len(x))
        for index in reversed(range(len(self.layers))):
            dy = self.layers[index].backward(dy, first=index == 0)
        self.update()
        return float(loss)

    def update(self):
        """Take one step of the optimizer: change all weights that have gradients, in place."""
        weighted = [layer for layer in self.layers if layer.params]
        self.optimizer.update(
            [grad for layer in weighted for grad in layer.grads],
            [p for layer in weighted for p, _ in zip(layer.params, layer.grads, strict=False)],
        )

    def steps(self, count):
        """Take `count` steps on shuffled batches of the data."""
        order = self.rng.permutation(len(self.x))
        for start in range(0, count * self.batch, self.batch):
            chosen = order[start : start + self.batch]
            self.learn(self.x[chosen], self.y[chosen])


def trainers(net, data, batch):
    """Return {"im2col": Trainer}: there is only one way."""
    return {"im2col": Trainer(net, data, batch)}


def predictors(net, weights, x):
    """Return {way: function that returns the probabilities of x, (n, 10)}, a way for each size of batches."""
    layers = built(net)
    assign(net, layers, weights)

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
