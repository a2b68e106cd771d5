"""Training that went through a file goes on as if it had never stopped."""

import numpy as np
import pytest

from tinycnn import utils
from tinycnn.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from tinycnn.models import Sequential, load_model
from tinycnn.optimizers import SGD, Adadelta, Adam

OPTIMIZERS = {
    "Adadelta": lambda: Adadelta(0.5),
    "Adam": lambda: Adam(0.01),
    "SGD": lambda: SGD(0.1),
    "SGD with momentum": lambda: SGD(0.1, momentum=0.9),
    "SGD with Nesterov momentum": lambda: SGD(0.1, momentum=0.9, nesterov=True),
}
RNG = np.random.default_rng(0)
X, Y = RNG.random((24, 8, 8, 1)), RNG.integers(3, size=24)


def net(optimizer):
    utils.set_random_seed(3)
    layers = [Input((8, 8, 1)), Conv2D(4, 3, activation="relu"), MaxPooling2D(), Flatten()]
    model = Sequential([*layers, Dense(3, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_save_load_and_go_on_is_the_same_to_the_last_bit(name, tmp_path):
    options = {"batch_size": 8, "shuffle": False, "verbose": 0}
    through = net(OPTIMIZERS[name]())
    through.fit(X, Y, epochs=4, **options)
    first = net(OPTIMIZERS[name]())
    first.fit(X, Y, epochs=2, **options)
    first.save(tmp_path / "half.h5")
    second = load_model(tmp_path / "half.h5")
    history = second.fit(X, Y, epochs=4, initial_epoch=2, **options)
    assert history.epoch == [2, 3]
    assert second.optimizer.iterations == through.optimizer.iterations == 12
    for one, other in zip(through.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_loading_and_checking_leave_the_default_generator_alone(tmp_path):
    from tinycnn import gradcheck

    model = net("sgd")
    model.save(tmp_path / "a.h5")
    utils.set_random_seed(5)
    wanted = utils.next_rng().random()
    utils.set_random_seed(5)
    load_model(tmp_path / "a.h5")
    gradcheck.check_model(model, entries=1)
    assert utils.next_rng().random() == wanted


def test_the_first_weights_depend_only_on_the_seed_and_the_layers_that_have_weights():
    def weights(*layers):
        utils.set_random_seed(7)
        model = Sequential(list(layers))
        model.build((None, 6))
        return model.get_weights()

    wanted = weights(Input((6,)), Dense(4), Dense(3))
    for other in (
        weights(Dense(4, input_shape=(6,)), Dense(3)),
        weights(Dense(4), Dense(3)),
        weights(Input((6,)), Flatten(), Dense(4), Flatten(), Dense(3)),
    ):
        for one, another in zip(wanted, other, strict=True):
            np.testing.assert_array_equal(one, another)
