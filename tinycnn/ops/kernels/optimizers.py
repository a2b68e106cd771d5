"""Optimizer steps in one pass over memory each, in place: fast implementations of `reference.optimizers`.

The loops take slices start:stop first and count from 0. With start + position as index, which might be
negative and then count from the end, LLVM uses no vector instructions, which are seven times as fast here.
Where an array may be None, Numba leaves out, for None, what stands behind `is not None`; so the name that is
asked there is never given to its slice.
"""

from collections.abc import Callable

import numpy as np

from tinycnn.ops.kernels.codegen.jit import inlined, jit
from tinycnn.ops.kernels.parallel.grain import WORTH_A_THREAD
from tinycnn.ops.kernels.parallel.thread_pool import workers

# Parameters worth a thread: to load, update and store one takes as long as 80 multiply-adds.
GRAIN = WORTH_A_THREAD // 80


def step_of(span: Callable, slots: int, settings: Callable[..., tuple]) -> Callable[..., None]:
    """Return update(param, grad, *slots, *numbers), the step whose loop is `span`, in parallel.

    It has the arguments of its definition in `reference.optimizers`, and changes all but grad in place.

    Args:
        span: one of the compiled loops below.
        slots: how many the step has; a slot is an array of param's shape and dtype, or None.
        settings: takes the numbers, returns those that the span needs, such as 1 - rho computed in float64;
            they are rounded once to the arrays' dtype.
    """

    def update(param, grad, *rest):
        """Change all but grad in place."""
        arrays = param, grad, *rest[:slots]
        flat = [None if array is None else array.reshape(-1) for array in arrays]
        numbers = tuple(map(param.dtype.type, settings(*rest[slots:])))
        workers.run(span, param.size, GRAIN, *flat, numbers)

    return update


@inlined
def larger(one, other):
    """Return the larger of two numbers, NaN if one of them is."""
    return one if one > other or one != one else other


@jit
def sgd_span(start, stop, param, grad, velocity, settings):
    """Do the step for positions start to stop - 1 of the flat arrays; velocity may be None."""
    param, grad = param[start:stop], grad[start:stop]
    if velocity is not None:
        last = velocity[start:stop]
    learning_rate, momentum, nesterov = settings
    for position in range(len(param)):
        step = learning_rate * grad[position]
        if velocity is not None:
            # Not 0 · velocity: that is NaN if velocity became NaN in an earlier step.
            last[position] = (momentum * last[position] if momentum else 0) - step
            if nesterov and momentum:
                param[position] += momentum * last[position] - step
            else:
                param[position] += last[position]
        else:
            param[position] -= step


sgd_update = step_of(sgd_span, 1, lambda rate, momentum, nesterov: (rate, momentum, nesterov))


@jit
def adadelta_span(start, stop, param, grad, accumulated_grad, accumulated_delta, settings):
    """Do the step for positions start to stop - 1 of the flat arrays."""
    param, grad = param[start:stop], grad[start:stop]
    accumulated_grad = accumulated_grad[start:stop]
    accumulated_delta = accumulated_delta[start:stop]
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


adadelta_update = step_of(
    adadelta_span, 2, lambda rate, rho, epsilon: (rate, rho, 1 - rho, epsilon)
)


@jit
def adagrad_span(start, stop, param, grad, accumulator, settings):
    """Do the step for positions start to stop - 1 of the flat arrays."""
    param, grad, accumulator = param[start:stop], grad[start:stop], accumulator[start:stop]
    learning_rate, epsilon = settings
    for position in range(len(param)):
        g = grad[position]
        squares = accumulator[position] + g * g
        accumulator[position] = squares
        param[position] -= learning_rate * g / np.sqrt(squares + epsilon)


adagrad_update = step_of(adagrad_span, 1, lambda rate, epsilon: (rate, epsilon))


@jit
def rmsprop_span(start, stop, param, grad, velocity, last_step, average_gradient, settings):
    """Do the step for positions start to stop - 1 of the flat arrays; the last two may be None."""
    param, grad, velocity = param[start:stop], grad[start:stop], velocity[start:stop]
    if last_step is not None:
        last = last_step[start:stop]
    if average_gradient is not None:
        average = average_gradient[start:stop]
    learning_rate, rho, one_minus_rho, momentum, epsilon = settings
    for position in range(len(param)):
        g = grad[position]
        variance = rho * velocity[position] + one_minus_rho * g * g
        velocity[position] = variance
        if average_gradient is not None:
            mean = rho * average[position] + one_minus_rho * g
            average[position] = mean
            variance -= mean * mean
        step = learning_rate * g / np.sqrt(variance + epsilon)
        if last_step is not None:
            step += momentum * last[position]
            last[position] = step
        param[position] -= step


rmsprop_update = step_of(
    rmsprop_span, 3, lambda rate, rho, momentum, epsilon: (rate, rho, 1 - rho, momentum, epsilon)
)


@jit
def adam_span(start, stop, param, grad, momentum, velocity, velocity_hat, settings):
    """Do the step for positions start to stop - 1 of the flat arrays; velocity_hat may be None."""
    param, grad = param[start:stop], grad[start:stop]
    momentum, velocity = momentum[start:stop], velocity[start:stop]
    if velocity_hat is not None:
        largest = velocity_hat[start:stop]
    learning_rate, beta_1, one_minus_beta_1, beta_2, one_minus_beta_2, epsilon = settings
    for position in range(len(param)):
        g = grad[position]
        # Not mean + (g - mean) * (1 - beta): a gradient far smaller than the mean would be lost in it.
        mean = beta_1 * momentum[position] + one_minus_beta_1 * g
        square = beta_2 * velocity[position] + one_minus_beta_2 * g * g
        momentum[position], velocity[position] = mean, square
        if velocity_hat is not None:
            square = larger(largest[position], square)
            largest[position] = square
        param[position] -= learning_rate * mean / (np.sqrt(square) + epsilon)


adam_update = step_of(
    adam_span,
    3,
    lambda rate, beta_1, beta_2, epsilon: (rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2, epsilon),
)


@jit
def nadam_span(start, stop, param, grad, momentum, velocity, settings):
    """Do the step for positions start to stop - 1 of the flat arrays."""
    param, grad = param[start:stop], grad[start:stop]
    momentum, velocity = momentum[start:stop], velocity[start:stop]
    momentum_rate, grad_rate, beta_1, one_minus_beta_1, beta_2, one_minus_beta_2 = settings[:6]
    correction, epsilon = settings[6:]
    for position in range(len(param)):
        g = grad[position]
        mean = beta_1 * momentum[position] + one_minus_beta_1 * g
        square = beta_2 * velocity[position] + one_minus_beta_2 * g * g
        momentum[position], velocity[position] = mean, square
        step = momentum_rate * mean + grad_rate * g
        param[position] -= step / (np.sqrt(correction * square) + epsilon)


nadam_update = step_of(
    nadam_span,
    2,
    lambda rate, grad_rate, beta_1, beta_2, *others: (
        *(rate, grad_rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2),
        *others,
    ),
)


@jit
def adamax_span(start, stop, param, grad, momentum, norm, settings):
    """Do the step for positions start to stop - 1 of the flat arrays."""
    param, grad = param[start:stop], grad[start:stop]
    momentum, norm = momentum[start:stop], norm[start:stop]
    learning_rate, beta_1, one_minus_beta_1, beta_2, epsilon = settings
    for position in range(len(param)):
        g = grad[position]
        mean = beta_1 * momentum[position] + one_minus_beta_1 * g
        largest = larger(beta_2 * norm[position], np.abs(g))
        momentum[position], norm[position] = mean, largest
        param[position] -= learning_rate * mean / (largest + epsilon)


adamax_update = step_of(
    adamax_span,
    2,
    lambda rate, beta_1, beta_2, epsilon: (rate, beta_1, 1 - beta_1, beta_2, epsilon),
)
