"""The contender tinycnn, called as a user calls it: see `benchmarks.contenders` for the functions."""

from benchmarks.contenders import face
from tinycnn import models, ops

NO_PADDING = ((0, 0), (0, 0))


def set_threads(count):
    """Let tinycnn use `count` threads."""
    ops.set_num_threads(count)


def trainers(net, data, batch):
    """Return {way: Trainer}: see `benchmarks.contenders`."""
    return face.trainers("tinycnn", net, data, batch)


def predictors(net, weights, x):
    """Return {way: function that returns the probabilities of x, (n, 10)}."""
    model = face.built("tinycnn", net)
    model.set_weights(weights)
    return {"predict": lambda: model.predict(x, verbose=0)}


def trained(net, weights):
    """Return a tinycnn model of this net with these weights; rows use it to look at activations."""
    model: models.Sequential = face.built("tinycnn", net)
    model.set_weights(weights)
    return model


class Pass:
    """A convolution, forward and backward, through `tinycnn.ops`, as layers call it."""

    def __init__(self, case, x, kernel, bias, dy):
        self.x, self.kernel, self.bias, self.dy = x, kernel, bias, dy
        self.geometry = (case.stride, case.stride), NO_PADDING

    def forward(self):
        """Return y (n, oh, ow, f)."""
        return ops.conv2d_forward(self.x, self.kernel, self.bias, *self.geometry)

    def both(self):
        """Return y, dx, dkernel, dbias."""
        y = self.forward()
        dkernel, dbias = ops.conv2d_backward_kernel(
            self.dy, self.x, self.kernel.shape, *self.geometry
        )
        dx = ops.conv2d_backward_input(self.dy, self.kernel, self.x.shape, *self.geometry)
        return y, dx, dkernel, dbias

    results = both


def convolutions(case, arrays):
    """Return {"ops": Pass}: there is only one way."""
    return {"ops": Pass(case, *arrays)}
