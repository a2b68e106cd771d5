"""Where arrays are in Keras 3's layout; files of real Keras: test_keras_archive.py."""

import pytest

from tinycnn.saving.keras3_layout import LAYOUTS, leaves


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
