"""Where arrays are in Keras 3's layout; files of real Keras: test_keras_archive.py."""

import h5py
import numpy as np
import pytest

from tinycnn.saving.hdf5 import open_file
from tinycnn.saving.keras3_layout import LAYOUTS, leaves, read_state


def layer(class_name, name="x", layers=None):
    config = {"name": name} if layers is None else {"name": name, "layers": layers}
    return {"class_name": class_name, "config": config}


def test_layers_are_numbered_by_their_classes_and_models_within_the_model_begin_anew():
    dense = [layer("Dense", "a"), layer("Dense", "b")]
    inner = layer("Sequential", "f", [layer("InputLayer"), *dense])
    layers = [layer("InputLayer"), layer("Dense", "c"), inner, layer("ReLU"), inner, *dense]
    found = list(leaves(layer("Sequential", "s", layers)))
    assert [leaf.group(*LAYOUTS[0]) for leaf in found] == [
        "layers/dense",
        "layers/sequential/layers/dense",
        "layers/sequential/layers/dense_1",
        "layers/re_lu",
        "layers/sequential_1/layers/dense",
        "layers/sequential_1/layers/dense_1",
        "layers/dense_1",
        "layers/dense_2",
    ]
    assert [leaf.name for leaf in found[:3]] == ["c", "a", "b"]
    windows, twice = found[2].group(*LAYOUTS[1]), found[2].group(*LAYOUTS[3])
    assert windows == "layers\\sequential\\layers\\dense_1"
    assert twice.split("/")[1::2] == ["sequential", "dense_2"]


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"config": 3},
        {"config": {"layers": None}},
        {"config": {"layers": [1]}},
        {"config": {"layers": [{"class_name": 3}]}},
        {"config": {"layers": [{"class_name": "Dense", "config": []}]}},
    ],
)
def test_what_describes_no_model_is_refused(described):
    with pytest.raises(ValueError, match=r"is not an object|no layers|text is needed"):
        list(leaves(described))


def test_models_may_not_be_nested_without_end():
    described = layer("Sequential", "s", [])
    described["config"]["layers"].append(described)
    with pytest.raises(ValueError, match="nested too deeply"):
        list(leaves(described))


WEIGHTS = [np.zeros((2, 3), np.float32), np.zeros(3, np.float32)]


@pytest.mark.parametrize(
    ("class_name", "slots", "kept"), [("SGD", 1, 0), ("Nadam", 2, 2), ("Adam", 2, 2)]
)
def test_tf_keras_keeps_only_the_count_and_slots_of_which_sgd_needs_none(
    tmp_path, class_name, slots, kept
):
    optimizer = {"class_name": class_name, "config": {"learning_rate": 0.5}}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("optimizer/vars")
        arrays = [np.full_like(weight, 0.25) for weight in WEIGHTS for _ in range(slots)]
        for place, array in enumerate([np.int64(7), *arrays]):
            group[str(place)] = array
    with open_file(tmp_path / "a.h5") as file:
        state = read_state(file, optimizer, WEIGHTS)
    assert (state["iterations"], len(state["slots"])) == (7, kept)
    for slot in state["slots"].values():
        assert [array.shape for array in slot] == [(2, 3), (3,)]
