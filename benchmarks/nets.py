"""The nets that are measured, described once: every contender builds them in its own way."""

import dataclasses
import math

INPUT = (28, 28, 1)


@dataclasses.dataclass(frozen=True)
class Net:
    """A net as Keras would spell it.

    Args:
        name: for the table.
        layers: (class, options) pairs; windows are square, strides of pooling are its size.
    """

    name: str
    layers: tuple

    def without_dropout(self):
        """Return the same net without its chance, so that contenders can be compared."""
        return Net(self.name, tuple(pair for pair in self.layers if pair[0] != "Dropout"))

    def shapes(self):
        """Return the shape of one sample before every layer, and behind the last."""
        shapes = [INPUT]
        for kind, options in self.layers:
            shapes.append(output_shape(kind, options, shapes[-1]))
        return shapes

    def forward_flops(self):
        """Return the multiplications and additions of each layer's products, for one sample."""
        pairs = zip(self.layers, self.shapes()[:-1], self.shapes()[1:], strict=True)
        return [flops(kind, options, before, after) for (kind, options), before, after in pairs]

    def step_flops(self):
        """Return the arithmetic of a training step by the plain dense algorithm, for one sample.

        Each product goes forward once and back twice, for its input and for its weights; nobody needs the
        gradient with respect to the first input.
        """
        forward = self.forward_flops()
        return 3 * sum(forward) - next(count for count in forward if count)


def output_shape(kind, options, shape):
    """Return the shape of one sample behind a layer."""
    if kind == "Conv2D":
        lost = 0 if options.get("padding") == "same" else options["kernel_size"] - 1
        return shape[0] - lost, shape[1] - lost, options["filters"]
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return shape[0] // options["pool_size"], shape[1] // options["pool_size"], shape[2]
    if kind == "Dense":
        return (options["units"],)
    return (math.prod(shape),) if kind == "Flatten" else shape


def flops(kind, options, before, after):
    """Return the arithmetic of a layer's product for one sample; all else is not counted."""
    if kind == "Conv2D":
        return 2 * math.prod(after) * options["kernel_size"] ** 2 * before[2]
    return 2 * before[0] * after[0] if kind == "Dense" else 0


def convolution(filters, kernel_size, activation, padding="valid"):
    """Return a convolution with strides of 1."""
    options = {"filters": filters, "kernel_size": kernel_size, "activation": activation}
    return "Conv2D", {**options, "padding": padding}


def dense(units, activation):
    """Return a dense layer."""
    return "Dense", {"units": units, "activation": activation}


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
    """Return LeNet-5 with average pooling; its author used tanh, many today use ReLU."""
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


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A single convolution without padding or activation, forward or there and back.

    Args:
        name: for the table.
        samples, side: images of a batch, and their height and width.
        channels, filters, window, stride: of the layer.
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
        """Height and width of the result."""
        return (self.side - self.window) // self.stride + 1

    def flops(self):
        """Return the dense arithmetic of the forward pass for the whole batch; each way back has as much."""
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
