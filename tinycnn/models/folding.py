"""Batch normalization folded into the layer before it: when predicting, both are one weighted sum.

y = (x * kernel + bias) · scale + shift = x * (kernel · scale) + (bias · scale + shift)
"""

import numpy as np

from tinycnn import activations
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Layer
from tinycnn.utils.recording import recorded


class Folded:
    """What a folded layer has in place of its own kernel and bias.

    Args:
        layer: built, with linear activation; its parameters are shared.
        normalization: behind it.
    """

    def __init__(self, layer: Layer, normalization: BatchNormalization):
        vars(self).update(vars(layer))
        self.normalization = normalization

    def kernel_and_bias(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the kernel (..., f) and the bias (f,) of both layers, computed anew from their weights."""
        return recorded(self._folded)

    def _folded(self) -> tuple[np.ndarray, np.ndarray]:
        kernel, bias = super().kernel_and_bias()
        scale, shift = self.normalization.scale_and_shift()
        return kernel * scale, bias * scale + shift


class FoldedConv2D(Folded, Conv2D):
    """Conv2D and the BatchNormalization behind it."""


class FoldedDense(Folded, Dense):
    """Dense and the BatchNormalization behind it."""


KINDS = {Conv2D: FoldedConv2D, Dense: FoldedDense}


def folded(layers: list[Layer]) -> list[Layer]:
    """Return layers that predict the same, with each BatchNormalization folded into the layer before it.

    Only a Conv2D or Dense without activation can take it; elsewhere it stays a layer.

    Args:
        layers: built; they are not changed.

    Example:
        >>> from tinycnn.models import Sequential
        >>> from tinycnn.layers import Input
        >>> model = Sequential([Input((4,)), Dense(3), BatchNormalization()])
        >>> [type(layer).__name__ for layer in folded(model.layers)]
        ['FoldedDense']
    """
    result: list[Layer] = []
    for layer in layers:
        before = result[-1] if result else None
        fits = type(before) in KINDS and before.activation == activations.linear
        if fits and type(layer) is BatchNormalization:
            result[-1] = KINDS[type(before)](before, layer)
        else:
            result.append(layer)
    return result
