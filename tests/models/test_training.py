"""The face of Keras. What training, evaluating and predicting do, and what they leave alone."""

import numpy as np
import pytest

from tests.support.nets import IMAGES, X, Y, conv, dense, same
from tinycnn import utils
from tinycnn.callbacks import Callback, LambdaCallback
from tinycnn.layers import (
    Dense,
    Input,
    Softmax,
)
from tinycnn.losses import SparseCategoricalCrossentropy
from tinycnn.models.sequential import Sequential
from tinycnn.optimizers import SGD, Adam

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
    at_once, parts = dense(optimizer="adam"), dense(optimizer="adam")
    at_once.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    parts.fit(X, Y, epochs=1, verbose=0, shuffle=False)
    parts.fit(X, Y, epochs=2, initial_epoch=1, verbose=0, shuffle=False)
    assert same(at_once.get_weights(), parts.get_weights())
    assert at_once.optimizer.iterations == parts.optimizer.iterations == 2


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


def test_what_changes_nothing_here_is_taken():
    one, other = (dense() for _ in range(2))
    for model, jit, shuffle in ((one, True, "batch"), (other, False, True)):
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
        utils.set_random_seed(3)
        model.fit(X, Y, epochs=2, shuffle=shuffle, verbose=0)
    assert same(one.get_weights(), other.get_weights())
