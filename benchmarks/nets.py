"""The nets and convolutions that are measured, as plain values, from which contenders build them."""

import dataclasses
import math

INPUT = (28, 28, 1)
ADADELTA = ("Adadelta", {"learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-7})
ADAM = ("Adam", {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7})
STATE = ("moving_mean", "moving_variance")  # weights that are counted, not learned by gradients


@dataclasses.dataclass(frozen=True)
class Net:
    """Description of a net.

    Args:
        name: for the table.
        layers: pairs of a Keras layer's name and its arguments, such as ("Dense", {"units": 10, ...});
            kernels and pooling windows are square, pooling strides equal the pool size.
        optimizer: name and arguments of one of Keras's optimizers, `ADADELTA` or `ADAM`.
    """

    name: str
    layers: tuple
    optimizer: tuple = ADADELTA

    def comparable(self):
        """Return the same net without chance, so that one step of all contenders can be compared.

        It has no Dropout. Adam has a large epsilon: with a small one it makes a full step of every
        gradient, also of one that is only rounding.
        """
        kind, options = self.optimizer
        optimizer = kind, {**options, "epsilon": 1e-3} if kind == "Adam" else options
        return Net(self.name, tuple(p for p in self.layers if p[0] != "Dropout"), optimizer)

    def weight_names(self):
        """Return for each layer a tuple of its weights' names, in Keras's order."""
        return [weight_names(kind, options) for kind, options in self.layers]

    def by_layer(self, weights):
        """Return for each layer a list of its weights, taken from the list of all."""
        rest = iter(weights)
        return [[next(rest) for _ in names] for names in self.weight_names()]

    def shapes(self):
        """Return the shape of one sample before every layer, and after the last: len(layers) + 1 tuples."""
        shapes = [INPUT]
        for kind, options in self.layers:
            shapes.append(output_shape(kind, options, shapes[-1]))
        return shapes

    def forward_flops(self):
        """Return for each layer how many multiplications and additions its products take for one sample."""
        pairs = zip(self.layers, self.shapes()[:-1], self.shapes()[1:], strict=True)
        return [flops(kind, options, before, after) for (kind, options), before, after in pairs]

    def step_flops(self):
        """Return how many multiplications and additions a training step takes for one sample.

        Counted are the products of the plain algorithm: each layer's once forward, and twice backward (for
        the gradients of input and of weights), except the first layer's gradient of its input.
        """
        forward = self.forward_flops()
        return 3 * sum(forward) - next(count for count in forward if count)


def output_shape(kind, options, shape):
    """Return the shape of one sample after a layer.

    Args:
        kind, options: of the layer, as in `Net.layers`.
        shape: of one sample before it.
    """
    if kind == "Conv2D":
        lost = 0 if options["padding"] == "same" else options["kernel_size"] - 1
        stride = options["strides"]
        rows, columns = ((side - lost - 1) // stride + 1 for side in shape[:2])
        return rows, columns, options["filters"]
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return shape[0] // options["pool_size"], shape[1] // options["pool_size"], shape[2]
    if kind == "Dense":
        return (options["units"],)
    return (math.prod(shape),) if kind == "Flatten" else shape


def weight_names(kind, options):
    """Return the names of a layer's weights, in Keras's order; for its arguments see `output_shape`."""
    if kind == "BatchNormalization":
        return "gamma", "beta", *STATE
    if kind in ("Conv2D", "Dense"):
        return ("kernel", "bias") if options["use_bias"] else ("kernel",)
    return ()


def flops(kind, options, before, after):
    """Return how many multiplications and additions a layer's products take for one sample.

    Args:
        kind, options: of the layer, as in `Net.layers`; 0 for layers without weights.
        before, after: shape of one sample before and after it.
    """
    if kind == "Conv2D":
        return 2 * math.prod(after) * options["kernel_size"] ** 2 * before[2]
    return 2 * before[0] * after[0] if kind == "Dense" else 0


def convolution(filters, kernel_size, activation, padding="valid", strides=1):
    """Return an entry of `Net.layers`: a Conv2D."""
    window = {"filters": filters, "kernel_size": kernel_size, "strides": strides}
    return "Conv2D", {**window, "padding": padding, "activation": activation, "use_bias": True}


def dense(units, activation):
    """Return an entry of `Net.layers`: a Dense."""
    return "Dense", {"units": units, "activation": activation, "use_bias": True}


def normalized(layer):
    """Return three entries of `Net.layers`: the layer, batch normalization, and then its activation."""
    kind, options = layer
    activation = ("Activation", {"activation": options["activation"]})
    bare = {**options, "activation": None, "use_bias": False}  # the mean takes a bias away again
    return (kind, bare), ("BatchNormalization", {"momentum": 0.99, "epsilon": 1e-3}), activation


CLASSIC = Net(
    "classic net",
    (
        convolution(32, 3, "relu"),
        convolution(64, 3, "relu"),
        ("MaxPooling2D", {"pool_size": 2}),
        ("Dropout", {"rate": 0.25}),
        ("Flatten", {}),
        dense(256, "relu"),
        ("Dropout", {"rate": 0.5}),
        dense(10, "softmax"),
    ),
)


def lenet(activation):
    """Return LeNet-5, with average pooling and this activation (its author used tanh, many use ReLU)."""
    return Net(
        f"LeNet-5 ({activation})",
        (
            convolution(6, 5, activation, "same"),
            ("AveragePooling2D", {"pool_size": 2}),
            convolution(16, 5, activation),
            ("AveragePooling2D", {"pool_size": 2}),
            ("Flatten", {}),
            dense(120, activation),
            dense(84, activation),
            dense(10, "softmax"),
        ),
    )


def stride2(normalize=False):
    """Return the net D45, small and quick to train: its first convolution has strides of 2.

    Args:
        normalize: True for batch normalization before each ReLU.
    """
    hidden = (
        convolution(8, 5, "relu", strides=2),
        convolution(16, 3, "relu"),
        convolution(32, 3, "relu"),
        dense(64, "relu"),
    )
    first, second, third, fourth = (normalized(h) if normalize else (h,) for h in hidden)
    pooling, flatten = ("MaxPooling2D", {"pool_size": 2}), ("Flatten", {})
    layers = (*first, *second, pooling, *third, flatten, *fourth, dense(10, "softmax"))
    return Net(f"stride-2 net{', batch normalization' if normalize else ''}", layers, ADAM)


@dataclasses.dataclass(frozen=True)
class Convolution:
    """Description of a single convolution without padding and activation.

    Args:
        name: for the table.
        samples: images in a batch.
        side: their height and width.
        channels, filters: of the kernel.
        window: height and width of the kernel.
        stride: the same in both directions.
    """

    name: str
    samples: int
    side: int
    channels: int
    filters: int
    window: int = 3
    stride: int = 1

    @property
    def side_after(self):
        """Height and width of the output."""
        return (self.side - self.window) // self.stride + 1

    def flops(self):
        """Return how many multiplications and additions the forward pass takes for the batch.

        The gradients of input and kernel take as many each.
        """
        pixels = self.samples * self.side_after**2
        return 2 * pixels * self.filters * self.window**2 * self.channels


CONVOLUTIONS = (
    Convolution("1→32 3×3", 128, 28, 1, 32),
    Convolution("32→64 3×3", 128, 26, 32, 64),
    Convolution("64→64 3×3", 32, 24, 64, 64),
    Convolution("128→128 3×3", 32, 14, 128, 128),
    Convolution("32→64 5×5", 64, 14, 32, 64, window=5),
    Convolution("64→128 1×1", 64, 28, 64, 128, window=1),
    Convolution("32→64 3×3 stride 2", 64, 29, 32, 64, stride=2),
    Convolution("3→32 3×3", 64, 32, 3, 32),
    Convolution("17→17 3×3", 64, 28, 17, 17),
    Convolution("33→33 3×3", 64, 28, 33, 33),
)
