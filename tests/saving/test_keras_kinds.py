"""What Keras's users bring: a file of each kind opens, predicts, reports and trains on as where it was made.

The files and what their makers said of them are in `tests/support/keras_files/kinds`, made by
`python -m tests.support.make_keras_files`. What Keras reads of them, saved again by us, is in
`tests/peers/test_saved_again.py`.
"""

import contextlib
import pathlib

import numpy as np
import pytest

import tinycnn
from tinycnn import gradcheck
from tinycnn.layers import Layer
from tinycnn.utils.errors import ModelFileError
from tinycnn.utils.registration import custom_object_scope

FOLDER = pathlib.Path(__file__).parents[1] / "support" / "keras_files" / "kinds"
MAKERS = ("keras_", "tf_keras_", "keras2_0_")
FILES = sorted(path.stem for path in FOLDER.glob("*.h5") if path.stem.startswith(MAKERS))
# What is said while a file is opened, by kind; the others open in silence.
SAID = {
    "noisy": "acts in training only",
    "options": "left out",
    "varied": "acts in training only",
}
WITH_CHANCE = ("noisy", "varied")  # their maker's training step cannot be repeated
# tf_keras keeps the variance of a sample, not of the batch: n / (n - 1) of it. {file: (weight, momentum, n)}
OF_A_SAMPLE = {"tf_keras_reshape": (5, 0.9, 6 * 16)}
every_file = pytest.mark.parametrize("stem", FILES)


class Doubling(Layer):
    """The class of a user that the files `..._own.h5` name: y = x · gamma · factor."""

    config_names = (*Layer.config_names, "factor")
    weight_names = ("gamma",)

    def __init__(self, factor=2.0, **options):
        super().__init__(**options)
        self.factor = factor

    def weight_shapes(self, input_shape):
        return {"gamma": input_shape[-1:]}

    def initial(self, name, shape, rng):
        return np.ones(shape, self.dtype)

    def forward(self, x, training, rng):
        return x * self.params["gamma"] * x.dtype.type(self.factor), x

    def backward(self, dy, ctx, input_gradient=True):
        # forward: y = x · gamma · factor
        scaled = dy * dy.dtype.type(self.factor)
        return scaled * self.params["gamma"], {"gamma": (scaled * ctx).sum(axis=0)}


OWN = {"mine>Doubling": Doubling, "Doubling": Doubling}


def kind_of(stem):
    return stem.removeprefix("tf_").removeprefix("keras_")


def opened(stem):
    """Return the model of a file, and what its maker said; the warning that belongs to it is expected."""
    said = SAID.get(kind_of(stem))
    with pytest.warns(UserWarning, match=said) if said else contextlib.nullcontext():
        model = tinycnn.load_model(FOLDER / f"{stem}.h5", custom_objects=OWN)
    with np.load(FOLDER / f"{stem}.npz") as facts:
        return model, dict(facts)


def arrays(facts, kind):
    return [
        facts[f"{kind}{place}"] for place in range(sum(name.startswith(kind) for name in facts))
    ]


@every_file
def test_it_opens_and_predicts_as_its_maker(stem):
    model, facts = opened(stem)
    for ours, theirs in zip(model.get_weights(), arrays(facts, "before"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    predicted = model.predict(facts["x"], verbose=0)
    np.testing.assert_allclose(predicted, facts["predicted"], rtol=0, atol=1e-5)


@every_file
def test_it_reports_under_the_same_names(stem):
    model, facts = opened(stem)
    values = model.evaluate(facts["x"], facts["y"], verbose=0, return_dict=True)
    assert sorted(values) == sorted(facts["names"])
    if kind_of(stem) != "noisy":  # whose loss has a penalty of the layer that is left out
        wanted = dict(zip(facts["names"], facts["values"], strict=True))
        assert values == {name: pytest.approx(wanted[name], abs=1e-5) for name in values}


@pytest.mark.parametrize("stem", [stem for stem in FILES if kind_of(stem) not in WITH_CHANCE])
def test_it_trains_on_from_there(stem):
    model, facts = opened(stem)
    model.train_on_batch(facts["x"], facts["y"])
    moved = False
    wanted, start = arrays(facts, "after"), arrays(facts, "before")
    if stem in OF_A_SAMPLE:
        place, momentum, n = OF_A_SAMPLE[stem]
        kept = momentum * start[place]
        wanted[place] = kept + (wanted[place] - kept) * (n - 1) / n
    for ours, after, before in zip(model.get_weights(), wanted, start, strict=True):
        change = np.abs(after - before).max()
        moved = moved or change > 1e-3
        assert np.abs(ours - after).max() <= max(1e-4 * change, 1e-7)
    assert moved


@every_file
def test_what_was_opened_is_saved_again(stem, tmp_path):
    model, facts = opened(stem)
    model.save(tmp_path / "again.h5")
    again = tinycnn.load_model(tmp_path / "again.h5", custom_objects=OWN)
    x, y = facts["x"], facts["y"]
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_the_own_class_of_a_file_is_only_what_the_caller_hands_over():
    with pytest.raises(ModelFileError, match=r"'mine>Doubling'.*custom_objects"):
        tinycnn.load_model(FOLDER / "keras_own.h5")
    for name in ("mine>Doubling", "Doubling"):
        with custom_object_scope({name: Doubling}):
            model = tinycnn.load_model(FOLDER / "keras_own.h5")
        assert (type(model.layers[1]), model.layers[1].factor) == (Doubling, 2.5)
    assert all(row.good for row in gradcheck.check_layer(model.layers[1], (3,)))
