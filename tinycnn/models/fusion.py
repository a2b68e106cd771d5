"""Neighbours that run as one step: the same numbers, fewer trips to memory."""

import dataclasses

import numpy as np

from tinycnn import activations
from tinycnn.layers import Activation, AveragePooling2D, Conv2D, Dropout, Layer, MaxPooling2D, ReLU
from tinycnn.ops import fused as fused_ops
from tinycnn.utils.geometry import FusedConvolution
from tinycnn.utils.kept_transform import MADE_ANEW, KeptTransform

Grads = list[dict[str, np.ndarray]]  # the gradients of each layer, in the order of the layers


@dataclasses.dataclass(frozen=True)
class FusedStep:
    """What the fused steps share: a Conv2D comes first, and only it has weights.

    Args:
        layers: that run as one: the convolution, the activation if that is a layer of its own, and so on.
        fused: what the convolution does, checked when the net was planned.
    """

    layers: tuple[Layer, ...]
    fused: FusedConvolution

    def named(self, dkernel: np.ndarray, dbias: np.ndarray) -> Grads:
        """Return the gradients of each layer by name."""
        return [self.layers[0].named(dkernel, dbias)] + [{}] * (len(self.layers) - 1)

    def __repr__(self) -> str:
        names = " + ".join(layer.name for layer in self.layers)
        return f"<{type(self).__name__}: {names}>"


@dataclasses.dataclass(frozen=True, repr=False)
class ConvolutionReLU(FusedStep):
    """Conv2D and the ReLU behind it, its own activation or the next layer."""

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y = relu(x * kernel + bias), and ctx: (x, y)."""
        y = fused_ops.conv2d_relu_forward(x, *self.layers[0].kernel_and_bias(), self.fused)
        return y, (x, y)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, y), kernel = ctx, self.layers[0].params["kernel"]
        dx, *dweights = fused_ops.conv2d_relu_backward(dy, y, x, kernel, self.fused, input_gradient)
        return dx, self.named(*dweights)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of the ReLU are on."""
        return (ctx[1] > 0,)


@dataclasses.dataclass(frozen=True, repr=False)
class ConvolutionReLUPooling(FusedStep):
    """Conv2D, ReLU, a MaxPooling2D whose windows lie side by side, and the Dropout behind it.

    Only the argmax of each window has a gradient; knowing it is enough to go back.

    Args:
        dropout: of the layers, the dropout, or None.
    """

    dropout: Dropout | None

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y, the largest number of every window of relu(x * kernel + bias), and ctx.

        ctx is (x, y, the argmax of each window, the rate of dropout).
        """
        rate = self.dropout.rate if training and self.dropout else 0.0
        seed = self.dropout.step_seed(rng) if rate else 0
        y, argmax = fused_ops.conv2d_relu_max_pool2d_forward(
            x, *self.layers[0].kernel_and_bias(), self.fused, rate, seed
        )
        return y, (x, y, argmax, rate)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, y, argmax, rate), kernel = ctx, self.layers[0].params["kernel"]
        dx, *dweights = fused_ops.conv2d_relu_max_pool2d_backward(
            dy, y, argmax, x, kernel, self.fused, rate, input_gradient
        )
        return dx, self.named(*dweights)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of the ReLU are on, and the argmax of each window."""
        return ctx[1] > 0, ctx[2] * (ctx[1] > 0)


@dataclasses.dataclass(frozen=True, repr=False)
class ConvolutionAveragePooling(FusedStep):
    """Conv2D, a ReLU or tanh, and an AveragePooling2D whose windows lie side by side."""

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y, the means of the windows of a = activation(x * kernel + bias), and ctx: (x, a)."""
        y, a = fused_ops.conv2d_average_pool2d_forward(
            x, *self.layers[0].kernel_and_bias(), self.fused
        )
        return y, (x, a)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, a), kernel = ctx, self.layers[0].params["kernel"]
        dx, *dweights = fused_ops.conv2d_average_pool2d_backward(
            dy, a, x, kernel, self.fused, input_gradient
        )
        return dx, self.named(*dweights)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of a ReLU are on."""
        return (ctx[1] > 0,) if self.fused.activation == "relu" else ()


def fused(layers: list[Layer], prediction: bool = False) -> FusedStep | None:
    """Return the step that the first of these layers begins with its neighbours, if there is one.

    Args:
        layers: built.
        prediction: whether the kernel's transform is kept until the kernel changes.
    """
    if not layers or type(layers[0]) is not Conv2D:
        return None
    activation, count = layers[0].activation, 1
    if (
        activation == activations.linear
        and len(layers) > 1
        and type(layers[1]) in (Activation, ReLU)
    ):
        activation, count = layers[1].activation, 2
    if activation not in (activations.relu, activations.tanh):
        return None
    pooling = layers[count] if len(layers) > count else None
    side_by_side = pooling is not None and _side_by_side(pooling)
    convolution = FusedConvolution(
        *layers[0].geometry(layers[0].input_shape),
        pool=pooling.pool_size if side_by_side else (1, 1),
        activation=activation.name,
        filters=KeptTransform() if prediction else MADE_ANEW,
    )
    if side_by_side and type(pooling) is AveragePooling2D:
        return ConvolutionAveragePooling(tuple(layers[: count + 1]), convolution)
    if activation != activations.relu:
        return None
    if side_by_side:
        behind = layers[count + 1 : count + 2]
        dropout = behind[0] if behind and type(behind[0]) is Dropout else None
        end = count + (2 if dropout else 1)
        return ConvolutionReLUPooling(tuple(layers[:end]), convolution, dropout)
    return ConvolutionReLU(tuple(layers[:count]), convolution)


def _side_by_side(layer: Layer) -> bool:
    """Return whether a layer is a pooling whose windows neither overlap nor leave gaps, and are small."""
    if type(layer) not in (AveragePooling2D, MaxPooling2D) or layer.padding != "valid":
        return False
    return layer.strides == layer.pool_size and np.prod(layer.pool_size) <= fused_ops.MOST_POOLED
