"""Dense layers against their definition; long sums as precise as a BLAS's; the same bits for any batch."""

import numpy as np
import pytest

from tests.support.exact import DTYPES, integers, paired
from tinycnn import ops
from tinycnn.ops import kernels, reference
from tinycnn.ops.kernels import dense
from tinycnn.ops.kernels.parallel.thread_pool import workers

LONG = 60_000


def apart(actual, wanted):
    """Return the distance from what float64 gives, as a share of its norm."""
    return np.linalg.norm(actual - wanted) / np.linalg.norm(wanted)


@pytest.fixture
def normal():
    rng = np.random.default_rng(6)
    return lambda *shape: rng.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("sign", [np.positive, np.abs])
@pytest.mark.parametrize("samples", [1, 3, 17])
def test_over_many_inputs(samples, sign, normal):
    x, kernel, bias = sign(normal(samples, LONG)), sign(normal(LONG, 9)), normal(9)
    wanted = x.astype(np.float64) @ kernel + bias
    assert apart(ops.dense_forward(x, kernel, bias), wanted) < 1e-6


@pytest.mark.parametrize("sign", [np.positive, np.abs])
def test_over_many_outputs(sign, normal):
    dy, kernel = sign(normal(17, LONG)), sign(normal(9, LONG))
    assert apart(ops.dense_backward_input(dy, kernel), dy.astype(np.float64) @ kernel.T) < 1e-6


@pytest.mark.parametrize("sign", [np.positive, np.abs])
def test_over_many_samples(sign, normal):
    dy, x = sign(normal(LONG, 9)), sign(normal(LONG, 17))
    dkernel, dbias = ops.dense_backward_kernel(dy, x)
    assert apart(dkernel, x.T.astype(np.float64) @ dy) < 1e-6
    assert apart(dbias, dy.sum(axis=0, dtype=np.float64)) < 1e-6


@pytest.mark.parametrize(
    "share", [1, 0.2]
)  # of inputs that are not 0: with few others go another way
@pytest.mark.parametrize("inputs", [1, 255, 256, 257, 512, 1000])
def test_a_sample_has_the_same_bits_in_any_batch(inputs, share, normal):
    x, kernel, bias = normal(30, inputs), normal(inputs, 21), normal(21)
    x[::3, ::2], x[4], bias[:5] = 0, 0, 0
    x[np.random.default_rng(0).random(x.shape) >= share] = 0
    assert dense.is_sparse(x) == (share < 0.5)
    together, dy = ops.dense_forward(x, kernel, bias), normal(30, 21)
    back = ops.dense_backward_input(dy, kernel)
    for size in (1, 3, 4, 5, 7, 17):
        for first in range(0, 30, size):
            part = slice(first, first + size)
            assert ops.dense_forward(x[part], kernel, bias).tobytes() == together[part].tobytes()
            assert ops.dense_backward_input(dy[part], kernel).tobytes() == back[part].tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("outputs", [1, 17, 100])  # 100 do not fit one panel
@pytest.mark.parametrize("samples", [1, 3, 17, 150])  # 150 are two groups for one thread
def test_leaving_zeros_out_gives_the_same_bits_for_any_number_of_threads(
    samples, outputs, dtype, monkeypatch
):
    rng, results = np.random.default_rng(1), set()
    x, kernel, bias = (rng.standard_normal(s) for s in ((samples, 700), (700, outputs), outputs))
    x[rng.random(x.shape) < 0.7], x[0] = 0, 0
    x, kernel, bias = (array.astype(dtype) for array in (x, kernel, bias))
    for name in ("WORTH_A_THREAD", "WORTH_READING"):
        monkeypatch.setattr(dense, name, 0)  # however little there is to do
    before = workers.get_count()
    try:
        for threads in (1, 2, 4, 8):
            ops.set_num_threads(threads)
            results.add(ops.dense_forward(x, kernel, bias).tobytes())
        monkeypatch.setattr(dense, "FEW", -1)
        monkeypatch.setattr(dense, "is_sparse", lambda x: False)
        results.add(ops.dense_forward(x, kernel, bias).tobytes())
    finally:
        ops.set_num_threads(before)
    assert len(results) == 1


@pytest.mark.parametrize("samples", [1, 40])
def test_arguments_in_another_memory_order_are_taken(samples, normal):
    x, kernel, bias = normal(samples, 600)[:, ::2], normal(300, 42)[:, ::2], normal(42)[::2]
    x[:, ::3] = 0
    wanted = ops.dense_forward(*(np.ascontiguousarray(array) for array in (x, kernel, bias)))
    np.testing.assert_array_equal(ops.dense_forward(x, kernel, bias), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("n", "c", "f"),
    [
        (3, 0, 2),
        (40, 0, 3),
        (1, 3, 0),
        (0, 0, 0),
        (1, 1, 1),
        (5, 300, 70),
        (130, 9, 256),
        (7, 17, 10),
        (0, 3, 2),
        (6, 513, 64),
    ],
)
def test_dense_is_exact_on_integers(n, c, f, dtype, rng):
    x, kernel = integers(rng, n, c, dtype=dtype), integers(rng, c, f, dtype=dtype)
    bias, dy = integers(rng, f, dtype=dtype), integers(rng, n, f, dtype=dtype)
    for name, arguments in {
        "dense_forward": (x, kernel, bias),
        "dense_backward_input": (dy, kernel),
        "dense_backward_kernel": (dy, x),
    }.items():
        actual = getattr(kernels, name)(*arguments)
        for one, other in paired(actual, getattr(reference, name)(*arguments)):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("zeros", [0, 0.8])
@pytest.mark.parametrize("samples", [1, 4, 5, 13, 33])  # few go another way
def test_nan_in_nan_out_of_a_dense_layer(samples, zeros, dtype, rng):
    x, kernel = integers(rng, samples, 40, dtype=dtype), integers(rng, 40, 70, dtype=dtype)
    x[rng.random(x.shape) < zeros] = 0
    x[-1, 7], bias = np.nan, integers(rng, 70, dtype=dtype)
    bias[3] = np.nan
    y = kernels.dense_forward(x, kernel, bias)
    np.testing.assert_array_equal(y, reference.dense_forward(x, kernel, bias))
    assert np.isnan(y[-1]).all()
    assert np.isnan(y[:, 3]).all()
