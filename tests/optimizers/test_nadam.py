"""Nadam: two steps as the paper has them, and the product of momenta."""

import numpy as np

from tinycnn.optimizers import Nadam


def test_two_steps_with_the_product_taken_factor_by_factor():
    x, optimizer = np.array([0.0]), Nadam(0.5, 0.75, 0.875, epsilon=0.25)
    mean = square = position = 0.0
    product = 1.0
    for step, grad in enumerate((2.0, -1.0), start=1):
        optimizer.apply([np.array([grad])], [x])
        now, ahead = (0.75 * (1 - 0.5 * 0.96**t) for t in (step, step + 1))
        product *= now
        mean, square = 0.75 * mean + 0.25 * grad, 0.875 * square + 0.125 * grad**2
        direction = ahead * mean / (1 - product * ahead) + (1 - now) * grad / (1 - product)
        position -= 0.5 * direction / (np.sqrt(square / (1 - 0.875**step)) + 0.25)
        np.testing.assert_allclose(x, [position])
        np.testing.assert_allclose(optimizer.scalars()["variable"], product)


def test_the_product_of_many_steps_takes_no_longer():
    optimizer = Nadam(beta_1=0.99999)
    for steps in (1500, 2**52):
        optimizer.iterations = steps
        factors = [1 - 0.5 * 0.96**t for t in range(1, 1501)]
        wanted = 0.99999**steps * np.prod(factors)
        np.testing.assert_allclose(optimizer.scalars()["variable"], wanted, rtol=1e-12)
