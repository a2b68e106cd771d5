"""One step of each optimizer: how weights change, given their gradient.

All arrays of a step have the same shape and dtype; all but grad are changed in place. Where None is given for
an array, the step does without what it holds.
"""

import numpy as np


def sgd_update(
    param: np.ndarray,
    grad: np.ndarray,
    velocity: np.ndarray | None,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Change param by one step of gradient descent, with momentum if there is a velocity.

    velocity = momentum · velocity - learning_rate · grad, and param += velocity; or, with nesterov,
    param += momentum · velocity - learning_rate · grad.

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        velocity: the last step, changed in place, not read if momentum is 0; or None:
            param -= learning_rate · grad.
        learning_rate: factor of the gradient, from 0.
        momentum: factor of the last step, 0 to 1.
        nesterov: use Nesterov's form of momentum; without effect if momentum is 0.

    Source: I. Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """
    rate, momentum = param.dtype.type(learning_rate), param.dtype.type(momentum)
    if velocity is None:
        param -= rate * grad
        return
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
    """Change param by one step of Adadelta.

    The step is -grad · RMS(past steps) / RMS(past gradients), for each weight by itself.

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        accumulated_grad, accumulated_delta: running means of grad² and step², changed in place; begin at 0.
        learning_rate: factor of the step; 1.0 is the paper's rule.
        rho: decay of the running means, 0 to 1.
        epsilon: added to both means; otherwise the first step would be 0.

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
    velocity_hat: np.ndarray | None,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Change param by one step of Adam: -learning_rate · momentum / (√velocity + epsilon).

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        momentum, velocity: running means of grad and grad², changed in place; begin at 0.
        velocity_hat: the largest velocity so far, changed in place, which divides instead (AMSGrad); or None.
        learning_rate: factor of the step. `optimizers.Adam.update` has multiplied it with the paper's
            correction of the bias, √(1 - beta_2ᵗ) / (1 - beta_1ᵗ).
        beta_1, beta_2: decay of momentum and of velocity, 0 to 1.
        epsilon: keeps the divisor from being 0.

    Source: D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015, end of section 2; AMSGrad:
    S. Reddi et al., "On the Convergence of Adam and Beyond", 2018, algorithm 2.
    """
    number = param.dtype.type
    # Not mean + (grad - mean) * (1 - beta): a gradient far smaller than the mean would be lost in it.
    momentum[...] = number(beta_1) * momentum + number(1 - beta_1) * grad
    velocity[...] = number(beta_2) * velocity + number(1 - beta_2) * grad * grad
    if velocity_hat is not None:
        velocity_hat[...] = np.maximum(velocity_hat, velocity)
        velocity = velocity_hat
    param -= number(learning_rate) * momentum / (np.sqrt(velocity) + number(epsilon))
