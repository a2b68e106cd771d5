"""The contender PyTorch: see `benchmarks.contenders` for the functions.

It runs without compilation, in both memory layouts of images (n, c, h, w): channels first and last.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch
    from torch import nn
    from torch.nn import functional

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
BATCHES = (128, 1000)  # sizes to predict with
ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "softmax": None,
}  # no softmax: the loss takes scores


def version():
    """Return name and version of what is measured."""
    return f"PyTorch {torch.__version__}"


def set_threads(count):
    """Let PyTorch use `count` threads."""
    torch.set_num_threads(count)


def module(net):
    """Return a `nets.Net` as a PyTorch module, without the softmax at the end."""
    modules = []
    for (kind, options), shape in zip(net.layers, net.shapes()[:-1], strict=True):
        if kind == "Conv2D":
            sizes = shape[2], options["filters"], options["kernel_size"]
            modules.append(nn.Conv2d(*sizes, padding=options["padding"]))
        elif kind == "Dense":
            modules.append(nn.Linear(shape[0], options["units"]))
        elif kind == "Dropout":
            modules.append(nn.Dropout(options["rate"]))
        elif kind == "Flatten":
            modules.append(nn.Flatten())
        else:
            pooling = nn.MaxPool2d if kind == "MaxPooling2D" else nn.AvgPool2d
            modules.append(pooling(options["pool_size"]))
        activation = ACTIVATIONS.get(options.get("activation"))
        modules += [activation()] if activation else []
    return nn.Sequential(*modules)


def orders(net):
    """Return for each kernel of a net how to turn Keras's array into PyTorch's: (unfolded, axes).

    Keras's array is reshaped to `unfolded` unless that is None, then transposed by `axes`. Unfolding is
    needed for a Dense after a Flatten: PyTorch flattens (c, h, w), Keras (h, w, c).
    """
    axes, before = [], None
    for (kind, _), shape, after in zip(
        net.layers, net.shapes()[:-1], net.shapes()[1:], strict=True
    ):
        if kind == "Conv2D":
            axes.append((None, (3, 2, 0, 1)))
        elif kind == "Dense" and before is not None:
            axes.append(((*before, *after), (3, 2, 0, 1)))  # channels come first before flattening
        elif kind == "Dense":
            axes.append((None, (1, 0)))
        before = shape if kind == "Flatten" else before if kind == "Dropout" else None
    return axes


def write_weights(net, model, weights):
    """Copy weights in Keras's layout, [kernel, bias, kernel, ...], into a module of this net."""
    with torch.no_grad():
        params = list(model.parameters())
        for place, (unfolded, axes) in enumerate(orders(net)):
            kernel, bias = params[2 * place : 2 * place + 2]
            given = weights[2 * place].reshape(unfolded or weights[2 * place].shape)
            kernel.copy_(torch.tensor(given.transpose(axes).copy()).reshape(kernel.shape))
            bias.copy_(torch.tensor(weights[2 * place + 1]))


def read_weights(net, model):
    """Return a module's weights in Keras's layout, [kernel, bias, ...]: the reverse of `write_weights`."""
    params, arrays = [param.detach().numpy() for param in model.parameters()], []
    for place, (unfolded, axes) in enumerate(orders(net)):
        kernel, bias = params[2 * place : 2 * place + 2]
        back = tuple(axes.index(axis) for axis in range(len(axes)))
        if unfolded is not None:
            permuted = kernel.reshape([unfolded[axis] for axis in axes]).transpose(back)
            arrays += [permuted.reshape(-1, unfolded[-1]).copy(), bias.copy()]
        else:
            arrays += [kernel.transpose(back).copy(), bias.copy()]
    return arrays


class Trainer:
    """A Trainer (see `benchmarks.contenders`) with the usual loop of PyTorch.

    Args:
        net, data, batch: see `benchmarks.contenders`.
        layout: one of `LAYOUTS`' values.
        foreach: the argument of PyTorch's Adadelta.
    """

    def __init__(self, net, data, batch, layout, foreach):
        self.net, self.batch, self.layout = net, batch, layout
        self.model = module(net).to(memory_format=layout)
        self.optimizer = torch.optim.Adadelta(
            self.model.parameters(), lr=1.0, rho=0.95, eps=1e-7, foreach=foreach
        )
        self.x, self.y = self.images(data.x), torch.from_numpy(data.labels)

    def images(self, x):
        """Return (n, h, w, c) as a tensor (n, c, h, w) in this layout."""
        return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=self.layout)

    def set_weights(self, weights):
        """Copy weights in Keras's layout into the module."""
        write_weights(self.net, self.model, weights)

    def weights(self):
        """Return copies of the weights in Keras's layout."""
        return read_weights(self.net, self.model)

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
    """Return {way: Trainer}, a way for each layout with and without `foreach`."""
    return {
        f"{name}, foreach={foreach}": Trainer(net, data, batch, layout, foreach)
        for name, layout in LAYOUTS.items()
        for foreach in (False, True)
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
