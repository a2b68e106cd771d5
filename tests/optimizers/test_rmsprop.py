"""RMSprop: steps by hand, and the slots of its four kinds."""

import numpy as np
import pytest

from tinycnn.optimizers import RMSprop

KINDS = {
    (0.0, False): ("velocity",),
    (0.5, False): ("velocity", "momentum"),
    (0.0, True): ("velocity", "average_gradient"),
    (0.5, True): ("velocity", "momentum", "average_gradient"),
}


@pytest.mark.parametrize(("momentum", "centered"), KINDS)
def test_two_steps_of_each_kind(momentum, centered):
    x = np.array([0.0])
    optimizer = RMSprop(0.5, rho=0.75, momentum=momentum, epsilon=0.25, centered=centered)
    square = mean = last = position = 0.0
    for grad in (2.0, -1.0):
        optimizer.apply([np.array([grad])], [x])
        square, mean = 0.75 * square + 0.25 * grad**2, 0.75 * mean + 0.25 * grad
        variance = square - mean**2 if centered else square
        last = momentum * last + 0.5 * grad / np.sqrt(variance + 0.25)
        position -= last
        np.testing.assert_allclose(x, [position])
    assert tuple(optimizer.slots) == KINDS[momentum, centered]
