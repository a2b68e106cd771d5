"""The face of Keras. What is refused, in words that name it; and the small helpers."""

import re

import numpy as np
import pytest

from tests.support.nets import X, Y, dense, same
from tinycnn import utils
from tinycnn.layers import (
    Dense,
    Input,
    ReLU,
)
from tinycnn.models.sequential import Sequential
from tinycnn.optimizers import SGD, Adam

# --- what is refused ---------------------------------------------------------------------------------

REFUSED_BY_FIT = {
    "batch_size": [0, -1, 1.5, "a", True],
    "epochs": [-1, 1.5, "a", None],
    "initial_epoch": [-1, 0.5],
    "verbose": [3, -1, "yes"],
    "validation_split": [1, -0.1, 1.5, "a", True],
    "validation_data": [5, (X,), (X, Y, Y)],
    "validation_batch_size": [0, -1, 1.5],
    "shuffle": ["batch", None, 2],
    "class_weight": [{0: 1.0}],
    "sample_weight": [np.ones(10), (1,) * 10],
    "steps_per_epoch": [3],
    "validation_steps": [3],
    "validation_freq": [2],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in REFUSED_BY_FIT.items() for value in values],
)
def test_fit_names_the_option_it_refuses(name, value):
    model = dense()
    before = model.get_weights()
    with pytest.raises((ValueError, TypeError)) as caught:
        model.fit(X, Y, **{"verbose": 0, name: value})
    assert name in str(caught.value)
    assert name == "validation_data" or repr(value)[:6] in str(caught.value)
    assert same(model.get_weights(), before)


def test_options_at_the_values_of_keras_change_nothing():
    supported = {"class_weight": None, "sample_weight": None, "steps_per_epoch": None}
    supported |= {"validation_steps": None, "validation_freq": 1, "validation_batch_size": None}
    assert dense().fit(X, Y, verbose=0, **supported).history == dense().fit(X, Y, verbose=0).history
    dense().evaluate(X, Y, verbose=0, sample_weight=None, steps=None, callbacks=None)
    dense().predict(X, verbose=0, steps=None, callbacks=None)
    dense().compile(
        "sgd", "categorical_crossentropy", None, weighted_metrics=None, jit_compile="auto"
    )


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda m: m.fit(X, Y, workers=4), "fit has no option 'workers'. Received: workers=4"),
        (lambda m: m.evaluate(X, Y, steps=4), "steps=4"),
        (lambda m: m.evaluate(X, Y, sample_weight=Y), "sample_weight=array"),
        (lambda m: m.evaluate(X, Y, workers=4), "evaluate has no option 'workers'"),
        (lambda m: m.evaluate(X, Y, batch_size=0), "batch_size=0"),
        (lambda m: m.predict(X, steps=4), "steps=4"),
        (lambda m: m.predict(X, batch_size=0), "batch_size=0"),
        (lambda m: m.predict(X, verbose=5), "verbose=5"),
        (lambda m: m.summary(line_length=80), "line_length=80"),
        (lambda m: m.compile("rmsprop", "categorical_crossentropy"), "'rmsprop'"),
        (lambda m: m.compile(None, "categorical_crossentropy"), "None"),
        (lambda m: m.compile(SGD, "categorical_crossentropy"), "SGD"),
        (lambda m: m.compile("sgd"), "compile needs a loss"),
        (lambda m: m.compile("sgd", "mse"), "'mse'"),
        (lambda m: m.compile("sgd", "categorical_crossentropy", metrics=["auc"]), "'auc'"),
        (lambda m: m.compile("sgd", "categorical_crossentropy", loss_weights=[1]), "loss_weights"),
        (
            lambda m: m.compile("sgd", "categorical_crossentropy", jit_compile=True),
            "jit_compile=True",
        ),
        (lambda m: m.compile("sgd", "categorical_crossentropy", amsgrad=1), "amsgrad=1"),
    ],
)
def test_what_is_not_there_is_named_with_its_value(use, words):
    with pytest.raises((ValueError, TypeError)) as caught:
        use(dense())
    assert words in str(caught.value)


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "test_on_batch", "gradients"])
def test_a_model_must_be_compiled(use):
    model = Sequential([Input((4,)), Dense(3, activation="softmax")])
    with pytest.raises(RuntimeError, match="Compile the model first"):
        getattr(model, use)(X, Y)


def test_predicting_needs_no_compile():
    assert Sequential([Input((4,)), Dense(3)]).predict(X, verbose=0).shape == (10, 3)


def test_an_optimizer_does_not_move_another_model():
    optimizer = Adam()
    dense(optimizer=optimizer).fit(X, Y, verbose=0)
    model = Sequential([Input((4,)), Dense(3, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="optimizer"):
        model.fit(X, Y, verbose=0)


# --- utilities ---------------------------------------------------------------------------------------


def test_to_categorical():
    np.testing.assert_array_equal(utils.to_categorical([0, 2]), [[1, 0, 0], [0, 0, 1]])
    assert utils.to_categorical(Y, 10).shape == (10, 10)
    assert utils.to_categorical(Y[:, None]).shape == (10, 3)
    assert utils.to_categorical(np.zeros((2, 3), int), 4).shape == (2, 3, 4)
    assert utils.to_categorical(np.float32([1, 0])).tolist() == [[0, 1], [1, 0]]
    assert utils.to_categorical([True, False]).tolist() == [[0, 1], [1, 0]]
    assert utils.to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([-1],), "Received: -1"),
        (([3], 3), "num_classes=3"),
        (([1.5],), "1.5"),
        (([np.nan],), "nan"),
        (([np.inf],), "inf"),
        ((["a"],), "'a'"),
        (([1], 2.5), "num_classes=2.5"),
        (([1], "a"), "num_classes='a'"),
        (([1], True), "num_classes=True"),
    ],
)
def test_to_categorical_refuses(arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        utils.to_categorical(*arguments)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None, "1", True])
def test_a_seed_that_is_none(seed):
    with pytest.raises(ValueError, match=re.escape(f"seed={seed!r}")):
        utils.set_random_seed(seed)


def test_a_seed_repeats_the_generators_of_numpy_and_python_too():
    import random

    def draw():
        utils.set_random_seed(5)
        return random.random(), np.random.random()  # noqa: NPY002

    assert draw() == draw()


def test_relu_as_a_layer_is_the_activation():
    model = Sequential([Input((4,)), Dense(5), ReLU(), Dense(3, activation="softmax")])
    model.set_weights(dense().get_weights())
    assert same([model.predict(X, verbose=0)], [dense().predict(X, verbose=0)])
