"""Fused steps: a Conv2D and the layers after it computed by one operation of `tinycnn.ops.fused`.

The results are those of the separate layers. It is faster because the arrays between these layers are
not written to memory. `plan.py` asks `fused` for each layer whether such a step starts there.
"""

import dataclasses

import numpy as np

from tinycnn import activations
from tinycnn.layers import Activation, AveragePooling2D, Conv2D, Dropout, Layer, MaxPooling2D, ReLU
from tinycnn.layers.base import Rng
from tinycnn.models.folding import FoldedConv2D
from tinycnn.ops import fused as fused_ops
from tinycnn.utils.geometry import FusedConvolution
from tinycnn.utils.kept_transform import MADE_ANEW, KeptTransform

Grads = list[dict[str, np.ndarray]]  # the gradients of each layer, in the order of the layers
InputAndGrads = tuple[np.ndarray | None, Grads]  # dx, or None where nobody needs it, and these


@dataclasses.dataclass(frozen=True)
class FusedStep:
    """Base of the fused steps: the first layer is a Conv2D, and only it has weights.

    A subclass has `forward` and `backward` as `Layer` has, for all its layers together.

    Args:
        layers: the layers that this step computes, in order; the first is the Conv2D.
        fused: strides, padding, pooling size and activation, for the operations of `tinycnn.ops.fused`.
    """

    layers: tuple[Layer, ...]
    fused: FusedConvolution

    def named(self, dkernel: np.ndarray, dbias: np.ndarray) -> Grads:
        """Return one dict {parameter: gradient} a layer; only the first, of the Conv2D, has entries.

        Args:
            dkernel: the kernel's gradient (kh, kw, c, f).
            dbias: the bias's (f,); left out for a convolution without bias.
        """
        return [self.layers[0].named(dkernel, dbias)] + [{}] * (len(self.layers) - 1)

    def updates(self, ctx: tuple) -> Grads:
        """Return {} for each layer: none of these has running means. See `Layer.updates`."""
        return [{}] * len(self.layers)

    def __repr__(self) -> str:
        names = " + ".join(layer.name for layer in self.layers)
        return f"<{type(self).__name__}: {names}>"


@dataclasses.dataclass(frozen=True, repr=False)
class ConvolutionReLU(FusedStep):
    """Conv2D and a ReLU after it: the Conv2D's own activation, or the next layer."""

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y = relu(z), (n, oh, ow, f), and ctx = (x, y); z is the convolution of x plus bias."""
        y = fused_ops.conv2d_relu_forward(x, *self.layers[0].kernel_and_bias(), self.fused)
        return y, (x, y)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool) -> InputAndGrads:
        """Return dx (n, h, w, c), or None, and one dict {parameter: gradient} a layer.

        Args:
            dy: gradient of the loss with respect to y.
            ctx: what `forward` returned.
            input_gradient: False if nobody needs dx.
        """
        (x, y), kernel = ctx, self.layers[0].params["kernel"]
        dx, dkernel, dbias = fused_ops.conv2d_relu_backward(
            dy, y, x, kernel, self.fused, input_gradient
        )
        return dx, self.named(dkernel, dbias)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return (y > 0,), bool (n, oh, ow, f): see `Layer.activation_pattern`."""
        return (ctx[1] > 0,)


@dataclasses.dataclass(frozen=True, repr=False)
class ConvolutionReLUPooling(FusedStep):
    """Conv2D, ReLU, a MaxPooling2D whose windows neither overlap nor leave gaps, and maybe a Dropout.

    Only the largest number of a window gets a gradient. So `backward` needs its place (argmax), and not
    the output of the convolution, which is not kept.

    Args:
        dropout: the last of `layers` if that is a Dropout, else None.
    """

    dropout: Dropout | None

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y, the maximum of each pooling window after ReLU, with dropout in training, and ctx.

        ctx is (x, y, argmax, rate): argmax, shaped as y, is the place of the maximum in its window, and
        rate is that of dropout, 0.0 outside training.
        """
        rate = self.dropout.rate if training and self.dropout else 0.0
        seed = self.dropout.step_seed(rng) if rate else 0
        y, argmax = fused_ops.conv2d_relu_max_pool2d_forward(
            x, *self.layers[0].kernel_and_bias(), self.fused, rate, seed
        )
        return y, (x, y, argmax, rate)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool) -> InputAndGrads:
        """Return dx (n, h, w, c), or None, and one dict {parameter: gradient} a layer.

        Args:
            dy: gradient of the loss with respect to y.
            ctx: what `forward` returned.
            input_gradient: False if nobody needs dx.
        """
        (x, y, argmax, rate), kernel = ctx, self.layers[0].params["kernel"]
        dx, dkernel, dbias = fused_ops.conv2d_relu_max_pool2d_backward(
            dy, y, argmax, x, kernel, self.fused, rate, input_gradient
        )
        return dx, self.named(dkernel, dbias)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return y > 0, and the argmax of each window (0 where y is 0): see `Layer.activation_pattern`."""
        return ctx[1] > 0, ctx[2] * (ctx[1] > 0)


@dataclasses.dataclass(frozen=True, repr=False)
class ConvolutionAveragePooling(FusedStep):
    """Conv2D, a ReLU or tanh, and an AveragePooling2D whose windows neither overlap nor leave gaps."""

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y, the mean of each pooling window of a = activation(convolution), and ctx = (x, a)."""
        y, a = fused_ops.conv2d_average_pool2d_forward(
            x, *self.layers[0].kernel_and_bias(), self.fused
        )
        return y, (x, a)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool) -> InputAndGrads:
        """Return dx (n, h, w, c), or None, and one dict {parameter: gradient} a layer.

        Args:
            dy: gradient of the loss with respect to y.
            ctx: what `forward` returned.
            input_gradient: False if nobody needs dx.
        """
        (x, a), kernel = ctx, self.layers[0].params["kernel"]
        dx, dkernel, dbias = fused_ops.conv2d_average_pool2d_backward(
            dy, a, x, kernel, self.fused, input_gradient
        )
        return dx, self.named(dkernel, dbias)

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return (a > 0,) for a ReLU, () for tanh: see `Layer.activation_pattern`."""
        return (ctx[1] > 0,) if self.fused.activation == "relu" else ()


def fused(layers: list[Layer], prediction: bool = False) -> FusedStep | None:
    """Return the fused step for the first of these layers and those after it; None if there is no such step.

    The patterns, longest first: Conv2D + ReLU + MaxPooling2D + Dropout, the same without Dropout,
    Conv2D + (ReLU or tanh) + AveragePooling2D, Conv2D + ReLU. Subclasses are not fused: they may compute
    something else.

    Args:
        layers: built, in the order of the model, from the layer in question on.
        prediction: True to keep what a kernel is transformed to until the kernel changes; in training the
            kernel changes with every step, so there nothing is kept.
    """
    if not layers or type(layers[0]) not in (Conv2D, FoldedConv2D):
        return None
    activation, count = layers[0].activation, 1  # count: how many layers go up to the activation
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
        after_pooling = layers[count + 1] if len(layers) > count + 1 else None
        dropout = after_pooling if type(after_pooling) is Dropout else None
        end = count + (2 if dropout else 1)
        return ConvolutionReLUPooling(tuple(layers[:end]), convolution, dropout)
    return ConvolutionReLU(tuple(layers[:count]), convolution)


def _side_by_side(layer: Layer) -> bool:
    """Return whether a layer is a pooling whose windows neither overlap nor leave gaps.

    Only windows of up to `MOST_POOLED` numbers count: the fused operations take no larger ones.
    """
    if type(layer) not in (AveragePooling2D, MaxPooling2D) or layer.padding != "valid":
        return False
    return layer.strides == layer.pool_size and np.prod(layer.pool_size) <= fused_ops.MOST_POOLED
