"""What is somebody's own is not saved under the name of one of ours: it would come back as another one."""

import numpy as np
import pytest

import tinycnn
from tinycnn import activations, gradcheck, initializers, layers, losses, optimizers
from tinycnn.callbacks import ModelCheckpoint
from tinycnn.layers import Input
from tinycnn.saving.known import check_known
from tinycnn.utils.errors import ModelFileError

X, Y = np.ones((2, 4), np.float32), np.eye(3)[:2]


class Dense(layers.Dense):
    """Somebody's own, which computes something else."""

    def forward(self, x, training, rng):
        y, ctx = super().forward(x, training, rng)
        return 2 * y, ctx


class SGD(optimizers.SGD):
    """Somebody's own."""


class CategoricalCrossentropy(losses.CategoricalCrossentropy):
    """Somebody's own."""


class Zeros(initializers.Zeros):
    """Somebody's own."""


relu = activations.ActivationFunction("relu", lambda x: x + 1, lambda dy, y: dy)
swish = activations.ActivationFunction("swish", lambda x: x, lambda dy, y: dy)
OWN_LAYERS = {
    "layer of the class Dense": lambda: Dense(3),
    "activation relu of layer dense": lambda: layers.Dense(3, activation=relu),
    "activation swish of layer activation": lambda: layers.Activation(swish),
    "a Zeros": lambda: layers.Dense(3, bias_initializer=Zeros()),
}
OWN_LEARNING = {
    "SGD": (SGD(), "categorical_crossentropy"),
    "Cat": ("sgd", CategoricalCrossentropy()),
}


def refused(tmp_path, model, words):
    """Save the model, and train with a checkpoint: neither begins."""
    with pytest.raises(ModelFileError, match=f"no file can hold .*{words}.* not tinycnn's own"):
        model.save(tmp_path / "a.h5")
    before = model.get_weights()
    with pytest.raises(ModelFileError, match=words):
        model.fit(X, Y, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "b.h5")])
    assert all(map(np.array_equal, before, model.get_weights()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", OWN_LAYERS)
def test_an_own_layer_activation_or_initializer_with_a_known_name(tmp_path, words):
    model = tinycnn.Sequential([Input((4,)), OWN_LAYERS[words](), layers.Dense(3)])
    model.compile("sgd", "categorical_crossentropy")
    refused(tmp_path, model, words)


@pytest.mark.parametrize("words", OWN_LEARNING)
def test_an_own_optimizer_or_loss_with_a_known_name(tmp_path, words):
    model = tinycnn.Sequential([Input((4,)), layers.Dense(3)])
    model.compile(*OWN_LEARNING[words])
    refused(tmp_path, model, words)
    model.save(tmp_path / "a.h5", include_optimizer=False)


def test_the_gradients_of_an_own_layer_with_a_known_name_are_its_own():
    model = tinycnn.Sequential([Input((4,)), Dense(3)])
    assert not any(row.good for row in gradcheck.check_model(model))  # its backward step is Dense's


def test_what_is_ours_passes():
    check_known("a.h5", [layers.Dense(3)], [losses.CategoricalCrossentropy(), optimizers.SGD()])


def test_ones_own_is_refused_whatever_it_is_called():
    with pytest.raises(ModelFileError, match="Dense"):
        check_known("a.h5", [Dense(3)])
