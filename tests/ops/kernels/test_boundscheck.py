"""Compiled anew with NUMBA_BOUNDSCHECK=1, no kernel reaches beside an array; and the check is not blind."""

import os
import pathlib
import sys

import pytest

from tests.support import patience

ROOT = pathlib.Path(__file__).parents[3]
OVERRUN = """
import numpy as np

from tinycnn.ops.kernels.codegen.jit import jit


@jit
def one_too_many(numbers):
    total = 0.0
    for position in range(len(numbers) + 1):
        total += numbers[position]
    return total


print(one_too_many(np.ones(3)))
"""
TRAIN = """
import numpy as np

from tinycnn.layers import (
    AveragePooling2D, Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, ReLU
)
from tinycnn.ops.kernels.convolution import winograd
from tinycnn.models import Sequential

real, convolved = winograd.pays, []
winograd.pays = lambda *shapes: convolved.append(real(*shapes)) or convolved[-1]
rng = np.random.default_rng(0)
x, y = rng.normal(size=(9, 17, 16, 2)), np.arange(9) % 4
for optimizer in ("adadelta", "adam", "sgd"):
    model = Sequential([
        Input((17, 16, 2)),
        Conv2D(16, 3, padding="same", activation="relu"), MaxPooling2D(3, strides=1, padding="same"),
        Conv2D(24, 3, padding="same"), ReLU(), MaxPooling2D(), Dropout(0.25),
        Conv2D(5, (2, 3), strides=(1, 2), activation="relu"), MaxPooling2D((2, 3)),
        Conv2D(9, 1, activation="tanh"), ReLU(), AveragePooling2D((2, 1), padding="same"),
        Dropout(0.5), Flatten(), Dense(20, activation="relu"), Dense(4, activation="softmax"),
    ])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=7, epochs=2, verbose=0)
    assert np.isfinite(model.predict(x, verbose=0)).all()
    assert np.isfinite(model.input_gradient(x, 1)).all()
assert set(convolved) == {True, False}
print("clean")
"""

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="without Numba: NumPy checks"
)


def run(code, cache):
    """Run code with every index checked, compiled anew: which takes half as long unoptimized."""
    settings = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache), "NUMBA_OPT": "0"}
    return patience.run([sys.executable, "-c", code], env={**os.environ, **settings}, cwd=ROOT)


def test_an_index_that_is_too_large_is_noticed(tmp_path):
    actual = run(OVERRUN, tmp_path)
    assert "IndexError" in actual.stderr
    assert actual.returncode == 1


@pytest.mark.slow
def test_three_steps_of_every_kernel_are_clean(tmp_path):
    actual = run(TRAIN, tmp_path)
    assert actual.stdout == "clean\n", actual.stderr
