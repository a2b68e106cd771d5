"""Optimizer steps in one pass over memory each, in place.

The loops take slices start:stop first and count from 0. With start + position as index, which might be
negative and then count from the end, LLVM uses no vector instructions, which are seven times as fast here.
"""

from typing import NamedTuple

import numpy as np

from tinycnn.ops.kernels.codegen.jit import jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers

# Parameters worth a thread: to load, update and store one takes as long as 80 multiply-adds.
GRAIN = WORTH_A_THREAD // 80


class AdadeltaSettings(NamedTuple):
    """The settings of an Adadelta step, all in the dtype of the parameters."""

    learning_rate: np.floating
    rho: np.floating
    one_minus_rho: np.floating  # 1 - rho, computed in float64 and rounded once
    epsilon: np.floating


class AdamSettings(NamedTuple):
    """The settings of an Adam step, all in the dtype of the parameters."""

    learning_rate: np.floating
    beta_1: np.floating
    one_minus_beta_1: np.floating  # computed as in `AdadeltaSettings`
    beta_2: np.floating
    one_minus_beta_2: np.floating
    epsilon: np.floating


def sgd_update(
    param: np.ndarray,
    grad: np.ndarray,
    velocity: np.ndarray,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Change param and velocity in place: fast implementation of `reference.sgd_update`."""
    number = param.dtype.type
    flat = [array.reshape(-1) for array in (param, grad, velocity)]
    scalars = number(learning_rate), number(momentum), nesterov
    workers.run(sgd_span, param.size, GRAIN, *flat, *scalars)


@jit
def sgd_span(start, stop, param, grad, velocity, learning_rate, momentum, nesterov):
    """Do the step for positions start to stop - 1 of the flat arrays."""
    param, grad, velocity = param[start:stop], grad[start:stop], velocity[start:stop]
    for position in range(len(param)):
        step = learning_rate * grad[position]
        # Not 0 · velocity: that is NaN if velocity became NaN in an earlier step.
        velocity[position] = (momentum * velocity[position] if momentum else 0) - step
        if nesterov and momentum:
            param[position] += momentum * velocity[position] - step
        else:
            param[position] += velocity[position]


def adadelta_update(
    param: np.ndarray,
    grad: np.ndarray,
    accumulated_grad: np.ndarray,
    accumulated_delta: np.ndarray,
    learning_rate: float,
    rho: float,
    epsilon: float,
) -> None:
    """Change all but grad in place: fast implementation of `reference.adadelta_update`."""
    number = param.dtype.type
    flat = [a.reshape(-1) for a in (param, grad, accumulated_grad, accumulated_delta)]
    settings = AdadeltaSettings(*map(number, (learning_rate, rho, 1 - rho, epsilon)))
    workers.run(adadelta_span, param.size, GRAIN, *flat, settings)


@jit
def adadelta_span(start, stop, param, grad, accumulated_grad, accumulated_delta, settings):
    """Do the step for positions start to stop - 1 of the flat arrays; `settings`: AdadeltaSettings."""
    param, grad = param[start:stop], grad[start:stop]
    accumulated_grad, accumulated_delta = (
        accumulated_grad[start:stop],
        accumulated_delta[start:stop],
    )
    learning_rate, rho, one_minus_rho, epsilon = settings
    for position in range(len(param)):
        g = grad[position]
        grads = rho * accumulated_grad[position] + one_minus_rho * g * g
        # RMS of the steps so far, divided by RMS of the gradients, times the gradient.
        delta = -np.sqrt(accumulated_delta[position] + epsilon) / np.sqrt(grads + epsilon) * g
        accumulated_grad[position] = grads
        accumulated_delta[position] = (
            rho * accumulated_delta[position] + one_minus_rho * delta * delta
        )
        param[position] += learning_rate * delta


def adam_update(
    param: np.ndarray,
    grad: np.ndarray,
    momentum: np.ndarray,
    velocity: np.ndarray,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Change all but grad in place: fast implementation of `reference.adam_update`."""
    number = param.dtype.type
    flat = [array.reshape(-1) for array in (param, grad, momentum, velocity)]
    scalars = learning_rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2, epsilon
    settings = AdamSettings(*map(number, scalars))
    workers.run(adam_span, param.size, GRAIN, *flat, settings)


@jit
def adam_span(start, stop, param, grad, momentum, velocity, settings):
    """Do the step for positions start to stop - 1 of the flat arrays; `settings`: AdamSettings."""
    param, grad = param[start:stop], grad[start:stop]
    momentum, velocity = momentum[start:stop], velocity[start:stop]
    for position in range(len(param)):
        g = grad[position]
        # Not mean + (g - mean) * (1 - beta): a gradient far smaller than the mean would be lost in it.
        mean = settings.beta_1 * momentum[position] + settings.one_minus_beta_1 * g
        square = settings.beta_2 * velocity[position] + settings.one_minus_beta_2 * g * g
        momentum[position], velocity[position] = mean, square
        param[position] -= settings.learning_rate * mean / (np.sqrt(square) + settings.epsilon)
