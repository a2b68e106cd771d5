"""Long sums of dense layers: as precise as a BLAS's, and the same bits for any batch and any zeros."""

import numpy as np
import pytest

from tests.support.marks import needs_kernels
from tinycnn import ops

LONG = 60_000


def apart(actual, wanted):
    """Return the distance from what float64 gives, as a share of its norm."""
    return np.linalg.norm(actual - wanted) / np.linalg.norm(wanted)


@pytest.fixture
def normal():
    rng = np.random.default_rng(6)
    return lambda *shape: rng.standard_normal(shape).astype(np.float32)


@needs_kernels
@pytest.mark.parametrize("sign", [np.positive, np.abs])
@pytest.mark.parametrize("samples", [1, 3, 17])
def test_over_many_inputs(samples, sign, normal):
    x, kernel, bias = sign(normal(samples, LONG)), sign(normal(LONG, 9)), normal(9)
    wanted = x.astype(np.float64) @ kernel + bias
    assert apart(ops.dense_forward(x, kernel, bias), wanted) < 1e-6


@needs_kernels
@pytest.mark.parametrize("sign", [np.positive, np.abs])
def test_over_many_outputs(sign, normal):
    dy, kernel = sign(normal(17, LONG)), sign(normal(9, LONG))
    assert apart(ops.dense_backward_input(dy, kernel), dy.astype(np.float64) @ kernel.T) < 1e-6


@needs_kernels
@pytest.mark.parametrize("sign", [np.positive, np.abs])
def test_over_many_samples(sign, normal):
    dy, x = sign(normal(LONG, 9)), sign(normal(LONG, 17))
    dkernel, dbias = ops.dense_backward_kernel(dy, x)
    assert apart(dkernel, x.T.astype(np.float64) @ dy) < 1e-6
    assert apart(dbias, dy.sum(axis=0, dtype=np.float64)) < 1e-6


@needs_kernels
@pytest.mark.parametrize("inputs", [1, 255, 256, 257, 512, 1000])
def test_a_sample_has_the_same_bits_in_any_batch(inputs, normal):
    x, kernel, bias = normal(30, inputs), normal(inputs, 21), normal(21)
    x[::3, ::2], x[4], bias[:5] = 0, 0, 0
    together, dy = ops.dense_forward(x, kernel, bias), normal(30, 21)
    back = ops.dense_backward_input(dy, kernel)
    for size in (1, 3, 4, 5, 7):
        for first in range(0, 30, size):
            part = slice(first, first + size)
            assert ops.dense_forward(x[part], kernel, bias).tobytes() == together[part].tobytes()
            assert ops.dense_backward_input(dy[part], kernel).tobytes() == back[part].tobytes()
