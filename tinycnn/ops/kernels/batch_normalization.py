"""Batch normalization in few passes; sums in float64, in chunks whose number hangs on no thread.

Rows of few channels are shorter than a vector. So loops take some rows at once, as if they were one (see
`wide`), and what there is one number a channel of is repeated to their width.
"""

from collections.abc import Callable

import numpy as np

from tinycnn.ops.kernels.blocks.elementwise import set_to_zero
from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.partial_sums import chunk_samples, partial_sums
from tinycnn.ops.kernels.parallel.thread_pool import workers

# Numbers worth a thread: each takes as long as 14 multiply-adds of `gemm`.
NUMBERS = WORTH_A_THREAD // 14
# Numbers of the rows that are taken at once. Each has a sum of its own: another number would change rounding.
WIDTH = 128


def _least_rows(x: np.ndarray) -> int:
    """Return how many rows of x (m, c) are worth a thread: so many as hold NUMBERS numbers."""
    return NUMBERS // (x.shape[1] + 1) + 1


def _chunk_sums(span: Callable, x: np.ndarray, **arrays: np.ndarray) -> np.ndarray:
    """Return what `span`, of the two below, writes: two sums over the rows of x (m, c), (chunks, 2, c)."""
    m, c = x.shape
    partial = partial_sums(m, 2 * c, np.dtype(np.float64)).reshape(-1, 2, c)
    least = len(partial) * NUMBERS // (x.size + 1) + 1  # chunks that are worth a thread
    workers.run(span, len(partial), least, x=x, partial=partial, **arrays)
    return partial


@inlined
def wide(c):
    """Return how many numbers the rows that are taken at once have: WIDTH at most, but at least one row's."""
    return c * max(1, WIDTH // c)


@inlined
def add_repeated(sums, total):
    """Write total (2, c), the sums over the channels' repetitions in `sums`, (2, width)."""
    c = total.shape[1]
    set_to_zero(total.ravel())
    for start in range(0, sums.shape[1], c):
        for ch in range(c):
            total[0, ch] += sums[0, start + ch]
            total[1, ch] += sums[1, start + ch]


@inlined
def add_chunks(partial, which, ch):
    """Return the sum over the chunks of one channel's sums, always in their order: rounding hangs on it."""
    total = 0.0
    for chunk in range(len(partial)):
        total += partial[chunk, which, ch]
    return total


def batch_statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fast implementation of `reference.batch_statistics`, in one pass.

    Sums of x - pivot and (x - pivot)² are taken, where the pivot is the first row: numbers far from 0,
    whose squares would leave no digits for their spread, are near it.
    """
    rows = x.reshape(-1, x.shape[-1])  # (m, c)
    partial = _chunk_sums(sum_span, rows, pivot=rows[0])
    statistics = np.empty((2, rows.shape[1]), x.dtype)
    workers.run(statistics_span, 1, 1, x=rows, partial=partial, statistics=statistics)
    return statistics[0], statistics[1]


def batch_sums(x: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.batch_sums`."""
    return _chunk_sums(sum_span, x.reshape(-1, x.shape[-1]), pivot=pivot).sum(axis=0)


def gradient_sums(dy: np.ndarray, x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Fast implementation of `reference.gradient_sums`."""
    rows, dy_rows = (array.reshape(-1, x.shape[-1]) for array in (x, dy))
    return _chunk_sums(gradient_sums_span, rows, dy=dy_rows, mean=mean).sum(axis=0)


@jit
def sum_span(start, stop, x, pivot, partial):
    """Write the sums of x - pivot (c,), and of its squares, of chunks start to stop."""
    (m, c), flat = x.shape, x.ravel()
    pivots, sums = np.empty(wide(c)), np.empty((2, wide(c)))
    for k in range(len(pivots)):
        pivots[k] = pivot[k % c]
    for chunk in range(start, stop):
        set_to_zero(sums.ravel())
        first, last = chunk_samples(chunk, len(partial), m)
        for position in range(first * c, last * c, len(pivots)):
            numbers = flat[position : min(position + len(pivots), last * c)]
            for k in range(len(numbers)):
                difference = numbers[k] - pivots[k]
                sums[0, k] += difference
                sums[1, k] += difference * difference
        add_repeated(sums, partial[chunk])


@jit
def statistics_span(start, stop, x, partial, statistics):
    """Write mean and variance, (2, c), from what `sum_span` wrote; start and stop are 0 and 1."""
    m, c = x.shape
    for ch in range(c):
        difference = add_chunks(partial, 0, ch) / m
        variance = add_chunks(partial, 1, ch) / m - difference * difference
        statistics[0, ch] = x[0, ch] + difference
        statistics[1, ch] = 0 if variance < 0 else variance  # a NaN stays NaN


def batch_normalization_forward(
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    epsilon: float,
) -> np.ndarray:
    """Fast implementation of `reference.batch_normalization_forward`."""
    y = np.empty(x.shape, x.dtype)
    rows = x.reshape(-1, x.shape[-1])
    workers.run(
        normalize_span,
        len(rows),
        _least_rows(rows),
        x=rows,
        mean=mean,
        variance=variance,
        gamma=gamma,
        beta=beta,
        epsilon=x.dtype.type(epsilon),
        y=y.reshape(rows.shape),
    )
    return y


@jit
def normalize_span(start, stop, x, mean, variance, gamma, beta, epsilon, y):
    """Write y = (x - mean) · gamma / √(variance + epsilon) + beta for rows start to stop."""
    c, flat, out = x.shape[1], x[start:stop].ravel(), y[start:stop].ravel()
    factors = np.empty((3, wide(c)), x.dtype)
    for k in range(factors.shape[1]):
        ch = k % c
        factors[0, k] = mean[ch]
        factors[1, k] = gamma[ch] / np.sqrt(variance[ch] + epsilon)
        factors[2, k] = beta[ch]
    for position in range(0, len(flat), factors.shape[1]):
        end = position + factors.shape[1]
        numbers, results = flat[position:end], out[position:end]
        for k in range(len(numbers)):
            results[k] = (numbers[k] - factors[0, k]) * factors[1, k] + factors[2, k]


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
    partial = _chunk_sums(gradient_sums_span, rows, dy=dy_rows, mean=mean)
    return _backward(dy_rows, x, mean, variance, gamma, epsilon, partial, len(rows))


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
    """Fast implementation of `reference.batch_normalization_backward_part`."""
    dy_rows = dy.reshape(-1, x.shape[-1])
    return _backward(dy_rows, x, mean, variance, gamma, epsilon, sums[None], count)


def _backward(
    dy_rows: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    gamma: np.ndarray,
    epsilon: float,
    partial: np.ndarray,
    count: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return dx, dgamma and dbeta, given dy (m, c), sums of it (chunks, 2, c), and of how many rows."""
    rows = x.reshape(dy_rows.shape)
    (m, c), dx = rows.shape, np.empty(x.shape, x.dtype)
    factors, gradients = np.empty((4, wide.py_func(c)), x.dtype), np.empty((2, c), x.dtype)
    workers.run(
        channel_gradients_span,
        1,
        1,
        partial=partial,
        mean=mean,
        variance=variance,
        gamma=gamma,
        epsilon=x.dtype.type(epsilon),
        m=count,
        factors=factors,
        gradients=gradients,
    )
    workers.run(
        input_gradient_span,
        m,
        _least_rows(rows),
        dy=dy_rows,
        x=rows,
        factors=factors,
        dx=dx.reshape(rows.shape),
    )
    return dx, gradients[0], gradients[1]


@jit
def gradient_sums_span(start, stop, dy, x, mean, partial):
    """Write the sums of dy, and of dy · (x - mean), of chunks start to stop."""
    (m, c), flat, dy_flat = x.shape, x.ravel(), dy.ravel()
    means, sums = np.empty(wide(c), x.dtype), np.empty((2, wide(c)))
    for k in range(len(means)):
        means[k] = mean[k % c]
    for chunk in range(start, stop):
        set_to_zero(sums.ravel())
        first, last = chunk_samples(chunk, len(partial), m)
        for position in range(first * c, last * c, len(means)):
            end = min(position + len(means), last * c)
            numbers, gradients = flat[position:end], dy_flat[position:end]
            for k in range(len(numbers)):
                gradient = np.float64(gradients[k])
                sums[0, k] += gradient
                sums[1, k] += gradient * (numbers[k] - means[k])
        add_repeated(sums, partial[chunk])


@jit
def channel_gradients_span(
    start, stop, partial, mean, variance, gamma, epsilon, m, factors, gradients
):
    """Write what `input_gradient_span` needs, and the gradients, from what `gradient_sums_span` wrote.

    Args:
        start, stop: 0 and 1.
        partial: from `gradient_sums_span`.
        mean, variance, gamma, epsilon: as in `reference.batch_normalization_backward`.
        m: the number of rows.
        factors: is written, (4, width), the channels repeated: mean, gamma / √(variance + epsilon), the mean
            of dy, and the mean of dy · (x - mean), over variance + epsilon.
        gradients: is written, (2, c): dgamma, dbeta.
    """
    c = len(gamma)
    for ch in range(c):
        inverse = 1 / np.sqrt(variance[ch] + epsilon)
        sums, products = add_chunks(partial, 0, ch), add_chunks(partial, 1, ch)
        gradients[0, ch], gradients[1, ch] = products * inverse, sums
        for k in range(ch, factors.shape[1], c):
            factors[0, k], factors[1, k] = mean[ch], gamma[ch] * inverse
            factors[2, k], factors[3, k] = sums / m, products * inverse * inverse / m


@jit
def input_gradient_span(start, stop, dy, x, factors, dx):
    """Write dx = scale · (dy - mean of dy - (x - mean) · what the variance takes) for rows start to stop.

    Args:
        start, stop: which rows.
        dy, x: (m, c).
        factors: from `channel_gradients_span`.
        dx: (m, c), is written.
    """
    flat, dy_flat, out = x[start:stop].ravel(), dy[start:stop].ravel(), dx[start:stop].ravel()
    mean, scale, dbeta, dgamma = factors[0], factors[1], factors[2], factors[3]
    for position in range(0, len(flat), len(mean)):
        end = position + len(mean)
        numbers, gradients, results = flat[position:end], dy_flat[position:end], out[position:end]
        for k in range(len(numbers)):
            # forward: y = (x - mean(x)) · gamma / √(variance(x) + epsilon) + beta
            difference = numbers[k] - mean[k]
            results[k] = scale[k] * (gradients[k] - dbeta[k] - difference * dgamma[k])
