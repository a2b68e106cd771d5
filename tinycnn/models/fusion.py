"""Neighbours that run as one step: the same numbers, fewer trips to memory."""

import dataclasses

import numpy as np

from tinycnn import activations
from tinycnn.layers import Activation, AveragePooling2D, Conv2D, Dropout, Layer, MaxPooling2D
from tinycnn.ops import fused as fused_ops

Grads = list[dict[str, np.ndarray]]
LARGEST_POOL = 256  # numbers in a window: their places fit a byte


@dataclasses.dataclass(frozen=True)
class ConvolutionReLU:
    """Conv2D and the ReLU behind it, its own activation or the next layer.

    Args:
        layers: the convolution, and the ReLU if that is a layer of its own.
    """

    layers: tuple[Layer, ...]

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y = relu(x * kernel + bias), and ctx."""
        convolution = self.layers[0]
        kernel, bias = convolution.params["kernel"], convolution.bias()
        y = fused_ops.conv2d_relu_forward(x, kernel, bias, *convolution.geometry(x.shape))
        return y, (x, y)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, y), convolution = ctx, self.layers[0]
        arguments = convolution.params["kernel"], *convolution.geometry(x.shape), input_gradient
        dx, dkernel, dbias = fused_ops.conv2d_relu_backward(dy, y, x, *arguments)
        return dx, [convolution.named(dkernel, dbias)] + [{}] * (len(self.layers) - 1)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of the ReLU are on."""
        return (ctx[1] > 0,)


@dataclasses.dataclass(frozen=True)
class ConvolutionReLUPooling:
    """Conv2D, ReLU, a MaxPooling2D whose windows lie side by side, and the Dropout behind it.

    Only the argmax of each window has a gradient; knowing it is enough to go back.

    Args:
        layers: the convolution, the ReLU if that is a layer of its own, the pooling, the dropout if any.
        pooling: of the layers, the pooling.
        dropout: of the layers, the dropout, or None.
    """

    layers: tuple[Layer, ...]
    pooling: MaxPooling2D
    dropout: Dropout | None

    def geometry(self, x: np.ndarray) -> tuple:
        """Return strides and padding of the convolution, and the pooling's window."""
        return *self.layers[0].geometry(x.shape), self.pooling.pool_size

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y, the largest number of every window of relu(x * kernel + bias), and ctx."""
        kernel, bias = self.layers[0].params["kernel"], self.layers[0].bias()
        rate = self.dropout.rate if training and self.dropout else 0.0
        seed = self.dropout.step_seed(rng) if rate else 0
        arguments = *self.geometry(x), rate, seed
        y, argmax = fused_ops.conv2d_relu_max_pool2d_forward(x, kernel, bias, *arguments)
        return y, (x, y, argmax, rate)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, y, argmax, rate), kernel = ctx, self.layers[0].params["kernel"]
        arguments = kernel, *self.geometry(x), rate, input_gradient
        dx, dkernel, dbias = fused_ops.conv2d_relu_max_pool2d_backward(dy, y, argmax, x, *arguments)
        return dx, [self.layers[0].named(dkernel, dbias)] + [{}] * (len(self.layers) - 1)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of the ReLU are on, and the argmax of each window."""
        return ctx[1] > 0, ctx[2] * (ctx[1] > 0)


@dataclasses.dataclass(frozen=True)
class ConvolutionAveragePooling:
    """Conv2D, a ReLU or tanh, and an AveragePooling2D whose windows lie side by side.

    Args:
        layers: the convolution, the activation if that is a layer of its own, the pooling.
        activation: "relu" or "tanh".
    """

    layers: tuple[Layer, ...]
    activation: str

    def arguments(self, x: np.ndarray) -> tuple:
        """Return strides and padding of the convolution, the activation, and the pooling's window."""
        geometry = self.layers[0].geometry(x.shape)
        return *geometry, self.activation, self.layers[-1].pool_size

    def forward(
        self, x: np.ndarray, training: bool, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, tuple]:
        """Return y, the means of the windows of activation(x * kernel + bias), and ctx."""
        kernel, bias = self.layers[0].params["kernel"], self.layers[0].bias()
        y, a = fused_ops.conv2d_average_pool2d_forward(x, kernel, bias, *self.arguments(x))
        return y, (x, a)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, a), kernel = ctx, self.layers[0].params["kernel"]
        arguments = kernel, *self.arguments(x), input_gradient
        dx, dkernel, dbias = fused_ops.conv2d_average_pool2d_backward(dy, a, x, *arguments)
        return dx, [self.layers[0].named(dkernel, dbias)] + [{}] * (len(self.layers) - 1)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of a ReLU are on."""
        return (ctx[1] > 0,) if self.activation == "relu" else ()


Fused = ConvolutionReLU | ConvolutionReLUPooling | ConvolutionAveragePooling


def fused(layers: list[Layer]) -> Fused | None:
    """Return the step that the first of these layers begins with its neighbours, if there is one."""
    if not layers or type(layers[0]) is not Conv2D:
        return None
    activation, count = layers[0].activation, 1
    if activation == activations.linear and len(layers) > 1 and isinstance(layers[1], Activation):
        activation, count = layers[1].activation, 2
    if activation not in (activations.relu, activations.tanh):
        return None
    pooling = layers[count] if len(layers) > count else None
    if type(pooling) is AveragePooling2D and _side_by_side(pooling):
        return ConvolutionAveragePooling(tuple(layers[: count + 1]), activation.name)
    if activation != activations.relu:
        return None
    if type(pooling) is MaxPooling2D and _side_by_side(pooling):
        behind = layers[count + 1 : count + 2]
        dropout = behind[0] if behind and type(behind[0]) is Dropout else None
        end = count + (2 if dropout else 1)
        return ConvolutionReLUPooling(tuple(layers[:end]), pooling, dropout)
    return ConvolutionReLU(tuple(layers[:count]))


def _side_by_side(pooling: Layer) -> bool:
    """Return whether the windows of a pooling neither overlap nor leave gaps."""
    if pooling.padding != "valid" or pooling.strides != pooling.pool_size:
        return False
    return np.prod(pooling.pool_size) <= LARGEST_POOL
