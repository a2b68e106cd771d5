"""Steps of further optimizers, all after Adagrad or Adam; how to read them: `optimizers`."""

import numpy as np


def adagrad_update(
    param: np.ndarray,
    grad: np.ndarray,
    accumulator: np.ndarray,
    learning_rate: float,
    epsilon: float,
) -> None:
    """Change param by one step of Adagrad: -learning_rate · grad / √(accumulator + epsilon).

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        accumulator: the sum of grad² so far, changed in place; begins at 0 or above.
        learning_rate: factor of the step.
        epsilon: keeps the divisor from being 0.

    Source: J. Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
    2011, section 1.1.
    """
    accumulator += grad * grad
    param -= (
        param.dtype.type(learning_rate) * grad / np.sqrt(accumulator + param.dtype.type(epsilon))
    )


def rmsprop_update(
    param: np.ndarray,
    grad: np.ndarray,
    velocity: np.ndarray,
    last_step: np.ndarray | None,
    average_gradient: np.ndarray | None,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
) -> None:
    """Change param by one step of RMSprop: -learning_rate · grad / √(velocity + epsilon).

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        velocity: running mean of grad², changed in place; begins at 0.
        last_step: the last step, which is added to this one, momentum times; changed in place; or None.
        average_gradient: running mean of grad, changed in place, whose square is taken from velocity, which
            leaves the variance of the gradient; or None.
        learning_rate: factor of the step.
        rho: decay of the running means, 0 to 1.
        momentum: factor of the last step, 0 to 1.
        epsilon: keeps the divisor from being 0.

    Source: G. Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012; centered: A. Graves,
    "Generating Sequences With Recurrent Neural Networks", 2013, equations 38 to 45.
    """
    number = param.dtype.type
    rho, one_minus_rho = number(rho), number(1 - rho)
    velocity[...] = rho * velocity + one_minus_rho * grad * grad
    variance = velocity
    if average_gradient is not None:
        average_gradient[...] = rho * average_gradient + one_minus_rho * grad
        variance = velocity - average_gradient * average_gradient
    step = number(learning_rate) * grad / np.sqrt(variance + number(epsilon))
    if last_step is not None:
        step += number(momentum) * last_step
        last_step[...] = step
    param -= step


def nadam_update(
    param: np.ndarray,
    grad: np.ndarray,
    momentum: np.ndarray,
    velocity: np.ndarray,
    momentum_rate: float,
    grad_rate: float,
    beta_1: float,
    beta_2: float,
    correction: float,
    epsilon: float,
) -> None:
    """Change param by one step of Nadam, which is Adam with Nesterov's momentum.

    The step is -(momentum_rate · momentum + grad_rate · grad) / (√(correction · velocity) + epsilon).

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        momentum, velocity: running means of grad and grad², changed in place; begin at 0.
        momentum_rate, grad_rate: the learning rate, shared out as the paper has it by
            `optimizers.Nadam.update`.
        beta_1, beta_2: decay of momentum and of velocity, 0 to 1.
        correction: 1 / (1 - beta_2ᵗ).
        epsilon: keeps the divisor from being 0.

    Source: T. Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 8.
    """
    number = param.dtype.type
    momentum[...] = number(beta_1) * momentum + number(1 - beta_1) * grad
    velocity[...] = number(beta_2) * velocity + number(1 - beta_2) * grad * grad
    step = number(momentum_rate) * momentum + number(grad_rate) * grad
    param -= step / (np.sqrt(number(correction) * velocity) + number(epsilon))


def adamax_update(
    param: np.ndarray,
    grad: np.ndarray,
    momentum: np.ndarray,
    norm: np.ndarray,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Change param by one step of Adamax: -learning_rate · momentum / (norm + epsilon).

    Args:
        param: the weights, changed in place.
        grad: gradient of the loss with respect to param.
        momentum: running mean of grad, changed in place; begins at 0.
        norm: the largest |grad|, where older ones count less and less; changed in place; begins at 0.
        learning_rate: factor of the step. `optimizers.Adamax.update` has divided it by 1 - beta_1ᵗ.
        beta_1, beta_2: decay of momentum and of norm, 0 to 1.
        epsilon: keeps the divisor from being 0.

    Source: D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.
    """
    number = param.dtype.type
    momentum[...] = number(beta_1) * momentum + number(1 - beta_1) * grad
    norm[...] = np.maximum(number(beta_2) * norm, np.abs(grad))
    param -= number(learning_rate) * momentum / (norm + number(epsilon))
