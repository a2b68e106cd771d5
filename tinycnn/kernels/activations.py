"""ReLU in one pass. The other activations act on small arrays, where NumPy's definition is fast enough."""

import numpy as np

from tinycnn.kernels.compile import jit
from tinycnn.kernels.threads import workers

WORTH_A_THREAD = 100_000  # numbers


def relu_forward(x: np.ndarray) -> np.ndarray:
    """Twin of `reference.relu_forward`."""
    y = np.empty_like(x)
    workers.run(relu_forward_span, x.size, WORTH_A_THREAD, x.reshape(-1), y.reshape(-1))
    return y


@jit
def relu_forward_span(start, stop, x, y):
    """Write y = 0 where x < 0, else x: a NaN stays NaN."""
    x, y = x[start:stop], y[start:stop]  # from 0 on: see optimizers.py
    for position in range(len(x)):
        number = x[position]
        y[position] = x.dtype.type(0) if number < 0 else number


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Twin of `reference.relu_backward`."""
    dx = np.empty_like(dy)
    flat = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    workers.run(relu_backward_span, dy.size, WORTH_A_THREAD, *flat)
    return dx


@jit
def relu_backward_span(start, stop, dy, y, dx):
    """Write dx = dy where the unit was on."""
    dy, y, dx = dy[start:stop], y[start:stop], dx[start:stop]
    for position in range(len(dy)):
        # forward: y = 0 where x < 0, else x
        number = dy[position]
        dx[position] = number if y[position] > 0 else dy.dtype.type(0)
