"""The state of an optimizer: found by names, each array by itself."""

import h5py
import numpy as np
import pytest

from tests.support import hostile_files
from tests.support import model_examples as examples
from tinycnn import optimizers, saving
from tinycnn.models.files import weight_specs
from tinycnn.saving import keras3_layout, optimizer_state
from tinycnn.saving.hdf5 import open_file
from tinycnn.utils.errors import ModelFileError


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


# --- every optimizer, in the order of Keras 3 and by place ----------------------------------------------

WEIGHTS = [np.full((2, 3), 0.5, np.float32), np.zeros(3, np.float32)]
PATHS = ["s/dense/kernel", "s/dense/bias"]
SCHEDULE = {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.5, "decay_steps": 4}}
KEPT = {  # the slots of each, in Keras 3's order, weight by weight
    "SGD": ({}, []),
    "Nadam": (
        {"learning_rate": SCHEDULE},
        ["0 momentum", "0 velocity", "1 momentum", "1 velocity"],
    ),
    "RMSprop": (
        {"momentum": 0.5, "centered": True, "use_ema": True},
        [
            f"{w} {s}"
            for s in ("average", "velocity", "momentum", "average_gradient")
            for w in (0, 1)
        ],
    ),
    "Adam": (
        {"amsgrad": True},
        [
            "0 momentum",
            "0 velocity",
            "1 momentum",
            "1 velocity",
            "0 velocity_hat",
            "1 velocity_hat",
        ],
    ),
    "Adagrad": ({}, ["0 accumulator", "1 accumulator"]),
    "Adamax": ({}, ["0 momentum", "0 norm", "1 momentum", "1 norm"]),
}


def taken(name, config):
    """Return (optimizer as a dict, its state after two steps on WEIGHTS)."""
    made = optimizers.CLASSES[name](**config)
    params, rng = [weight.copy() for weight in WEIGHTS], np.random.default_rng(1)
    for _ in range(2):
        made.apply([rng.normal(size=p.shape).astype("f") for p in params], params)
    return made.serialize(), {"iterations": 2, "slots": made.slots}


def same(one, other):
    assert one["iterations"] == other["iterations"]
    assert list(one["slots"]) == list(other["slots"])
    for slot, arrays in one["slots"].items():
        for array, wanted in zip(arrays, other["slots"][slot], strict=True):
            np.testing.assert_array_equal(array, wanted)


@pytest.mark.parametrize("name", KEPT)
def test_entries_of_every_optimizer_come_back(tmp_path, name):
    config, order = KEPT[name]
    optimizer, state = taken(name, config)
    stored = optimizer_state.entries(optimizer, state, PATHS)
    names = [stored_name.removeprefix(f"{name}/") for stored_name, _ in stored]
    numbers = ["iteration"] if "learning_rate" in config else ["iteration", "learning_rate"]
    weights = [f"s_dense_{('kernel', 'bias')[int(one[0])]}_{one[2:]}" for one in order]
    assert names == numbers + weights + (["variable"] if name == "Nadam" else [])
    arrays = [array for _, array in stored]
    same(listed(tmp_path, optimizer, arrays), state)


def listed(tmp_path, optimizer, arrays):
    """Write arrays as Keras 3 lists an optimizer's; return what is read of them."""
    path = tmp_path / "listed.h5"
    with h5py.File(path, "w") as file:
        for place, array in enumerate(arrays):
            file[f"{keras3_layout.OPTIMIZER}/{place}"] = array
    with open_file(path) as file:
        return keras3_layout.read_state(file, optimizer, WEIGHTS)


def test_entries_of_something_else_do_not_fit(tmp_path):
    optimizer, state = taken("Adam", {})
    arrays = [array for _, array in optimizer_state.entries(optimizer, state, PATHS)]

    def spoilt(place, value):
        return [*arrays[:place], value, *arrays[place + 1 :]]

    wrong = [
        (arrays[:-2], "4 arrays, and 6"),
        (arrays[:-1], "momentum.*shape"),  # as of tf.keras, without a learning rate
        ([*arrays, arrays[-1]], "7 arrays, and 6"),
        (spoilt(2, np.zeros((3, 2), "f")), "momentum.*shape"),
        (spoilt(2, np.zeros((2, 3))), "float64"),
        (spoilt(3, np.full((2, 3), np.nan, "f")), "velocity.*not finite"),
        (spoilt(3, np.full((2, 3), -1, "f")), "velocity has negative"),
        (spoilt(0, np.int64(-1)), "counts -1"),
        (spoilt(0, np.float32(0.5)), "counts 0.5"),
        (spoilt(0, np.float32(np.nan)), "counts nan"),
        (spoilt(0, np.zeros(2, "i8")), r"\(2,\)"),
    ]
    for given, message in wrong:
        with pytest.raises((optimizer_state.StateMismatchError, ModelFileError), match=message):
            listed(tmp_path, optimizer, given)


def old_file(tmp_path, optimizer, numbers, arrays):
    """Write the state as Keras 2.0 to 2.3 did, under names that say nothing; return what is read of it."""
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("optimizer_weights")
        places = range(len(arrays))
        names = [f"Adam/iterations{'_1' * place}:0" for place in range(len(numbers))]
        names += [f"training/Adam/Variable{f'_{place}' * (place > 0)}:0" for place in places]
        for name, array in zip(names, [*numbers, *arrays], strict=True):
            group[name] = array
        group.attrs["weight_names"] = np.array([name.encode() for name in names])
    with open_file(path) as file:
        return optimizer_state.read_state(file, optimizer, PATHS, WEIGHTS)


@pytest.mark.parametrize("name", optimizers.CLASSES)
@pytest.mark.parametrize("numbers", [[], [np.int64(2)], [np.float32(2)]])
def test_the_state_of_keras_2_is_taken_by_place(tmp_path, name, numbers):
    config = {"momentum": 0.5} if name in ("SGD", "RMSprop") else {}
    optimizer, state = taken(name, config)
    arrays = [array for slot in state["slots"].values() for array in slot]
    numbers = [*numbers, np.float32(0.3)] if name == "Nadam" and numbers else numbers
    wanted = state if numbers else {**state, "iterations": 0}
    same(old_file(tmp_path, optimizer, numbers, arrays), wanted)


def test_of_what_keras_2_kept_without_need_nothing_is_left(tmp_path):
    optimizer, state = taken("Adam", {})
    arrays = [array for slot in state["slots"].values() for array in slot]
    unread = [np.zeros(1, "f"), np.zeros(1, "f")]
    same(old_file(tmp_path, optimizer, [np.int64(2)], [*arrays, *unread]), state)
    plain, nothing = taken("SGD", {})
    same(old_file(tmp_path, plain, [np.int64(2)], arrays[:2]), nothing)


@pytest.mark.parametrize(
    ("numbers", "shapes"),
    [
        ([np.int64(2)], [(2, 3), (3,), (2, 3)]),
        ([np.int64(2)], [(3,), (2, 3), (3,), (2, 3)]),
        ([np.int64(2)] * 3, [(2, 3), (3,), (2, 3), (3,)]),
        ([np.int64(-2)], [(2, 3), (3,), (2, 3), (3,)]),
        ([np.int64(2)], [(2, 3), (3,), (2, 3), (), (3,)]),
    ],
)
def test_what_does_not_fit_by_place_is_refused(tmp_path, numbers, shapes):
    optimizer, _ = taken("Adam", {})
    with pytest.raises(optimizer_state.StateMismatchError):
        old_file(tmp_path, optimizer, numbers, [np.zeros(shape, "f") for shape in shapes])


def test_a_state_from_before_the_first_step_is_none(tmp_path):
    """Keras 3 makes the slots with the first step: until then there is only the count of steps, 0."""
    path, (optimizer, _) = tmp_path / "new.h5", taken("Adam", {})
    with h5py.File(path, "w") as file:
        group = file.create_group("optimizer_weights")
        names = ["adam/iteration", "adam/learning_rate"]
        group[names[0]], group[names[1]] = np.int64(0), np.float32(0.001)
        group.attrs["weight_names"] = np.array([name.encode() for name in names])
    with open_file(path) as file:
        assert optimizer_state.read_state(file, optimizer, PATHS, WEIGHTS) is None
    with h5py.File(path, "r+") as file:
        file["optimizer_weights/adam/iteration"][...] = 5
    with (
        open_file(path) as file,
        pytest.raises(optimizer_state.StateMismatchError, match="2 arrays, and 6"),
    ):
        optimizer_state.read_state(file, optimizer, PATHS, WEIGHTS)


@pytest.mark.parametrize("count", ["", "_1", "_42"])
def test_keras_counts_the_variables_without_a_name(tmp_path, count):
    """The product that Nadam keeps is "variable" in the first model of a program only."""
    optimizer, state = taken("Nadam", {})
    with h5py.File(tmp_path / "x.h5", "w") as file:
        group, names = file.create_group("optimizer_weights"), []
        for name, array in optimizer_state.entries(optimizer, state, PATHS):
            names.append(name + count if name.endswith("variable") else name)
            group[names[-1]] = array
        group.attrs["weight_names"] = names
    with open_file(tmp_path / "x.h5") as file:
        same(optimizer_state.read_state(file, optimizer, PATHS, WEIGHTS), state)
