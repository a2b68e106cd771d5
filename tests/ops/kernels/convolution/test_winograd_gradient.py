"""The gradient of a 3 x 3 kernel through Winograd's tiles: chunks, threads, long sums, ReLU, NaN."""

import numpy as np
import pytest

from tests.support import algorithms
from tests.support.exact import DTYPES, NONE
from tests.support.winograd import as_float64, assert_close, image
from tinycnn import ops
from tinycnn.ops import kernels, reference
from tinycnn.ops.kernels.convolution import winograd_gradient
from tinycnn.ops.kernels.parallel import grain
from tinycnn.ops.kernels.parallel.thread_pool import workers

pytestmark = pytest.mark.usefixtures("ways")


@pytest.mark.parametrize(("n", "size"), [(128, 24), (4, 128)])
def test_a_gradient_that_sums_over_thousands_of_tiles(n, size, rng, monkeypatch):
    x, dy = image(rng, n, size, size, 8, NONE, np.float32), rng.standard_normal((n, size, size, 8))
    arrays = dy.astype(np.float32), x
    actual, _ = kernels.conv2d_backward_kernel(*arrays, (3, 3, 8, 8), (1, 1), NONE)
    algorithms.set_winograd(monkeypatch, algorithms.never)
    wanted, _ = kernels.conv2d_backward_kernel(*as_float64(*arrays), (3, 3, 8, 8), (1, 1), NONE)
    assert np.linalg.norm(actual - wanted) <= 1e-5 * np.linalg.norm(wanted)


@pytest.mark.parametrize("shape", [(11, 9, 6), (2, 31, 29), (1, 35, 70), (67, 4, 3)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_chunks_and_blocks_begin_and_end_within_a_sample(shape, dtype, rng):
    n, h, w = shape
    x, dy = image(rng, n, h, w, 8, NONE, dtype), rng.standard_normal((n, h, w, 9)).astype(dtype)
    actual = kernels.conv2d_backward_kernel(dy, x, (3, 3, 8, 9), (1, 1), NONE)
    wanted = reference.conv2d_backward_kernel(*as_float64(dy, x), (3, 3, 8, 9), (1, 1), NONE)
    for one, other in zip(actual, wanted, strict=True):
        assert_close(one, other, dtype)


@pytest.mark.parametrize(("tiles", "wanted"), [(0, 0), (1, 1), (48, 48), (49, 25), (784, 47)])
def test_the_tiles_of_a_chunk_are_shared_evenly(tiles, wanted):
    assert winograd_gradient.share_evenly(tiles) == wanted


@pytest.mark.parametrize("n", [1, 3, 40])
def test_threads_give_the_same_bits(n, rng, monkeypatch):
    monkeypatch.setattr(grain, "WORTH_A_THREAD", 0)  # however little there is to do
    x, dy = image(rng, n, 35, 26, 8, NONE, np.float64), rng.standard_normal((n, 35, 26, 70))
    before, results = workers.get_count(), set()
    try:
        for threads in (1, 2, 3, 5):
            ops.set_num_threads(threads)
            results.add(
                kernels.conv2d_backward_kernel(dy, x, (3, 3, 8, 70), (1, 1), NONE)[0].tobytes()
            )
    finally:
        ops.set_num_threads(before)
    assert len(results) == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_reaches_the_gradient_of_the_kernel(bad, rng):
    x, dy = image(rng, 2, 9, 9, 8, NONE, np.float32), rng.standard_normal((2, 9, 9, 8))
    dy = dy.astype(np.float32)
    x[1, 3, 4, 2] = bad
    dkernel, dbias = kernels.conv2d_backward_kernel(dy, x, (3, 3, 8, 8), (1, 1), NONE)
    assert not np.isfinite(dkernel[:, :, 2]).any()
    assert np.isfinite(np.delete(dkernel, 2, axis=2)).all()
    assert np.isfinite(dbias).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_only_gradients_behind_a_relu_count(dtype, rng):
    x, dy = image(rng, 3, 9, 6, 8, NONE, dtype), rng.standard_normal((3, 9, 6, 17)).astype(dtype)
    y = rng.standard_normal(dy.shape).astype(dtype)
    actual = winograd_gradient.backward_kernel(dy, x, (3, 3, 8, 17), (1, 1), NONE, y)
    exact = as_float64(np.where(y > 0, dy, 0), x)
    wanted = reference.conv2d_backward_kernel(*exact, (3, 3, 8, 17), (1, 1), NONE)
    for one, other in zip(actual, wanted, strict=True):
        assert_close(one, other, dtype)
