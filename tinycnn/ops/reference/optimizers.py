"""One step of each optimizer: how a weight moves, given its gradient. They change their arrays in place."""

import numpy as np


def sgd_update(
    param: np.ndarray,
    grad: np.ndarray,
    velocity: np.ndarray,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Move downhill, with momentum if wanted.

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        velocity: the running step, changed in place; not read while momentum is 0.
        learning_rate: size of a step.
        momentum: share of the last step that goes on, 0 to 1.
        nesterov: look ahead by one step of momentum.

    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """
    rate, momentum = param.dtype.type(learning_rate), param.dtype.type(momentum)
    velocity[...] = (momentum * velocity if momentum else 0) - rate * grad
    param += momentum * velocity - rate * grad if nesterov and momentum else velocity


def adadelta_update(
    param: np.ndarray,
    grad: np.ndarray,
    accumulated_grad: np.ndarray,
    accumulated_delta: np.ndarray,
    learning_rate: float,
    rho: float,
    epsilon: float,
) -> None:
    """Choose each weight's step from the sizes of its past gradients and past steps.

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        accumulated_grad, accumulated_delta: running means of squares, changed in place; begin at 0.
        learning_rate: 1.0 is the paper's rule.
        rho: how slowly the means forget, 0 to 1.
        epsilon: keeps the first steps from being zero.

    Source: M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1.
    """
    number = param.dtype.type
    rho, one_minus_rho, epsilon = number(rho), number(1 - rho), number(epsilon)
    accumulated_grad[...] = rho * accumulated_grad + one_minus_rho * grad * grad
    delta = -np.sqrt(accumulated_delta + epsilon) / np.sqrt(accumulated_grad + epsilon) * grad
    accumulated_delta[...] = rho * accumulated_delta + one_minus_rho * delta * delta
    param += number(learning_rate) * delta


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
    """Divide a running mean of the gradient by the root of a running mean of its square.

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        momentum, velocity: running means of grad and grad², changed in place; begin at 0.
        learning_rate: size of a step; the correction for the means' beginning at 0 is already in it:
            see `optimizers.Adam.update`.
        beta_1, beta_2: how slowly the two means forget, 0 to 1.
        epsilon: keeps the division from 0.

    Source: D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015, end of section 2.
    """
    number = param.dtype.type
    # Not mean + (grad - mean) * (1 - beta): a gradient far smaller than the mean would be lost in it.
    momentum[...] = number(beta_1) * momentum + number(1 - beta_1) * grad
    velocity[...] = number(beta_2) * velocity + number(1 - beta_2) * grad * grad
    param -= number(learning_rate) * momentum / (np.sqrt(velocity) + number(epsilon))
