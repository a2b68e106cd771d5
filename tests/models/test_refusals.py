"""The face of Keras. What is refused, in words that name it."""

import pytest

from tests.support.nets import X, Y, dense
from tinycnn.layers import (
    Dense,
    Input,
)
from tinycnn.models.sequential import Sequential
from tinycnn.optimizers import SGD, Adam


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda m: m.fit(X, Y, workers=4), "fit has no option 'workers'. Received: workers=4"),
        (lambda m: m.evaluate(X, Y, steps=0), "steps=0"),
        (lambda m: m.evaluate(X, Y, sample_weight=-Y), "sample_weight[1] = -1"),
        (lambda m: m.evaluate(X, Y, workers=4), "evaluate has no option 'workers'"),
        (lambda m: m.evaluate(X, Y, batch_size=0), "batch_size=0"),
        (lambda m: m.predict(X, steps=-4), "steps=-4"),
        (lambda m: m.predict(X, batch_size=0), "batch_size=0"),
        (lambda m: m.predict(X, verbose=5), "verbose=5"),
        (lambda m: m.summary(layer_range=("a", "b")), "layer_range=('a', 'b')"),
        (lambda m: m.compile("rmsproop", "categorical_crossentropy"), "'rmsproop'"),
        (lambda m: m.compile(None, "categorical_crossentropy"), "None"),
        (lambda m: m.compile(SGD, "categorical_crossentropy"), "SGD"),
        (lambda m: m.compile("sgd"), "compile needs a loss"),
        (lambda m: m.compile("sgd", "hinge"), "'hinge'"),
        (lambda m: m.compile("sgd", "categorical_crossentropy", metrics=["auc"]), "'auc'"),
        (lambda m: m.compile("sgd", "categorical_crossentropy", loss_weights=[1]), "loss_weights"),
        (
            lambda m: m.compile("sgd", "categorical_crossentropy", jit_compile=2),
            "jit_compile=2",
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
