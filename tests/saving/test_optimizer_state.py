"""The state of an optimizer: found by names, each array by itself."""

import numpy as np
import pytest

from tests.support import hostile_files
from tests.support import model_examples as examples
from tinycnn import saving
from tinycnn.models.files import weight_specs
from tinycnn.saving import optimizer_state


def test_two_names_of_one_array_are_two_arrays(tmp_path):
    path = tmp_path / "x.h5"

    def share(file):
        group = file["optimizer_weights/adadelta"]
        del group["sequential_dense_bias_accumulated_grad"]
        other = group["sequential_dense_bias_accumulated_delta_var"]
        group["sequential_dense_bias_accumulated_grad"] = other

    hostile_files.opened(share)(path)
    slots = saving.read_model(path, weight_specs).optimizer_state["slots"]
    one, other = slots["accumulated_grad"][3], slots["accumulated_delta_var"][3]
    np.testing.assert_array_equal(one, other)
    assert not np.shares_memory(one, other)


@pytest.mark.parametrize("optimizer", [examples.ADADELTA, examples.ADAM, examples.MOMENTUM])
def test_entries_come_in_the_order_of_keras(optimizer):
    slots = examples.SLOTS[optimizer["class_name"]]
    arrays = {slot: [np.full(2, k) + n for k in range(2)] for n, slot in enumerate(slots)}
    stored = optimizer_state.entries(
        optimizer, {"iterations": 12, "slots": arrays}, ["s/dense/kernel", "s/dense/bias"]
    )
    prefix = optimizer["class_name"].lower()
    wanted = ["iteration", "learning_rate"]
    wanted += [f"s_dense_{weight}_{slot}" for weight in ("kernel", "bias") for slot in slots]
    assert [name for name, _ in stored] == [f"{prefix}/{name}" for name in wanted]
    assert (stored[0][1].dtype, stored[0][1]) == (np.int64, 12)
    assert stored[1][1] == np.float32(optimizer["config"]["learning_rate"])
    assert stored[-1][1] is arrays[slots[-1]][1]


@pytest.mark.parametrize("slot", ["momentum", "velocity"])
def test_the_names_of_every_keras_say_the_slot(slot):
    short = slot[0]
    ours = [f"adam/s_dense_kernel_{slot}", f"Adam/{short}/dense/kernel:0"]
    ours += [f"Adam/dense/kernel/{short}:0", f"Adam/dense/kernel/{slot}:0"]
    other = {"momentum": "velocity", "velocity": "momentum"}[slot]
    for name in ours:
        assert optimizer_state._is_of_slot(name, slot)
        assert not optimizer_state._is_of_slot(name, other)
