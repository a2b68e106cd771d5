"""Adamax: steps by hand."""

import numpy as np

from tinycnn.optimizers import Adamax


def test_the_largest_gradient_divides_and_fades():
    x, optimizer = np.array([0.0]), Adamax(0.5, 0.5, 0.75, epsilon=1e-30)
    optimizer.apply([np.array([4.0])], [x])
    np.testing.assert_allclose(x, [-0.5])
    optimizer.apply([np.array([-1.0])], [x])
    mean, norm = 0.5 * 2.0 - 0.5, 0.75 * 4.0
    np.testing.assert_allclose(x, [-0.5 - 0.5 * mean / (1 - 0.5**2) / norm])
    np.testing.assert_array_equal(optimizer.slots["norm"], [[3.0]])
