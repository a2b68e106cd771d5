"""Data in files larger than the memory: `fit`, `evaluate` and `predict` read a batch at a time."""

import tracemalloc

import numpy as np
import pytest

from tinycnn.layers import Dense, Flatten
from tinycnn.models import Sequential

LARGE = 100_000  # digits in a file: 78 MB as bytes, 314 MB as float32


@pytest.fixture(params=["uint8", "float32", "float64"])
def mapped(request, tmp_path):
    """Digits in a file that takes no room on the disk, mapped into memory: only what is read is there."""
    array = np.lib.format.open_memmap(
        tmp_path / "digits.npy", mode="w+", dtype=request.param, shape=(LARGE, 28, 28)
    )
    array[:5] = 1
    return np.load(tmp_path / "digits.npy", mmap_mode="r")


def flat_net():
    model = Sequential([Flatten(input_shape=(28, 28)), Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


OVER_FILES = {
    "fit": lambda net, x, y: net.fit(x, y, batch_size=64, steps_per_epoch=20, verbose=0),
    "validation": lambda net, x, y: net.fit(
        x[:50], y[:50], validation_data=(x, y), validation_batch_size=64, validation_steps=20, verbose=0
    ),
    "split": lambda net, x, y: net.fit(
        x, y, batch_size=64, steps_per_epoch=20, validation_split=0.01, verbose=0
    ),
    "evaluate": lambda net, x, y: net.evaluate(x, y, batch_size=64, steps=20, verbose=0),
    "predict": lambda net, x, y: net.predict(x, batch_size=64, steps=20, verbose=0),
    "a generator": lambda net, x, y: net.fit(
        ((x[start : start + 64], y[start : start + 64]) for start in range(0, 1280, 64)), verbose=0
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OVER_FILES)
def test_data_larger_than_the_memory_are_read_a_batch_at_a_time(name, mapped):
    net, labels = flat_net(), np.zeros(LARGE, np.uint8)
    OVER_FILES[name](net, mapped[:2000], labels[:2000])  # what comes once
    tracemalloc.start()
    try:
        OVER_FILES[name](net, mapped, labels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 15e6  # the order of the samples takes 0.8 MB, a batch 0.4
