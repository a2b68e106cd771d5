"""Batch normalization in few passes; sums in float64, in chunks whose number hangs on no thread."""

import numpy as np

from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.partial_sums import chunk_samples, partial_sums, sum_partials
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.recording import recordable, recorded

# Numbers worth a thread: each takes as long as 14 multiply-adds of `gemm`.
NUMBERS = WORTH_A_THREAD // 14


def _least_rows(x: np.ndarray) -> int:
    """Return how many rows of x (m, c) are worth a thread: so many as hold NUMBERS numbers."""
    return NUMBERS // (x.shape[1] + 1) + 1


def _least_chunks(x: np.ndarray, chunks: int) -> int:
    """Return how many of the `chunks` that share the rows of x are worth a thread."""
    return chunks * NUMBERS // (x.size + 1) + 1


def batch_statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fast implementation of `reference.batch_statistics`, in one pass.

    Sums of x - pivot and (x - pivot)² are taken, where the pivot is the first row: numbers far from 0,
    whose squares would leave no digits for their spread, are near it.
    """
    rows = x.reshape(-1, x.shape[-1])  # (m, c)
    m, c = rows.shape
    partial = partial_sums(m, 2 * c, np.dtype(np.float64))
    pivot = recorded(np.ndarray.astype, rows[0], np.float64)
    workers.run(
        sum_span,
        len(partial),
        _least_chunks(rows, len(partial)),
        x=rows,
        pivot=pivot,
        partial=partial,
    )
    return mean_and_variance(sum_partials(partial), pivot, m, x.dtype)


@recordable
def mean_and_variance(
    total: np.ndarray, pivot: np.ndarray, m: int, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """Return both (c,), from the sums of x - pivot and of its squares over m rows, (2 c,)."""
    mean, square = np.split(total / m, 2)
    variance = np.maximum(square - mean * mean, 0)
    return (pivot + mean).astype(dtype), variance.astype(dtype)


@jit
def sum_span(start, stop, x, pivot, partial):
    """Write the sums of x - pivot, and of its squares, of chunks start to stop."""
    m, c = x.shape
    for chunk in range(start, stop):
        sums, squares = partial[chunk, :c], partial[chunk, c:]
        sums[:] = 0
        squares[:] = 0
        first, last = chunk_samples(chunk, len(partial), m)
        for row in range(first, last):
            numbers = x[row]
            for ch in range(c):
                difference = numbers[ch] - pivot[ch]
                sums[ch] += difference
                squares[ch] += difference * difference


def batch_normalization_forward(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    epsilon: float,
) -> np.ndarray:
    """Fast implementation of `reference.batch_normalization_forward`."""
    scale = recorded(channel_scale, gamma, variance, epsilon)
    y = np.empty(x.shape, x.dtype)
    rows = x.reshape(-1, x.shape[-1])
    workers.run(
        normalize_span,
        len(rows),
        _least_rows(rows),
        x=rows,
        mean=mean,
        scale=scale,
        beta=beta,
        y=y.reshape(rows.shape),
    )
    return y


@jit
def normalize_span(start, stop, x, mean, scale, beta, y):
    """Write y = (x - mean) · scale + beta for rows start to stop."""
    for row in range(start, stop):
        numbers, out = x[row], y[row]
        for ch in range(len(out)):
            out[ch] = (numbers[ch] - mean[ch]) * scale[ch] + beta[ch]


def channel_scale(gamma: np.ndarray, variance: np.ndarray, epsilon: float) -> np.ndarray:
    """Return gamma / √(variance + epsilon), (c,)."""
    return gamma / np.sqrt(variance + gamma.dtype.type(epsilon))


def batch_normalization_backward(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    epsilon: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fast implementation of `reference.batch_normalization_backward`."""
    rows, dy_rows = (array.reshape(-1, x.shape[-1]) for array in (x, dy))
    m, c = rows.shape
    partial = partial_sums(m, 2 * c, np.dtype(np.float64))
    workers.run(
        gradient_sums_span,
        len(partial),
        _least_chunks(rows, len(partial)),
        dy=dy_rows,
        x=rows,
        mean=mean,
        partial=partial,
    )
    scale, mean_dbeta, mean_dgamma, dbeta, dgamma = recorded(
        channel_gradients, sum_partials(partial), variance, gamma, epsilon, m
    )
    dx = np.empty(x.shape, x.dtype)
    workers.run(
        input_gradient_span,
        m,
        _least_rows(rows),
        dy=dy_rows,
        x=rows,
        mean=mean,
        scale=scale,
        dbeta=mean_dbeta,
        dgamma=mean_dgamma,
        dx=dx.reshape(m, c),
    )
    return dx, dgamma, dbeta


def channel_gradients(
    total: np.ndarray, variance: np.ndarray, gamma: np.ndarray, epsilon: float, m: int
) -> tuple[np.ndarray, ...]:
    """Return what `input_gradient_span` needs, and the gradients of beta and gamma, each (c,).

    Args:
        total: the sums of dy, and of dy · (x - mean), over m rows, (2 c,), float64.
        variance, gamma, epsilon: as in `reference.batch_normalization_backward`.
        m: the number of rows.

    Returns:
        scale, dbeta and dgamma of `input_gradient_span`, then the gradients dbeta and dgamma.
    """
    inverse, (sums, products) = (
        1 / np.sqrt(variance + gamma.dtype.type(epsilon)),
        np.split(total, 2),
    )
    means = sums / m, products * inverse * inverse / m
    gradients = *means, sums, products * inverse
    return gamma * inverse, *(gradient.astype(gamma.dtype) for gradient in gradients)


@jit
def gradient_sums_span(start, stop, dy, x, mean, partial):
    """Write the sums of dy, and of dy · (x - mean), of chunks start to stop."""
    m, c = x.shape
    for chunk in range(start, stop):
        sums, products = partial[chunk, :c], partial[chunk, c:]
        sums[:] = 0
        products[:] = 0
        first, last = chunk_samples(chunk, len(partial), m)
        for row in range(first, last):
            numbers, gradients = x[row], dy[row]
            for ch in range(c):
                gradient = np.float64(gradients[ch])
                sums[ch] += gradient
                products[ch] += gradient * (numbers[ch] - mean[ch])


@jit
def input_gradient_span(start, stop, dy, x, mean, scale, dbeta, dgamma, dx):
    """Write dx = scale · (dy - mean of dy - (x - mean) · what the variance takes) for rows start to stop.

    Args:
        start, stop: which rows.
        dy, x: (m, c).
        mean: of x, (c,).
        scale: gamma / √(variance + epsilon), (c,).
        dbeta: the mean of dy, (c,).
        dgamma: the mean of dy · (x - mean), over variance + epsilon, (c,).
        dx: (m, c), is written.
    """
    for row in range(start, stop):
        numbers, gradients, out = x[row], dy[row], dx[row]
        for ch in range(len(out)):
            # forward: y = (x - mean(x)) · gamma / √(variance(x) + epsilon) + beta
            difference = numbers[ch] - mean[ch]
            out[ch] = scale[ch] * (gradients[ch] - dbeta[ch] - difference * dgamma[ch])
