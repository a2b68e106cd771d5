"""Neighbours that run as one step: the same numbers, fewer trips to memory."""

import dataclasses

import numpy as np

from tinycnn import activations, ops
from tinycnn.layers import Activation, Conv2D, Dropout, Layer, MaxPooling2D

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
        y = ops.conv2d_relu_forward(x, kernel, bias, *convolution.geometry(x.shape))
        return y, (x, y)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, y), convolution = ctx, self.layers[0]
        rest = convolution.params["kernel"], *convolution.geometry(x.shape), input_gradient
        dx, dkernel, dbias = ops.conv2d_relu_backward(dy, y, x, *rest)
        return dx, [convolution.named(dkernel, dbias)] + [{}] * (len(self.layers) - 1)

    def decisions(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of the ReLU are on."""
        return (ctx[1] > 0,)


@dataclasses.dataclass(frozen=True)
class ConvolutionReLUPooling:
    """Conv2D, ReLU, a MaxPooling2D whose windows lie side by side, and the Dropout behind it.

    Only the winner of each window has a gradient; knowing them is enough to go back.

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
        rest = *self.geometry(x), rate, seed
        y, winner = ops.conv2d_relu_max_pool2d_forward(x, kernel, bias, *rest)
        return y, (x, y, winner, rate)

    def backward(
        self, dy: np.ndarray, ctx: tuple, input_gradient: bool
    ) -> tuple[np.ndarray | None, Grads]:
        """Return dx, and the gradients of each layer."""
        (x, y, winner, rate), kernel = ctx, self.layers[0].params["kernel"]
        rest = kernel, *self.geometry(x), rate, input_gradient
        dx, dkernel, dbias = ops.conv2d_relu_max_pool2d_backward(dy, y, winner, x, *rest)
        return dx, [self.layers[0].named(dkernel, dbias)] + [{}] * (len(self.layers) - 1)

    def decisions(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of the ReLU are on, and which number of each window won."""
        return ctx[1] > 0, ctx[2] * (ctx[1] > 0)


def fused(layers: list[Layer]) -> ConvolutionReLU | ConvolutionReLUPooling | None:
    """Return the step that the first of these layers begins with its neighbours, if there is one."""
    if not layers or type(layers[0]) is not Conv2D:
        return None
    own = layers[0].activation
    relu_behind = len(layers) > 1 and isinstance(layers[1], Activation)
    count = 1
    if own == activations.linear and relu_behind and layers[1].activation == activations.relu:
        count = 2
    elif own != activations.relu:
        return None
    if len(layers) > count and _side_by_side(layers[count]):
        pooling, behind = layers[count], layers[count + 1 : count + 2]
        dropout = behind[0] if behind and type(behind[0]) is Dropout else None
        end = count + (2 if dropout else 1)
        return ConvolutionReLUPooling(tuple(layers[:end]), pooling, dropout)
    return ConvolutionReLU(tuple(layers[:count]))


def _side_by_side(layer: Layer) -> bool:
    """Return whether a layer keeps the maxima of windows that neither overlap nor leave gaps."""
    if type(layer) is not MaxPooling2D or layer.padding != "valid":
        return False
    return layer.strides == layer.pool_size and np.prod(layer.pool_size) <= LARGEST_POOL
