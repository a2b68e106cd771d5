"""tinycnn, called as a user calls it."""

import tinycnn
from benchmarks.contenders import face
from tinycnn import models, ops

NO_PADDING = ((0, 0), (0, 0))


def version():
    """Return what is measured."""
    return f"tinycnn {tinycnn.__version__}"


def set_threads(count):
    """Use so many threads."""
    ops.set_num_threads(count)


def trainers(net, data, batch):
    """Return a Trainer for each way."""
    return face.trainers("tinycnn", net, data, batch)


def predictors(net, weights, x):
    """Return a function for each way to predict."""
    model = face.built("tinycnn", net)
    model.set_weights(weights)
    return {"predict": lambda: model.predict(x, verbose=0)}


def trained(net, weights):
    """Return a model with these weights, to look into."""
    model: models.Sequential = face.built("tinycnn", net)
    model.set_weights(weights)
    return model


class Pass:
    """A convolution there and back, through the validation and dispatch that layers use."""

    def __init__(self, case, x, kernel, bias, dy):
        self.x, self.kernel, self.bias, self.dy = x, kernel, bias, dy
        self.geometry = (case.stride, case.stride), NO_PADDING

    def forward(self):
        """Return y."""
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
    """Return the one way there is."""
    return {"ops": Pass(case, *arrays)}
