"""Weights alone: written in both layouts, read into a model, and refused if they are of another model."""

import h5py
import numpy as np
import pytest

from tests.support.archives import two_dense
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
from tinycnn.models import Sequential
from tinycnn.utils.errors import ModelFileError

ENDINGS = (".weights.h5", ".h5", ".hdf5")


def net(units=3, *more):
    layers = [Input((6, 6, 1)), Conv2D(2, 3), BatchNormalization(), Flatten(), Dense(units)]
    model = Sequential([*layers, *more])
    rng = np.random.default_rng(1)
    model.set_weights([rng.random(w.shape, np.float32) for w in model.get_weights()])
    return model


def assert_same(model, other):
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def emptied(model):
    model.set_weights([weight * 0 for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("ending", ENDINGS)
def test_weights_come_back_and_the_same_ones_make_the_same_bytes(ending, tmp_path):
    model, path = net(), tmp_path / f"a{ending}"
    model.save_weights(path)
    first = path.read_bytes()
    other = emptied(net())
    other.load_weights(path)
    assert_same(model, other)
    other.save_weights(path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_they_are_read_out_of_whole_models(ending, tmp_path):
    model, other = net(), emptied(net())
    model.compile("adam", "sparse_categorical_crossentropy")
    model.save(tmp_path / f"a{ending}")
    other.load_weights(tmp_path / f"a{ending}")
    assert_same(model, other)


def test_the_layouts_are_those_of_keras(tmp_path):
    net().save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert file["layers/conv2d/vars/0"].shape == (3, 3, 1, 2)
        assert list(file["layers/flatten/vars"]) == []
        assert sorted(file["layers/batch_normalization/vars"]) == ["0", "1", "2", "3"]
    net().save_weights(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        names = list(file.attrs["layer_names"])
        assert names == [b"conv2d", b"batch_normalization", b"flatten", b"dense"]
        assert file["dense"].attrs["weight_names"][0] == b"sequential/dense/kernel"


@pytest.mark.parametrize("ending", ENDINGS)
def test_weights_of_another_model_are_refused_and_change_nothing(ending, tmp_path):
    net(units=4).save_weights(tmp_path / f"a{ending}")
    model = net()
    words = r"the layer 'dense' has weights of the shapes \[\(32, 3\), \(3,\)\], and in the file"
    with pytest.raises(ModelFileError, match=words):
        model.load_weights(tmp_path / f"a{ending}")
    assert_same(model, net())


@pytest.mark.parametrize("ending", ENDINGS)
def test_layers_of_other_shapes_are_skipped_if_wanted(ending, tmp_path):
    net(units=4).save_weights(tmp_path / f"a{ending}")
    model, before = emptied(net()), net().get_weights()
    with pytest.warns(UserWarning, match="the layer 'dense' has weights.*it is left as it is"):
        model.load_weights(tmp_path / f"a{ending}", skip_mismatch=True)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert not model.get_weights()[-1].any()


def test_layers_belong_together_by_their_names_if_wanted(tmp_path):
    source = two_dense()
    source.save_weights(tmp_path / "a.h5")
    target = Sequential([Dense(2, input_shape=(2,), name="dense_1"), Dense(2, name="new")])
    new = target.get_weights()[2]
    target.load_weights(tmp_path / "a.h5", by_name=True)
    np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[2])
    np.testing.assert_array_equal(target.get_weights()[2], new)
    source.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ModelFileError, match="by their order, and not by their names"):
        target.load_weights(tmp_path / "a.weights.h5", by_name=True)


def test_another_number_of_layers_or_weights_is_refused(tmp_path):
    for ending, bias, words in (
        (".h5", True, "2 layers, and 1 are needed"),
        (".h5", False, "'dense' has 2 weights, and 1 are needed|2 layers, and 1 are needed"),
        (".weights.h5", False, "2 weights of the layer 'dense', and 1 are needed: kernel"),
    ):
        two_dense().save_weights(tmp_path / f"a{ending}")
        one = Sequential([Dense(2, input_shape=(2,), use_bias=bias)])
        with pytest.raises(ModelFileError, match=words):
            one.load_weights(tmp_path / f"a{ending}")


def test_numbers_that_are_no_good_are_refused(tmp_path):
    for value, words in ((np.nan, "NaN or infinity"), (-1.0, "moving_variance.*negative")):
        path, model = tmp_path / "a.weights.h5", net()
        model.save_weights(path)
        with h5py.File(path, "r+") as file:
            file["layers/batch_normalization/vars/3"][0] = value
        with pytest.raises(ModelFileError, match=words):
            model.load_weights(path)
        assert_same(model, net())


def test_what_cannot_be_written_is_said(tmp_path):
    model = net()
    with pytest.raises(ModelFileError, match=r"kept in \.weights\.h5"):
        model.save_weights(tmp_path / "a.npz")
    model.save_weights(tmp_path / "a.h5")
    with pytest.raises(ModelFileError, match="it is there already"):
        model.save_weights(tmp_path / "a.h5", overwrite=False)
    with pytest.raises(ValueError, match="not built"):
        Sequential([Dense(2)]).save_weights(tmp_path / "b.h5")
    model.get_layer("dense").params["kernel"][0, 0] = np.inf
    with pytest.raises(ModelFileError, match="NaN or infinity"):
        model.save_weights(tmp_path / "c.h5")
    assert not (tmp_path / "c.h5").exists()


def nested_in_file(path):
    """Write the weights of `net()` and a Dense as Keras does if the net's first layers are a model."""
    model = net(3, Dense(3))
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        inner = file.create_group("layers/sequential/layers")
        for name in ("conv2d", "batch_normalization", "flatten", "dense"):
            file.move(f"layers/{name}", f"{inner.name}/{name}")
        file.move("layers/dense_1", "layers/dense")
    return model


def test_weights_of_a_model_in_a_model_are_found_if_there_is_one_way(tmp_path):
    source = nested_in_file(tmp_path / "a.weights.h5")
    model = emptied(net(3, Dense(3)))
    model.load_weights(tmp_path / "a.weights.h5")
    assert_same(model, source)
    with h5py.File(tmp_path / "b.weights.h5", "w") as file:
        for name in ("dense", "dense_1", "sequential/layers/dense"):
            file[f"layers/{name}/vars/0"] = np.zeros((3, 3), np.float32)
    three = Sequential([Input((3,)), *(Dense(3, use_bias=False) for _ in range(3))])
    with pytest.raises(ModelFileError, match=r"'layers/dense_2' is missing.*of another model"):
        three.load_weights(tmp_path / "b.weights.h5")


def test_a_layer_that_the_file_lacks_is_skipped_if_wanted(tmp_path):
    source = net()
    source.save_weights(tmp_path / "a.weights.h5")
    more = emptied(net(3, Dense(2)))
    with pytest.warns(UserWarning, match=r"no weights of the layer 'dense_1'.*left as it is"):
        more.load_weights(tmp_path / "a.weights.h5", skip_mismatch=True)
    for ours, theirs in zip(more.get_weights(), source.get_weights(), strict=False):
        np.testing.assert_array_equal(ours, theirs)


def test_a_whole_model_of_other_layers_is_told_as_such(tmp_path):
    two_dense().save(tmp_path / "a.keras")
    with pytest.raises(ModelFileError, match=r"has 2 layers, and the model has 4.*another model"):
        net().load_weights(tmp_path / "a.keras")
