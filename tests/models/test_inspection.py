"""The face of Keras. Looking inside a model, and what is printed on the way."""

import io
import re

import numpy as np
import pytest

from tests.support.nets import IMAGES, X, Y, conv, dense, same
from tinycnn import utils
from tinycnn.layers import (
    Conv2D,
    Dense,
    Input,
)
from tinycnn.models.sequential import Sequential

# --- study -------------------------------------------------------------------------------------------


def test_activations_are_the_outputs_of_every_layer():
    model = conv()
    outputs = model.activations(IMAGES)
    shapes = [(10, *layer.output_shape[1:]) for layer in model.layers]
    assert [output.shape for output in outputs] == shapes
    assert same([outputs[-1]], [model.predict(IMAGES, verbose=0)])
    assert same([outputs[2]], [outputs[1]])  # dropout does nothing but when training


def test_gradients_are_the_slopes_of_the_loss():
    utils.set_random_seed(3)
    model = Sequential([Input((4,)), Dense(3, activation="softmax", dtype="float64")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    grads = model.gradients(X, Y)
    assert list(grads) == ["dense/kernel", "dense/bias"]
    kernel, step = model.weights[0], 1e-6
    kernel[1, 2] += step
    above = model.evaluate(X, Y, verbose=0)
    kernel[1, 2] -= 2 * step
    slope = (above - model.evaluate(X, Y, verbose=0)) / (2 * step)
    assert grads["dense/kernel"][1, 2] == pytest.approx(slope, rel=1e-6)


def test_the_input_gradient_of_scores_is_the_kernel():
    model = Sequential([Input((4,)), Dense(3, activation="softmax")])
    kernel = model.get_weights()[0]
    np.testing.assert_array_equal(
        model.input_gradient(X, 2), np.broadcast_to(kernel[:, 2], (10, 4))
    )
    each = np.arange(10) % 3
    np.testing.assert_array_equal(model.input_gradient(X, each), kernel.T[each])
    assert model.input_gradient(X[:0], 1).shape == (0, 4)


@pytest.mark.parametrize("wrong", [3, -1, 1.0, [0, 1], "a", None, True])
def test_a_class_that_is_not_there(wrong):
    with pytest.raises(ValueError, match="class_index must"):
        dense().input_gradient(X, wrong)


def test_only_rows_of_scores_have_classes():
    model = Sequential([Input((8, 8, 1)), Conv2D(3, 3)])
    with pytest.raises(ValueError, match=r"Only \(n, classes\) outputs have classes"):
        model.input_gradient(IMAGES, 0)


# --- what is printed ---------------------------------------------------------------------------------


class Console(io.TextIOWrapper):
    """A console with an encoding of its own."""

    def __init__(self, encoding, terminal):
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture(params=[(e, t) for e in ("ascii", "cp1252", "utf-8") for t in (False, True)])
def console(request, monkeypatch):
    """Return a function, because pytest puts its own standard output back after the fixtures."""

    def begin():
        stream = Console(*request.param)
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setenv("TERM", "xterm")
        return stream

    return begin


def test_bars_and_tables_on_every_console(console):
    model = Sequential([Input((4,)), Dense(3, activation="softmax", name="größe→")], name="Ω")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    shown = console()
    model.summary()
    model.fit(X, Y, batch_size=1, verbose=1, epochs=2)
    model.evaluate(X, Y, batch_size=1, verbose=1)
    model.predict(X, batch_size=1, verbose=1)
    text = shown.text()
    assert "Trainable params: 15 (60.00 B)" in text
    assert "Epoch 2/2 - " in text
    assert ("┏" in text) == (shown.encoding == "utf-8")
    assert ("\r" in text) == shown.isatty()


@pytest.mark.parametrize(
    ("verbose", "lines"), [(0, 0), (1, 2), (2, 2), ("auto", 2), (True, 2), (False, 0)]
)
def test_in_a_pipe_there_is_one_plain_line_an_epoch(verbose, lines, capsys):
    dense().fit(X, Y, epochs=2, verbose=verbose, validation_split=0.2)
    out, err = capsys.readouterr()
    assert err == ""
    assert not re.search(r"[\r\b\x1b]", out)
    number = r"\d+\.\d{4}"
    means = f"accuracy: {number} - loss: {number} - val_accuracy: {number} - val_loss: {number}"
    pattern = rf"Epoch [12]/2 - \d+\.\ds \d+ms/step - {means}"
    assert len(out.splitlines()) == lines
    assert all(re.fullmatch(pattern, line) for line in out.splitlines()), out


def test_predict_is_silent_unless_it_takes_long(capsys):
    dense().predict(X)
    assert capsys.readouterr().out == ""
    dense().predict(X, batch_size=2)
    assert re.fullmatch(r"predict - \d+\.\ds \d+ms/step\n", capsys.readouterr().out)


def test_evaluate_prints_a_line(capsys):
    dense().evaluate(X, Y)
    assert re.match(r"evaluate - .* - accuracy: .* - loss: .*\n", capsys.readouterr().out)
