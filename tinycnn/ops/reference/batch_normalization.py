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


def batch_sums(x: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """Return the sums that mean and variance of a larger batch are made of, when x is a part of it.

    Args:
        x: (..., c), any number of rows.
        pivot: near the mean, (c,): numbers far from 0 would leave no digits for their spread.

    Returns:
        The sums of x - pivot and of (x - pivot)², (2, c), float64.
    """
    difference = x.reshape(-1, x.shape[-1]).astype(np.float64) - pivot
    return np.stack([difference.sum(axis=0), (difference * difference).sum(axis=0)])


def gradient_sums(dy: np.ndarray, x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the sums that `batch_normalization_backward` takes of a larger batch, when x is a part of it.

    Args:
        dy, x: (..., c), any number of rows.
        mean: of the whole batch, (c,).

    Returns:
        The sums of dy and of dy · (x - mean), (2, c), float64.
    """
    c = x.shape[-1]
    dy64 = dy.reshape(-1, c).astype(np.float64)
    return np.stack([dy64.sum(axis=0), (dy64 * (x - mean).reshape(-1, c)).sum(axis=0)])


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
    sums, count = gradient_sums(dy, x, mean), x.size // x.shape[-1]
    return batch_normalization_backward_part(dy, x, mean, variance, gamma, epsilon, sums, count)


def batch_normalization_backward_part(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    epsilon: float,
    sums: np.ndarray,
    count: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Do the same for a part of a batch.

    Args:
        dy, x, mean, variance, gamma, epsilon: of the part; mean and variance are those of the whole batch.
        sums: what `gradient_sums` returns for each part, added up, (2, c).
        count: how many rows (..., c) the whole batch has.

    Returns:
        dx, shaped as x, and dgamma and dbeta (c,), of the whole batch.
    """
    inverse = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    normalized = (x - mean) * inverse
    # forward: y = gamma · normalized + beta
    dbeta, dgamma = sums[0].astype(x.dtype), (sums[1] * inverse).astype(x.dtype)
    # forward: normalized = (x - mean(x)) / √(variance(x) + epsilon): each x moves mean and variance, too.
    # What a shift or a scaling of all x would add is taken out again: normalized does not change with it.
    dx = gamma * inverse * (dy - dbeta / count - normalized * (dgamma / count))
    return dx, dgamma, dbeta
