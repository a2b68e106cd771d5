"""The contender PyTorch: see `benchmarks.contenders` for the functions.

It runs without compilation (`pytorch_compiled` is with), in both memory layouts of images (n, c, h, w):
channels first and last.
"""

import math
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch
    from torch import nn
    from torch.nn import functional

from benchmarks.contenders.channels_first import from_keras, to_keras

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
BATCHES = (128, 1000)  # sizes to predict with
ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "softmax": None,
}  # no softmax: the loss takes scores


def set_threads(count):
    """Let PyTorch use `count` threads."""
    torch.set_num_threads(count)


def module(net):
    """Return a `nets.Net` as a PyTorch module, without the softmax at the end."""
    modules = []
    for (kind, options), shape in zip(net.layers, net.shapes()[:-1], strict=True):
        if kind in LAYERS:
            modules.append(LAYERS[kind](options, shape))
        activation = ACTIVATIONS.get(options.get("activation"))
        modules += [activation()] if activation else []
    return nn.Sequential(*modules)


def batch_normalization(options, shape):
    """Return PyTorch's layer; options, shape: of one entry of `nets.Net.layers`, and of a sample."""
    kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return kind(shape[-1], eps=options["epsilon"], momentum=1 - options["momentum"])


def convolution(options, shape):
    """Return PyTorch's layer: see `batch_normalization`."""
    sizes = shape[2], options["filters"], options["kernel_size"]
    bias, padding = options["use_bias"], options["padding"]
    return nn.Conv2d(*sizes, stride=options["strides"], padding=padding, bias=bias)


LAYERS = {  # kind: function of (options, shape), see `batch_normalization`
    "AveragePooling2D": lambda options, _: nn.AvgPool2d(options["pool_size"]),
    "BatchNormalization": batch_normalization,
    "Conv2D": convolution,
    "Dense": lambda o, shape: nn.Linear(shape[0], o["units"], bias=o["use_bias"]),
    "Dropout": lambda options, _: nn.Dropout(options["rate"]),
    "Flatten": lambda *_: nn.Flatten(),
    "MaxPooling2D": lambda options, _: nn.MaxPool2d(options["pool_size"]),
}


def arrays(model):
    """Return a module's weights as tensors, in the order of Keras's."""
    return [t for name, t in model.state_dict().items() if not name.endswith("batches_tracked")]


def write_weights(net, model, weights):
    """Copy weights, a list in Keras's order and layout, into a module of this net."""
    with torch.no_grad():
        for tensor, array in zip(arrays(model), from_keras(net, weights), strict=True):
            tensor.copy_(torch.from_numpy(array))


def optimizer(net, params, **options):
    """Return a `nets.Net`'s optimizer as PyTorch's.

    Args:
        net: a `nets.Net`.
        params: of a module.
        options: how PyTorch is to do it: `foreach` or `fused`.
    """
    kind, given = net.optimizer
    rate, epsilon = given["learning_rate"], given["epsilon"]
    if kind == "Adadelta":
        return torch.optim.Adadelta(params, lr=rate, rho=given["rho"], eps=epsilon, **options)
    betas = given["beta_1"], given["beta_2"]
    # Keras adds epsilon before it makes up for the root's start at 0, PyTorch after: equal in the first step.
    epsilon /= math.sqrt(1 - betas[1])
    return torch.optim.Adam(params, lr=rate, betas=betas, eps=epsilon, **options)


class Trainer:
    """A Trainer (see `benchmarks.contenders`) with the usual loop of PyTorch.

    Args:
        net, data, batch: see `benchmarks.contenders`.
        layout: one of `LAYOUTS`' values.
        options: of the optimizer, see `optimizer`.
    """

    def __init__(self, net, data, batch, layout, **options):
        self.net, self.batch, self.layout = net, batch, layout
        self.model = module(net).to(memory_format=layout)
        self.optimizer = optimizer(net, self.model.parameters(), **options)
        self.x, self.y = self.images(data.x), torch.from_numpy(data.labels)

    def images(self, x):
        """Return (n, h, w, c) as a tensor (n, c, h, w) in this layout."""
        return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=self.layout)

    def set_weights(self, weights):
        """Copy weights in Keras's layout into the module."""
        write_weights(self.net, self.model, weights)

    def weights(self):
        """Return copies of the weights in Keras's layout."""
        return to_keras(self.net, [tensor.numpy() for tensor in arrays(self.model)])

    def step(self, x, y):
        """Take one step on tensors x (n, c, h, w) and y (n,); return the loss, and how many were right."""
        self.optimizer.zero_grad()
        scores = self.model(x)
        loss = functional.cross_entropy(scores, y)
        loss.backward()
        self.optimizer.step()
        return loss.item(), (scores.detach().argmax(1) == y).sum().item()

    def learn(self, x, one_hot):
        """Take one step on this batch; return the loss before it."""
        return self.step(self.images(x), torch.from_numpy(one_hot).argmax(1))[0]

    def steps(self, count):
        """Take `count` steps on shuffled batches of the data; return the mean loss and the accuracy."""
        order, losses, right = torch.randperm(len(self.x)), 0.0, 0
        for start in range(0, count * self.batch, self.batch):
            chosen = order[start : start + self.batch]
            loss, correct = self.step(self.x[chosen], self.y[chosen])
            losses, right = losses + loss, right + correct
        return losses / count, right / (count * self.batch)


def trainers(net, data, batch):
    """Return {way: Trainer}, a way for each layout and each way to run the optimizer."""
    ways = {"a loop over the weights": {"foreach": False}, "foreach": {"foreach": True}}
    if net.optimizer[0] == "Adam":
        ways["fused"] = {"fused": True}
    return {
        f"{name}, {way}": Trainer(net, data, batch, layout, **options)
        for name, layout in LAYOUTS.items()
        for way, options in ways.items()
    }


def predictor(net, weights, x, layout, size):
    """Return a function that returns the probabilities of x, (n, 10), computed in batches of `size`."""
    model = module(net).to(memory_format=layout).eval()
    write_weights(net, model, weights)
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)

    def predict():
        with torch.inference_mode():
            parts = [torch.softmax(model(part), 1) for part in images.split(size)]
            return (torch.cat(parts) if len(parts) > 1 else parts[0]).numpy()

    return predict


def predictors(net, weights, x):
    """Return {way: function that returns the probabilities of x, (n, 10)}."""
    sizes = [size for size in BATCHES if size <= len(x)] or [len(x)]
    return {
        f"{name}, batches of {size}": predictor(net, weights, x, layout, size)
        for name, layout in LAYOUTS.items()
        for size in sizes
    }


class Pass:
    """A convolution, forward and backward; all arrays are brought to the layout beforehand."""

    def __init__(self, case, arrays, layout):
        x, kernel, bias, dy = map(torch.from_numpy, arrays)
        self.stride = case.stride
        self.x, self.dy = (
            tensor.permute(0, 3, 1, 2).contiguous(memory_format=layout) for tensor in (x, dy)
        )
        self.kernel = kernel.permute(3, 2, 0, 1).contiguous(memory_format=layout)
        self.wanted = [tensor.requires_grad_() for tensor in (self.x, self.kernel, bias)]

    def forward(self):
        """Return y, a tensor (n, f, oh, ow)."""
        with torch.inference_mode():
            return functional.conv2d(*self.wanted, self.stride)

    def both(self):
        """Return y, dx, dkernel, dbias, as tensors."""
        y = functional.conv2d(*self.wanted, self.stride)
        return y, *torch.autograd.grad(y, self.wanted, self.dy)

    def results(self):
        """Return all four as NumPy arrays in Keras's layouts."""
        y, dx, dkernel, dbias = (tensor.detach() for tensor in self.both())
        permuted = y.permute(0, 2, 3, 1), dx.permute(0, 2, 3, 1), dkernel.permute(2, 3, 1, 0), dbias
        return [tensor.numpy() for tensor in permuted]


def convolutions(case, arrays):
    """Return {layout: Pass}."""
    return {name: Pass(case, arrays, layout) for name, layout in LAYOUTS.items()}
