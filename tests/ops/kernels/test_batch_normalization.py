"""Batch normalization's kernels against their definitions."""

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference
from tinycnn.ops.kernels import batch_normalization
from tinycnn.ops.kernels.parallel.thread_pool import workers

# Rows taken at once are whole numbers of c, at most 128 numbers; (5, 129): more than those.
SHAPES = [
    (2, 3),
    (1, 1),
    (37, 5, 4, 17),
    (3, 9, 9, 1),
    (130, 64),
    (5, 2, 8),
    (70, 8, 8, 8),
    (5, 129),
]
DTYPES = [np.float32, np.float64]


@pytest.fixture(params=DTYPES, ids=["float32", "float64"])
def dtype(request):
    return request.param


def numbers(shape, dtype, far=0.0):
    rng = np.random.default_rng(1)
    x, dy = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    gamma, beta = (rng.standard_normal(shape[-1]).astype(dtype) for _ in range(2))
    return x + dtype(far), dy, gamma, beta


@pytest.mark.parametrize("far", [0.0, 1000.0])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_statistics(shape, far, dtype):
    x, *_ = numbers(shape, dtype, far)
    for ours, exact in zip(ops.batch_statistics(x), reference.batch_statistics(x), strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(
            ours, exact, rtol=1e-6 if dtype is np.float32 else 1e-12, atol=1e-12
        )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_and_backward(shape, dtype):
    x, dy, gamma, beta = numbers(shape, dtype)
    mean, variance = reference.batch_statistics(x)
    bound = {"rtol": 0, "atol": 2e-5 if dtype is np.float32 else 1e-12}
    forward = (x, mean, variance, gamma, beta, 1e-3)
    exact = reference.batch_normalization_forward(*forward)
    scale = np.abs(exact).max()
    np.testing.assert_allclose(
        ops.batch_normalization_forward(*forward) / scale, exact / scale, **bound
    )
    backward = (dy, x, mean, variance, gamma, 1e-3)
    for ours, exact in zip(
        ops.batch_normalization_backward(*backward),
        reference.batch_normalization_backward(*backward),
        strict=True,
    ):
        scale = max(np.abs(exact).max(), 1e-3)
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours / scale, exact / scale, **bound)


def test_arrays_of_other_orders_are_taken(dtype):
    x, *_ = numbers((4, 6, 5, 3), dtype)
    turned = np.asfortranarray(x)
    for ours, exact in zip(ops.batch_statistics(turned), ops.batch_statistics(x), strict=True):
        np.testing.assert_array_equal(ours, exact)


def test_nothing_has_no_mean():
    with pytest.raises(ValueError, match="there is no mean"):
        ops.batch_statistics(np.empty((0, 3)))


def test_a_nan_reaches_its_own_channel_alone(dtype):
    x, dy, gamma, beta = numbers((9, 7, 5), dtype)
    x[4, 2, 1] = np.nan
    statistics = ops.batch_statistics(x)
    for result in (
        *statistics,
        ops.batch_normalization_forward(x, *statistics, gamma, beta, 1e-3),
        *ops.batch_normalization_backward(dy, x, *statistics, gamma, 1e-3)[:2],
    ):
        rows = np.isnan(result).reshape(-1, 5)
        assert rows.all(axis=0).tolist() == [False, True, False, False, False]
        assert rows.any(axis=0).tolist() == [False, True, False, False, False]


@pytest.mark.parametrize("shape", [(9, 3), (257, 6, 6, 8), (70, 300)], ids=str)
def test_any_number_of_threads_gives_the_same_bytes(shape, dtype, monkeypatch):
    monkeypatch.setattr(batch_normalization, "NUMBERS", 0)  # however little there is to do
    x, dy, gamma, beta = numbers(shape, dtype)
    before, results = workers.get_count(), set()
    try:
        for threads in (1, 2, 3, 5):
            ops.set_num_threads(threads)
            mean, variance = ops.batch_statistics(x)
            y = ops.batch_normalization_forward(x, mean, variance, gamma, beta, 1e-3)
            gradients = ops.batch_normalization_backward(dy, x, mean, variance, gamma, 1e-3)
            results.add(b"".join(a.tobytes() for a in (mean, variance, y, *gradients)))
    finally:
        ops.set_num_threads(before)
    assert len(results) == 1


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_parts_of_a_batch(shape, dtype):
    """Sums of two parts give statistics and gradients of the whole, by kernels and by definitions."""
    x, dy, gamma, _ = numbers((2 * shape[0] + 1, *shape[1:]), dtype, 3.0)
    (mean, variance), count = reference.batch_statistics(x), x.size // shape[-1]
    parts, bound = (
        [slice(0, shape[0]), slice(shape[0], None)],
        2e-5 if dtype is np.float32 else 1e-12,
    )
    for module in (ops, reference):
        sums = sum(module.batch_sums(x[part], gamma) for part in parts)
        exact = reference.batch_sums(x, gamma)
        np.testing.assert_allclose(sums, exact, rtol=1e-9, atol=1e-9 * np.abs(exact).max())
        shift, squares = sums / count
        np.testing.assert_allclose(gamma + shift, mean, rtol=1e-5)
        np.testing.assert_allclose(squares - shift**2, variance, rtol=1e-3, atol=1e-6)
        sums = sum(module.gradient_sums(dy[part], x[part], mean) for part in parts)
        whole = reference.batch_normalization_backward(dy, x, mean, variance, gamma, 1e-3)
        found = [
            module.batch_normalization_backward_part(
                dy[part], x[part], mean, variance, gamma, 1e-3, sums, count
            )
            for part in parts
        ]
        dx = np.concatenate([one[0] for one in found])
        for ours, wanted in zip([dx, *found[0][1:]], whole, strict=True):
            scale = max(np.abs(wanted).max(), 1e-3)
            assert ours.dtype == dtype
            np.testing.assert_allclose(ours / scale, wanted / scale, rtol=0, atol=bound)


def test_a_part_without_samples_adds_nothing(dtype):
    nothing, channels = np.empty((0, 5, 3), dtype), np.ones(3, dtype)
    for module in (ops, reference):
        assert not module.batch_sums(nothing, channels).any()
        assert not module.gradient_sums(nothing, nothing, channels).any()


def test_sums_of_another_shape_are_refused():
    x, channels = np.ones((2, 3)), np.ones(3)
    statistics = channels, channels, channels, 1e-3
    with pytest.raises(ValueError, match="sums"):
        ops.batch_normalization_backward_part(x, x, *statistics, np.ones((2, 4)), 2)
    with pytest.raises(ValueError, match="count"):
        ops.batch_normalization_backward_part(x, x, *statistics, np.ones((2, 3)), 0)
