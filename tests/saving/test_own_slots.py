"""The slots of an own optimizer, registered beside ours, come back whatever they are called."""

import numpy as np
import pytest

import tinycnn
from tinycnn import optimizers
from tinycnn.layers import Dense, Input
from tinycnn.saving import training_config

X, Y = np.random.default_rng(0).normal(size=(8, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 1]]


class Own(optimizers.Optimizer):
    """Every slot becomes a sum of gradients, of either sign, each with a factor of its own."""

    def __init__(self, learning_rate=0.1, *, name="Own", **options):
        super().__init__(learning_rate, name, **options)

    def update(self, param, grad, slots):
        for factor, slot in enumerate(slots, start=1):
            slot += factor * grad
            param -= self.learning_rate * slot


@pytest.mark.parametrize(
    "slots",
    [
        ("velocity",),
        ("mean", "grad_mean"),
        ("grad_mean", "mean"),
        ("mean", "kernel_mean"),
        ("accumulated_grad", "grad"),
        ("m", "momentum", "v"),
        ("iteration", "learning_rate"),
    ],
    ids=",".join,
)
def test_slots_of_any_name_come_back(tmp_path, monkeypatch, slots):
    monkeypatch.setattr(Own, "slot_names", slots)
    monkeypatch.setitem(optimizers.CLASSES, "Own", Own)
    monkeypatch.setitem(training_config.OPTIMIZERS, "Own", "Own")
    monkeypatch.setitem(training_config.LEARNING_RATES, "Own", 0.1)
    model = tinycnn.Sequential([Input((4,)), Dense(3, activation="softmax")])
    model.compile(Own(), "categorical_crossentropy")
    model.fit(X, Y, batch_size=2, verbose=0)
    model.save(tmp_path / "a.h5")
    again = tinycnn.load_model(tmp_path / "a.h5")
    assert again.optimizer.iterations == 4
    for slot in slots:
        for array, wanted in zip(
            again.optimizer.slots[slot], model.optimizer.slots[slot], strict=True
        ):
            np.testing.assert_array_equal(array, wanted)
    assert min(array.min() for array in model.optimizer.slots[slots[0]]) < 0
