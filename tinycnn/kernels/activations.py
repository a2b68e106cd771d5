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
    for position in range(start, stop):
        y[position] = x.dtype.type(0) if x[position] < 0 else x[position]


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Twin of `reference.relu_backward`."""
    dx = np.empty_like(dy)
    flat = dy.reshape(-1), y.reshape(-1), dx.reshape(-1)
    workers.run(relu_backward_span, dy.size, WORTH_A_THREAD, *flat)
    return dx


@jit
def relu_backward_span(start, stop, dy, y, dx):
    """Write dx = dy where the unit was on."""
    for position in range(start, stop):
        # forward: y = 0 where x < 0, else x
        dx[position] = dy[position] if y[position] > 0 else dy.dtype.type(0)
