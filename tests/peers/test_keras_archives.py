""".keras files and files of weights, ours opened by real Keras 3 and back; skipped where Keras is absent."""

import numpy as np
import pytest

from tests.support import model_examples as examples
from tests.support.peers import import_keras
from tinycnn import saving
from tinycnn.layers import (
    ELU,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
    Rescaling,
    Reshape,
    Softmax,
    ZeroPadding2D,
)
from tinycnn.models import Sequential, load_model

X = np.random.default_rng(4).random((6, 8, 8, 1), dtype=np.float32)
Y = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
OPTIMIZERS = (examples.ADADELTA, examples.ADAM, examples.MOMENTUM)

pytestmark = pytest.mark.filterwarnings(
    # Keras hands PyTorch's tensors to NumPy in a way that NumPy 2 warns of
    "ignore:__array__ implementation:DeprecationWarning",
    # Our files have LeakyReLU's name of Keras 2, which is the only one that Keras 2 knows.
    "ignore:Argument `alpha` is deprecated:UserWarning",
)


@pytest.fixture(scope="module")
def keras():
    return import_keras()


def every_layer(last):
    """Return a trained model with every layer that there is; `last` makes a vector of the images."""
    layers = [
        Input((8, 8, 1)),
        Rescaling(2.0, offset=-1.0),
        ZeroPadding2D(1),
        Conv2D(4, 3, use_bias=False, name="first"),
        BatchNormalization(),
        ReLU(),
        MaxPooling2D(2),
        LeakyReLU(0.1),
        Conv2D(4, 3, padding="same", activation="elu"),
        AveragePooling2D(2, padding="same"),
        ELU(),
        Dropout(0.25),
        last,
        Dense(4, activation="gelu"),
        Activation("silu"),
        Reshape((2, 2)),
        Flatten(),
        Dense(3),
        Softmax(),
    ]
    model = Sequential(layers)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, batch_size=3, epochs=2, verbose=0)
    return model


def assert_same(ours, theirs):
    for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)
    np.testing.assert_allclose(
        ours.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("last", [Flatten, GlobalAveragePooling2D, GlobalMaxPooling2D])
def test_every_layer_goes_to_keras_and_comes_back(keras, tmp_path, last):
    ours = every_layer(last())
    ours.save(tmp_path / "ours.keras")
    peer = keras.models.load_model(tmp_path / "ours.keras")
    assert_same(ours, peer)
    evaluated = [model.evaluate(X, Y, verbose=0) for model in (ours, peer)]
    np.testing.assert_allclose(*evaluated, rtol=1e-5)
    peer.save(tmp_path / "theirs.keras")
    back = load_model(tmp_path / "theirs.keras")
    assert_same(back, peer)
    assert back.get_config() == load_model(tmp_path / "ours.keras").get_config()
    for name, slot in ours.optimizer.slots.items():
        for own, other in zip(slot, back.optimizer.slots[name], strict=True):
            np.testing.assert_array_equal(own, other)
    assert back.optimizer.iterations == ours.optimizer.iterations == 4


@pytest.mark.filterwarnings("error:Skipping variable loading")
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer["class_name"])
def test_keras_goes_on_from_ours_as_we_do(keras, tmp_path, optimizer):
    saving.write_model(tmp_path / "ours.keras", examples.example(optimizer))
    ours = load_model(tmp_path / "ours.keras")
    peer = keras.models.load_model(tmp_path / "ours.keras")
    assert int(peer.optimizer.iterations) == 12
    ours.layers[4].rate = peer.layers[4].rate = 0.0  # chance is each one's own
    before = ours.get_weights()
    ours.train_on_batch(X, Y)
    peer.train_on_batch(X, Y)
    for own, other, old in zip(ours.get_weights(), peer.get_weights(), before, strict=True):
        change = np.abs(other - old).max()
        # A float32 of this size is known no better than 6e-8.
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-5 * change + 1e-7)


def test_a_model_without_training_is_one_in_keras(keras, tmp_path):
    ours = every_layer(Flatten())
    ours.save(tmp_path / "ours.keras", include_optimizer=False)
    peer = keras.models.load_model(tmp_path / "ours.keras")
    assert_same(ours, peer)
    assert not peer.compiled
    peer.save(tmp_path / "theirs.keras")
    assert load_model(tmp_path / "theirs.keras").optimizer is None


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_weights_go_to_keras_and_come_back(keras, tmp_path, ending):
    ours = every_layer(Flatten())
    ours.save(tmp_path / "model.keras", include_optimizer=False)
    peer = keras.models.load_model(tmp_path / "model.keras")
    peer.set_weights([weight * 0 for weight in peer.get_weights()])
    ours.save_weights(tmp_path / f"ours{ending}")
    peer.load_weights(tmp_path / f"ours{ending}")
    assert_same(ours, peer)
    peer.set_weights([weight + 1 for weight in peer.get_weights()])
    peer.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    assert_same(ours, peer)


def test_tf_keras_reads_our_weights_and_we_read_its_archive(keras, tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf_keras needs TensorFlow")
    tf_keras = pytest.importorskip("tf_keras")
    tf_keras.utils.set_random_seed(0)
    peer = tf_keras.Sequential(
        [
            tf_keras.layers.InputLayer((8, 8, 1)),
            tf_keras.layers.Conv2D(2, 3, activation="relu"),
            tf_keras.layers.BatchNormalization(),
            tf_keras.layers.Flatten(),
            tf_keras.layers.Dense(3, activation="softmax"),
        ]
    )
    peer.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    peer.fit(X, Y, batch_size=3, epochs=1, verbose=0)
    peer.save(tmp_path / "theirs.keras")
    ours = load_model(tmp_path / "theirs.keras")
    assert_same(ours, peer)
    assert ours.optimizer.iterations == 2
    # Compiled, it wants its metrics' state in .weights.h5, which Keras 3 does not write either.
    peer = tf_keras.models.load_model(tmp_path / "theirs.keras", compile=False)
    for ending in (".weights.h5", ".h5"):
        ours.set_weights([weight * 1.125 for weight in ours.get_weights()])
        ours.save_weights(tmp_path / f"ours{ending}")
        peer.load_weights(tmp_path / f"ours{ending}")
        assert_same(ours, peer)
        peer.set_weights([weight * 1.125 for weight in peer.get_weights()])
        peer.save_weights(tmp_path / f"theirs{ending}")
        ours.load_weights(tmp_path / f"theirs{ending}")
        assert_same(ours, peer)
