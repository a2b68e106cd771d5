"""Training on pixels from 0 to 255 as they are is told, once; what is scaled, and scales itself, is not."""

import warnings

import numpy as np
import pytest

from tests.support.nets import conv
from tinycnn.layers import BatchNormalization, Dense, Flatten, Input, Rescaling
from tinycnn.models import Sequential
from tinycnn.models.pixel_scale import bytes_are_meant, warn_of_bytes

BYTES = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 1), np.uint8)
Y = np.arange(10) % 3


def told(run):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [str(one.message) for one in caught if "0 to 255" in str(one.message)]


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_bytes_are_told_once_in_a_training(kind):
    x = BYTES.astype(kind)
    (text,) = told(lambda: conv().fit(x, Y, batch_size=2, epochs=2, verbose=0))
    assert "x holds whole numbers up to 2" in text
    assert "x / 255" in text


def test_bytes_of_a_generator_are_told_once():
    batches = ((BYTES, Y) for _ in range(3))
    assert len(told(lambda: conv().fit(batches, verbose=0))) == 1


@pytest.mark.parametrize(
    "x",
    [
        BYTES / 255,
        (BYTES > 100).astype(np.uint8),
        BYTES + 0.5,
        BYTES.astype(int) * 2,
        BYTES.astype(int) - 128,
        BYTES // 4,
    ],
)
def test_other_numbers_are_not(x):
    assert told(lambda: warn_of_bytes(conv(), x)) == []


@pytest.mark.parametrize("first", [Rescaling(1 / 255), BatchNormalization()])
def test_nor_bytes_for_a_net_that_scales_them(first):
    model = Sequential([Input((8, 8, 1)), Flatten(), first, Dense(3)])
    assert told(lambda: warn_of_bytes(model, BYTES)) == []
    later = Sequential([Input((8, 8, 1)), Flatten(), Dense(3), BatchNormalization(), Dense(3)])
    assert len(told(lambda: warn_of_bytes(later, BYTES))) == 1


def test_nor_where_they_are_meant():
    with bytes_are_meant():
        assert told(lambda: conv().fit(BYTES, Y, verbose=0)) == []
    assert len(told(lambda: conv().fit(BYTES, Y, verbose=0))) == 1


def test_evaluating_and_predicting_say_nothing():
    model = conv()
    assert (
        told(lambda: [model.evaluate(BYTES, Y, verbose=0), model.predict(BYTES, verbose=0)]) == []
    )
