"""Batch normalization: each channel is brought to mean 0 and variance 1, then scaled and shifted.

Source: S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
Covariate Shift", 2015.
"""

import numpy as np


def batch_statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each channel over all samples and pixels.

    Args:
        x: (..., c), at least one number a channel.

    Returns:
        mean (c,) and variance (c,), of the dtype of x; the variance is the mean of (x - mean)².
    """
    rows = x.reshape(-1, x.shape[-1]).astype(np.float64)  # (m, c)
    return rows.mean(axis=0).astype(x.dtype), rows.var(axis=0).astype(x.dtype)


def batch_normalization_forward(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    epsilon: float,
) -> np.ndarray:
    """Normalize each channel.

    Args:
        x: (..., c).
        mean, variance: of each channel, (c,): the batch's own, or running ones.
        gamma, beta: scale and shift of each channel, (c,).
        epsilon: added to the variance, above 0.

    Returns:
        y, shaped as x.
    """
    scale = gamma / np.sqrt(variance + x.dtype.type(epsilon))
    return (x - mean) * scale + beta


def batch_normalization_backward(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    epsilon: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hand the gradient back through a normalization by the batch's own statistics.

    Args:
        dy: gradient of the loss with respect to y, shaped as x.
        x, mean, variance, gamma, epsilon: those of the forward step.

    Returns:
        dx, shaped as x, and dgamma and dbeta (c,).
    """
    c = x.shape[-1]
    inverse = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    normalized = (x - mean) * inverse
    # forward: y = gamma · normalized + beta
    dbeta = dy.reshape(-1, c).sum(axis=0, dtype=np.float64).astype(x.dtype)
    dgamma = (dy * normalized).reshape(-1, c).sum(axis=0, dtype=np.float64).astype(x.dtype)
    # forward: normalized = (x - mean(x)) / √(variance(x) + epsilon): each x moves mean and variance, too.
    # What a shift or a scaling of all x would add is taken out again: normalized does not change with it.
    count = x.size // c
    dx = gamma * inverse * (dy - dbeta / count - normalized * (dgamma / count))
    return dx, dgamma, dbeta
