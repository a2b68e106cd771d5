"""The face of Keras: what people write, what they get back, and what is refused in words."""

import io
import re

import numpy as np
import pytest
from marks import needs_kernels

import tinycnn
from tinycnn import utils
from tinycnn.callbacks import Callback, History, LambdaCallback
from tinycnn.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    InputLayer,
    MaxPooling2D,
    ReLU,
    Softmax,
)
from tinycnn.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy
from tinycnn.network import snake_case
from tinycnn.optimizers import SGD, Adam
from tinycnn.sequential import Sequential

RNG = np.random.default_rng(0)
X = RNG.normal(size=(10, 4)).astype(np.float32)
Y = np.arange(10) % 3
ONE_HOT = np.eye(3)[Y]
IMAGES = RNG.random((10, 8, 8, 1)).astype(np.float32)


def dense(loss="sparse_categorical_crossentropy", metrics=("accuracy",), optimizer="sgd", seed=1):
    utils.set_random_seed(seed)
    model = Sequential([Input((4,)), Dense(5, activation="relu"), Dense(3, activation="softmax")])
    model.compile(optimizer, loss, metrics=list(metrics))
    return model


def conv(**options):
    utils.set_random_seed(1)
    model = Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(4, 3, activation="relu"),
            MaxPooling2D(),
            Dropout(0.5),
            Flatten(),
            Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def same(one, other):
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


# --- names -------------------------------------------------------------------------------------------


def test_the_public_names():
    assert tinycnn.Sequential is tinycnn.models.Sequential is Sequential
    assert tinycnn.load_model is tinycnn.models.load_model
    for name in tinycnn.__all__:
        assert getattr(tinycnn, name) is not None
    assert set(dir(tinycnn)) >= set(tinycnn.__all__)
    with pytest.raises(AttributeError, match="'tinycnn' has no attribute 'Model'"):
        _ = tinycnn.Model


def test_the_backend_of_scripts():
    assert tinycnn.backend.image_data_format() == "channels_last"
    assert tinycnn.backend.floatx() == "float32"
    assert tinycnn.backend.epsilon() == 1e-7
    assert tinycnn.backend.clear_session() is None


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("MaxPooling2D", "max_pooling2d"),
        ("Conv2D", "conv2d"),
        ("ReLU", "re_lu"),
        ("Dense", "dense"),
    ],
)
def test_layers_are_named_as_keras_names_them(name, wanted):
    assert snake_case(name) == wanted


def test_layers_of_one_class_are_counted():
    model = Sequential([Dense(3), Dense(3), Dense(3, name="mine"), Dense(3)])
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "mine", "dense_2"]


def test_names_that_are_taken_are_refused():
    with pytest.raises(ValueError, match="Twice: 'a'"):
        Sequential([Dense(3, name="a"), Dense(3, name="a")])


# --- structure ---------------------------------------------------------------------------------------


def test_the_input_layer_is_not_among_the_layers():
    model = dense()
    assert [type(layer) for layer in model.layers] == [Dense, Dense]
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 3))
    assert model.count_params() == 4 * 5 + 5 + 5 * 3 + 3


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [Input((4,)), Dense(3)],
        lambda: [InputLayer(shape=(4,)), Dense(3)],
        lambda: [Dense(3, input_shape=(4,))],
    ],
)
def test_a_model_with_an_input_shape_is_built_at_once(layers):
    model = Sequential(layers())
    assert model.built
    assert model.weights[0].shape == (4, 3)


def test_a_model_without_one_is_built_by_its_first_samples_or_by_hand():
    for build in (
        lambda model: model.build((None, 4)),
        lambda model: model.build((7, 4)),
        lambda model: model.predict(X, verbose=0),
        lambda model: model.fit(X, Y, verbose=0),
    ):
        model = Sequential([Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        assert not model.built
        build(model)
        assert model.input_shape == (None, 4)


def test_layers_can_be_added_one_by_one_and_after_compile():
    utils.set_random_seed(1)
    model = Sequential()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.add(Input((4,)))
    model.add(Dense(5, activation="relu"))
    model.add(Dense(3, activation="softmax"))
    assert same(model.get_weights(), dense().get_weights())
    assert model.evaluate(X, Y, verbose=0) == dense().evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("wrong", [5, "dense", Dense, None])
def test_only_layers_can_be_added(wrong):
    with pytest.raises(TypeError, match="A model is made of layers"):
        Sequential([wrong])


def test_the_layers_must_be_a_list():
    with pytest.raises(TypeError, match="layers must be a list of layers"):
        Sequential(Dense(3))


def test_a_layer_belongs_to_one_model():
    for layer in (Dense(3), Dense(3, input_shape=(4,)), Input((4,))):
        Sequential([layer])
        with pytest.raises(ValueError, match="already part of a model"):
            Sequential([layer])


def test_a_layer_that_did_not_fit_can_be_used_elsewhere():
    layer = Conv2D(2, 3)
    with pytest.raises(ValueError, match="does not fit"):
        Sequential([Input((2, 2, 1)), layer])
    assert Sequential([Input((4, 4, 1)), layer]).output_shape == (None, 2, 2, 2)


def test_an_input_layer_comes_first():
    with pytest.raises(ValueError, match="can only be the first layer"):
        Sequential([Dense(3), Input((4,))])


def test_layers_of_one_dtype_only():
    with pytest.raises(ValueError, match=r"All layers must be float32\. Received: dtype='float64'"):
        Sequential([Dense(3), Dense(3, dtype="float64")])


def test_get_layer():
    model = dense()
    assert model.get_layer("dense_1") is model.get_layer(index=1) is model.get_layer(index=-1)
    for arguments, words in (
        ({"name": "conv"}, r"No layer 'conv'. There are: \['dense', 'dense_1'\]"),
        ({"index": 2}, "There are 2 layers. Received: index=2"),
        ({}, "either a name or an index"),
        ({"name": "dense", "index": 0}, "either a name or an index"),
    ):
        with pytest.raises(ValueError, match=words):
            model.get_layer(**arguments)


@pytest.mark.parametrize("use", ["predict", "build", "fit", "summary", "count_params"])
def test_a_model_without_layers_says_so(use):
    model = Sequential()
    arguments = {"predict": (X,), "fit": (X, Y), "build": ((None, 4),)}.get(use, ())
    with pytest.raises(ValueError, match=r"has no layers|is not built"):
        getattr(model, use)(*arguments)


@pytest.mark.parametrize("shape", [(None, 0), (None, None), (None, 4, 0)])
def test_a_model_is_not_built_for_samples_of_nothing(shape):
    with pytest.raises(ValueError, match="input_shape must be a whole number from 1"):
        Sequential([Dense(3)]).build(shape)


def test_weights_are_copies_in_order():
    model = dense()
    weights = model.get_weights()
    assert [weight.shape for weight in weights] == [(4, 5), (5,), (5, 3), (3,)]
    weights[0][...] = 7
    assert not np.any(model.get_weights()[0] == 7)
    model.set_weights(weights)
    weights[0][...] = 8
    assert np.all(model.get_weights()[0] == 7)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda weights: weights[:-1],
        lambda weights: [*weights, weights[0]],
        lambda weights: [weights[0] + 1, weights[1] + 1, weights[2].T, weights[3]],
        lambda weights: [weights[0] + 1, weights[1], weights[2], np.array(["a", "b", "c"])],
        lambda weights: None,
    ],
)
def test_wrong_weights_are_refused_and_nothing_changes(spoil):
    model = dense()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"weights|kernel|bias"):
        model.set_weights(spoil(model.get_weights()))
    assert same(model.get_weights(), before)


def test_a_configuration_makes_the_model_again():
    model = conv()
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert again.input_shape == model.input_shape
    again.set_weights(model.get_weights())
    assert same([again.predict(IMAGES, verbose=0)], [model.predict(IMAGES, verbose=0)])


# --- what comes back ---------------------------------------------------------------------------------


def test_fit_returns_a_history_with_the_names_that_were_given():
    history = dense(metrics=["acc"]).fit(X, Y, epochs=3, verbose=0, validation_data=(X, Y))
    assert isinstance(history, History)
    assert set(history.history) == {"loss", "acc", "val_loss", "val_acc"}
    assert [len(values) for values in history.history.values()] == [3] * 4
    assert all(type(value) is float for values in history.history.values() for value in values)
    assert history.epoch == [0, 1, 2]


def test_without_metrics_there_is_only_the_loss():
    model = dense(metrics=())
    assert set(model.fit(X, Y, verbose=0).history) == {"loss"}
    assert isinstance(model.evaluate(X, Y, verbose=0), float)


def test_evaluate_returns_loss_and_metrics():
    model = dense(metrics=["accuracy"])
    found = model.evaluate(X, Y, verbose=0)
    y_pred = model.predict(X, verbose=0)
    loss = -np.log(y_pred[np.arange(10), Y].astype(np.float64)).mean()
    assert found == pytest.approx([loss, (y_pred.argmax(axis=1) == Y).mean()], rel=1e-6)
    named = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert named == {"loss": found[0], "accuracy": found[1]}


def test_predict_returns_probabilities():
    y_pred = dense().predict(X, verbose=0)
    assert (y_pred.shape, y_pred.dtype) == ((10, 3), np.float32)
    np.testing.assert_allclose(y_pred.sum(axis=1), 1, rtol=1e-6)


def test_predicting_nothing_gives_nothing():
    assert dense().predict(X[:0], verbose=0).shape == (0, 3)
    assert dense().predict(X[:0]).shape == (0, 3)
    assert conv().predict(IMAGES[:0], verbose=1).shape == (0, 3)


@needs_kernels
@pytest.mark.parametrize("batch_size", [1, 3, 7, 10, 1000, np.int64(4)])
def test_the_batch_size_of_predict_and_evaluate_changes_nothing(batch_size):
    model = conv()
    wanted = model.predict(IMAGES, verbose=0)
    assert same([model.predict(IMAGES, batch_size=batch_size, verbose=0)], [wanted])
    found = model.evaluate(IMAGES, Y, batch_size=batch_size, verbose=0)
    assert found == pytest.approx(model.evaluate(IMAGES, Y, verbose=0), rel=1e-6)


def test_one_batch_at_a_time():
    model, other = dense(), dense()
    losses = [model.train_on_batch(X, Y) for _ in range(3)]
    history = other.fit(X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0).history
    assert [loss for loss, _ in losses] == pytest.approx(history["loss"])
    assert same(model.get_weights(), other.get_weights())
    assert model.test_on_batch(X, Y) == model.evaluate(X, Y, verbose=0)
    assert set(model.test_on_batch(X, Y, return_dict=True)) == {"loss", "accuracy"}
    assert set(model.train_on_batch(X, Y, return_dict=True)) == {"loss", "accuracy"}
    assert same([model.predict_on_batch(X)], [model.predict(X, verbose=0)])
    assert same([model.predict_on_batch(X.tolist())], [model.predict(X, verbose=0)])


def test_the_classes_of_losses_and_optimizers_are_taken_as_their_names():
    by_name = dense(optimizer="adam").fit(X, Y, verbose=0, epochs=2).history
    given = dense(SparseCategoricalCrossentropy(), optimizer=Adam()).fit(X, Y, verbose=0, epochs=2)
    assert given.history == by_name
    one_hot = dense(CategoricalCrossentropy(), optimizer="Adam").fit(
        X, ONE_HOT, verbose=0, epochs=2
    )
    assert one_hot.history["loss"] == pytest.approx(by_name["loss"], rel=1e-6)


def test_labels_may_have_an_axis_of_one():
    found = dense().evaluate(X, Y[:, None], verbose=0)
    assert found == dense().evaluate(X, Y, verbose=0)


def test_grey_pictures_need_no_axis_for_their_channel():
    model = conv()
    assert same([model.predict(IMAGES[..., 0], verbose=0)], [model.predict(IMAGES, verbose=0)])


# --- what training does ------------------------------------------------------------------------------


def test_a_batch_is_32_samples():
    batches = []
    note = LambdaCallback(on_train_batch_begin=lambda batch, logs: batches.append(batch))
    x = np.zeros((65, 4))
    dense().fit(x, np.zeros(65), verbose=0, callbacks=[note])
    assert batches == [0, 1, 2]


def test_the_defaults_train_one_epoch():
    assert dense().fit(X, Y, verbose=0).epoch == [0]


def test_validation_takes_the_last_samples_before_any_shuffling():
    with_split = dense()
    split = with_split.fit(X, Y, epochs=2, verbose=0, validation_split=0.3).history
    with_data = dense()  # seeds anew
    data = with_data.fit(X[:7], Y[:7], epochs=2, verbose=0, validation_data=(X[7:], Y[7:])).history
    assert split == data
    assert same(with_split.get_weights(), with_data.get_weights())
    assert split["val_loss"][-1] == pytest.approx(with_split.evaluate(X[7:], Y[7:], verbose=0)[0])


def test_validation_data_win_over_a_split():
    both = dense().fit(X, Y, verbose=0, validation_data=[X, Y], validation_split=0.3).history
    assert both == dense().fit(X, Y, verbose=0, validation_data=(X, Y)).history


def test_validation_teaches_nothing():
    plain = conv()
    plain.fit(IMAGES, Y, verbose=0, epochs=2)
    validated = conv()  # seeds anew
    validated.fit(IMAGES, Y, verbose=0, epochs=2, validation_data=(IMAGES, Y))
    assert same(plain.get_weights(), validated.get_weights())


class Groups(Callback):
    """Notes which samples come together: a model whose loss tells the samples apart."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs.append([])

    def on_train_batch_end(self, batch, logs=None):
        self.epochs[-1].append(logs["loss"])


def losses_of_batches(shuffle):
    groups = Groups()
    model = dense(optimizer=SGD(0.0))
    model.fit(X, Y, batch_size=5, epochs=4, verbose=0, shuffle=shuffle, callbacks=[groups])
    return groups.epochs


def test_every_epoch_groups_the_samples_anew():
    epochs = losses_of_batches(shuffle=True)
    assert len({epoch[0] for epoch in epochs}) == 4  # the first half has another mean each time
    assert [epoch[1] for epoch in epochs] == pytest.approx(
        [epochs[0][1]] * 4
    )  # all: always the same


def test_without_shuffling_every_epoch_is_the_same():
    epochs = losses_of_batches(shuffle=False)
    assert epochs == [epochs[0]] * 4
    assert epochs[0][0] == pytest.approx(dense().evaluate(X[:5], Y[:5], verbose=0)[0])


def test_one_seed_one_result_and_another_seed_another():
    def train(seed):
        model = dense(seed=seed)
        model.fit(X, Y, batch_size=3, verbose=0)
        return model.get_weights()

    assert same(train(1), train(1))
    assert not same(train(1), train(2))


def test_training_learns():
    model = dense(optimizer=Adam(0.1))
    history = model.fit(np.eye(4)[Y], Y, epochs=100, verbose=0).history
    assert history["accuracy"][-1] == 1
    assert history["loss"][-1] < history["loss"][0] / 5


def test_initial_epoch_goes_on():
    history = dense().fit(X, Y, epochs=4, initial_epoch=2, verbose=0)
    assert history.epoch == [2, 3]


def test_training_goes_on_where_it_stopped():
    whole, parts = dense(optimizer="adam"), dense(optimizer="adam")
    whole.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    parts.fit(X, Y, epochs=1, verbose=0, shuffle=False)
    parts.fit(X, Y, epochs=2, initial_epoch=1, verbose=0, shuffle=False)
    assert same(whole.get_weights(), parts.get_weights())
    assert whole.optimizer.iterations == parts.optimizer.iterations == 2


def test_dropout_is_on_in_training_and_off_everywhere_else():
    model = conv()
    model.optimizer.learning_rate = 0.0
    wanted = model.evaluate(IMAGES, Y, verbose=0)[0]
    assert model.fit(IMAGES, Y, verbose=0).history["loss"][0] != pytest.approx(wanted, rel=1e-4)
    assert model.evaluate(IMAGES, Y, verbose=0)[0] == wanted
    first, second = model.gradients(IMAGES, Y), model.gradients(IMAGES, Y)
    assert same(first.values(), second.values())


@pytest.mark.parametrize("layers", [lambda: [Softmax()], lambda: []])
def test_the_scores_before_a_softmax_reach_the_loss(layers):
    """A confident mistake keeps its gradient, whether the softmax is in the layer or behind it."""
    activation = None if layers() else "softmax"
    model = Sequential([Input((2,)), Dense(2, activation=activation), *layers()])
    model.compile(SGD(1.0), "sparse_categorical_crossentropy")
    model.set_weights([np.float32([[200, -200], [0, 0]]), np.zeros(2)])
    assert model.evaluate(np.float32([[1, 0]]), [1], verbose=0) == pytest.approx(400)
    grads = model.gradients(np.float32([[1, 0]]), [1])
    np.testing.assert_allclose(grads["dense/bias"], [1, -1])


def test_from_logits():
    logits = Sequential([Input((4,)), Dense(3)])
    logits.compile("sgd", SparseCategoricalCrossentropy(from_logits=True))
    ending = Sequential([Input((4,)), Dense(3, activation="softmax")])
    ending.compile("sgd", "sparse_categorical_crossentropy")
    ending.set_weights(logits.get_weights())
    assert logits.evaluate(X, Y, verbose=0) == ending.evaluate(X, Y, verbose=0)
    with pytest.warns(UserWarning, match="the loss takes the scores before the softmax"):
        ending.compile("sgd", SparseCategoricalCrossentropy(from_logits=True))


def test_run_eagerly_is_taken_and_changes_no_number():
    weights = []
    for eagerly in (False, True):
        model = conv(run_eagerly=eagerly)
        model.fit(IMAGES, Y, epochs=2, batch_size=4, verbose=0)
        weights.append(model.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-5)


# --- nothing else changes ----------------------------------------------------------------------------


def test_evaluate_predict_and_study_leave_every_bit_of_the_model():
    model = conv()
    model.fit(IMAGES, Y, verbose=0)
    before, steps = model.get_weights(), model.optimizer.iterations
    slots = [array.copy() for slot in model.optimizer.slots.values() for array in slot]
    model.evaluate(IMAGES, Y, verbose=0)
    model.predict(IMAGES, verbose=0)
    model.test_on_batch(IMAGES, Y)
    model.activations(IMAGES)
    model.gradients(IMAGES, Y)
    model.input_gradient(IMAGES, 1)
    model.summary(print_fn=lambda text: None)
    assert same(model.get_weights(), before)
    assert same([array for slot in model.optimizer.slots.values() for array in slot], slots)
    assert model.optimizer.iterations == steps


@pytest.mark.parametrize("writeable", [True, False])
def test_nothing_that_is_handed_over_changes(writeable):
    x, y, weights = IMAGES.copy(), Y.copy(), conv().get_weights()
    for array in (x, y):
        array.flags.writeable = writeable
    model = conv()
    model.fit(x, y, verbose=0, batch_size=3, epochs=2, validation_data=(x, y))
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    model.activations(x)
    model.set_weights(weights)
    model.fit(x, y, verbose=0)
    assert same([x, y, *weights], [IMAGES, Y, *conv().get_weights()])


def test_samples_and_labels_may_be_one_array():
    model = Sequential([Input((3,)), Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    both = np.eye(3, dtype=np.float32)
    model.fit(both, both, epochs=2, verbose=0)
    np.testing.assert_array_equal(both, np.eye(3))


# --- study -------------------------------------------------------------------------------------------


def test_activations_are_the_outputs_of_every_layer():
    model = conv()
    found = model.activations(IMAGES)
    shapes = [(10, *layer.output_shape[1:]) for layer in model.layers]
    assert [output.shape for output in found] == shapes
    assert same([found[-1]], [model.predict(IMAGES, verbose=0)])
    assert same([found[2]], [found[1]])  # dropout does nothing but when training


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


def test_the_table_of_a_model():
    texts = []
    conv().summary(print_fn=texts.append)
    (text,) = texts
    for words in (
        'Model: "sequential"',
        "Layer (type)",
        "Output Shape",
        "Param #",
        "conv2d (Conv2D)",
        "(None, 6, 6, 4)",
        " 40 ",
        "max_pooling2d (MaxPooling2D)",
        "Total params: 151 (604.00 B)",
        "Trainable params: 151 (604.00 B)",
        "Non-trainable params: 0 (0.00 B)",
    ):
        assert words in text
    assert "Optimizer params" not in text


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("float64", 8)])
def test_the_table_counts_what_the_optimizer_holds(dtype, size):
    model = Sequential([Input((4,)), Dense(3, activation="softmax", dtype=dtype)])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    texts = []
    model.summary(print_fn=texts.append)
    assert f"Total params: 45 ({45 * size}.00 B)" in texts[0]
    assert f"Optimizer params: 30 ({30 * size}.00 B)" in texts[0]


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
    neutral = {"class_weight": None, "sample_weight": None, "steps_per_epoch": None}
    neutral |= {"validation_steps": None, "validation_freq": 1, "validation_batch_size": None}
    assert dense().fit(X, Y, verbose=0, **neutral).history == dense().fit(X, Y, verbose=0).history
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

    def numbers():
        utils.set_random_seed(5)
        return random.random(), np.random.random()  # noqa: NPY002

    assert numbers() == numbers()


def test_relu_as_a_layer_is_the_activation():
    model = Sequential([Input((4,)), Dense(5), ReLU(), Dense(3, activation="softmax")])
    model.set_weights(dense().get_weights())
    assert same([model.predict(X, verbose=0)], [dense().predict(X, verbose=0)])
