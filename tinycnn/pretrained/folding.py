"""Weights of a net without the batch normalization that it was trained with."""

import numpy as np

from tinycnn.models import Sequential
from tinycnn.models.folding import Folded, folded


def folded_weights(model: Sequential) -> list[np.ndarray]:
    """Return weights for the same net without its batch normalization, whose layers have biases instead.

    Args:
        model: each `BatchNormalization` comes right after a `Conv2D` or `Dense` without activation.

    Example:
        >>> from tinycnn.pretrained.nets import compact_net, compact_net_to_train
        >>> net = compact_net()
        >>> net.set_weights(folded_weights(compact_net_to_train()))
    """
    weights: list[np.ndarray] = []
    for layer in folded(model.layers):
        weights += layer.kernel_and_bias() if isinstance(layer, Folded) else layer.get_weights()
    return weights
