"""Folding batch normalization into the layers before it: a trained net that needs fewer layers."""

import numpy as np

from tinycnn.layers import BatchNormalization
from tinycnn.models import Sequential


def folded_weights(model: Sequential) -> list[np.ndarray]:
    """Return weights for the same net without its batch normalization, whose layers have biases instead.

    In prediction, batch normalization of what a layer without a bias returns is
    gamma (x kernel - mean) / sqrt(variance + epsilon) + beta: again a product, and a bias.

    Args:
        model: each `BatchNormalization` comes right after a layer whose only weight is its kernel.

    Example:
        >>> from tinycnn.pretrained.nets import compact_net, compact_net_to_train
        >>> net = compact_net()
        >>> net.set_weights(folded_weights(compact_net_to_train()))
    """
    weights: list[np.ndarray] = []
    for layer in model.layers:
        if isinstance(layer, BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            factor = gamma / np.sqrt(variance + layer.epsilon)
            weights += [weights.pop() * factor, beta - mean * factor]
        else:
            weights += layer.get_weights()
    return [weight.astype(model.dtype) for weight in weights]
