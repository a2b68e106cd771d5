"""Bands: every row of every sample in one band; all threads get as many; the bits do not depend on them."""

import pytest

from tests.support.exact import CONVOLUTIONS, DTYPES, some_images
from tinycnn import ops
from tinycnn.ops import kernels
from tinycnn.ops.kernels.parallel import bands
from tinycnn.ops.kernels.parallel.thread_pool import workers
from tinycnn.utils.geometry import FusedConvolution


@pytest.fixture
def set_threads():
    before = workers.get_count()
    yield ops.set_num_threads
    ops.set_num_threads(before)


@pytest.mark.parametrize("rows", [1, 2, 7, 26])
@pytest.mark.parametrize("samples", [1, 2, 3, 5, 9, 200])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_every_row_of_every_sample_is_in_one_band(threads, samples, rows, set_threads):
    set_threads(threads)
    count = bands.count_bands(samples, rows)
    assert 1 <= count <= min(rows, threads)
    parts = [bands.locate_band.py_func(i, count, rows) for i in range(samples * count)]
    covered = [(b, row) for b, first, end in parts for row in range(first, end)]
    assert covered == [(b, row) for b in range(samples) for row in range(rows)]


def test_all_threads_get_as_many_bands_and_enough_samples_stay_whole(set_threads):
    for threads in (1, 2, 3, 4, 6):
        set_threads(threads)
        for samples in range(1, 40):
            count = bands.count_bands(samples, rows=100)
            few = samples < bands.ENOUGH * threads
            assert samples * count % threads == 0 if few else count == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_a_convolution_has_the_same_bits_for_any_number_of_threads(
    case, dtype, rng, set_threads, monkeypatch
):
    *arrays, strides, padding = some_images(case, rng, dtype)
    arrays = [rng.standard_normal(array.shape).astype(dtype) for array in arrays]
    fused = FusedConvolution(strides, padding)
    results = set()
    for module in (kernels.convolution.direct, kernels.convolution.winograd_convolution):
        monkeypatch.setattr(module, "grain", lambda *work: 1)  # however little there is to do
    monkeypatch.setattr(kernels.convolution.relu_max_pool, "grain", lambda *work: 1)
    for threads in (1, 2, 3, 8):
        set_threads(threads)
        y = kernels.conv2d_relu_forward(*arrays, fused)
        pool = FusedConvolution(strides, padding, pool=tuple(min(2, k) for k in y.shape[1:3]))
        pooled, argmax = kernels.conv2d_relu_max_pool2d_forward(*arrays, pool, 0.3, 7)
        results.add((y.tobytes(), pooled.tobytes(), argmax.tobytes()))
    assert len(results) == 1
