"""The face of Keras. Its public names, what fit, evaluate and predict return, and copies of a model."""

import copy

import numpy as np
import pytest

import tinycnn
from tests.support.marks import needs_kernels
from tests.support.nets import IMAGES, ONE_HOT, X, Y, conv, dense, same
from tinycnn import gradcheck, utils
from tinycnn.callbacks import History
from tinycnn.layers import Dense, Input
from tinycnn.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy
from tinycnn.models.sequential import Sequential
from tinycnn.optimizers import Adam


def test_the_public_names():
    assert tinycnn.Sequential is tinycnn.models.Sequential is Sequential
    assert tinycnn.load_model is tinycnn.models.load_model
    for name in tinycnn.__all__:
        assert getattr(tinycnn, name) is not None
    assert set(dir(tinycnn)) >= set(tinycnn.__all__)
    with pytest.raises(AttributeError, match="'tinycnn' has no attribute 'Modell'"):
        _ = tinycnn.Modell


def test_a_copied_model_learns_like_its_original():
    model = conv()
    copied = copy.deepcopy(model)
    for each in (model, copied):
        each.compile("sgd", "sparse_categorical_crossentropy")
    one, other = (each.gradients(IMAGES * 1000, Y) for each in (model, copied))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    rows = [gradcheck.check_layer(each.layers[0], (8, 8, 1)) for each in (model, copied)]
    assert rows[0] == rows[1]


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
    actual = model.evaluate(X, Y, verbose=0)
    y_pred = model.predict(X, verbose=0)
    loss = -np.log(y_pred[np.arange(10), Y].astype(np.float64)).mean()
    assert actual == pytest.approx([loss, (y_pred.argmax(axis=1) == Y).mean()], rel=1e-6)
    named = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert named == {"loss": actual[0], "accuracy": actual[1]}


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
    actual = model.evaluate(IMAGES, Y, batch_size=batch_size, verbose=0)
    assert actual == pytest.approx(model.evaluate(IMAGES, Y, verbose=0), rel=1e-6)


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
    actual = dense().evaluate(X, Y[:, None], verbose=0)
    assert actual == dense().evaluate(X, Y, verbose=0)


def test_grey_pictures_need_no_axis_for_their_channel():
    model = conv()
    assert same([model.predict(IMAGES[..., 0], verbose=0)], [model.predict(IMAGES, verbose=0)])


def test_a_model_is_called_with_samples_as_one_batch():
    model = conv()
    np.testing.assert_array_equal(model(IMAGES), model.predict(IMAGES, verbose=0))
    np.testing.assert_array_equal(model(IMAGES, training=None), model(IMAGES.tolist()))
    assert model(np.ones((3, 8, 8, 1), int)).dtype == np.float32
    with pytest.raises(ValueError, match=r"shape \(None, 8, 8, 1\)"):
        model(IMAGES[:, :5])
    with pytest.raises(ValueError, match="mask"):
        model(IMAGES, mask=[1])


def test_called_in_training_dropout_is_on():
    model = conv()
    utils.set_random_seed(1)
    one = model(IMAGES, training=True)
    assert not np.allclose(one, model(IMAGES))
    assert not np.allclose(one, model(IMAGES, training=True))
    utils.set_random_seed(1)
    np.testing.assert_array_equal(one, model(IMAGES, training=True))


def test_what_a_compiled_model_says_of_itself():
    model = Sequential([Input((4,)), Dense(3, activation="softmax")])
    assert (model.compiled, model.loss, model.metrics_names) == (False, None, [])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    assert model.compiled
    assert isinstance(model.loss, SparseCategoricalCrossentropy)
    assert model.metrics_names == ["loss", "acc"]
    assert model.metrics_names == list(model.evaluate(X, Y, verbose=0, return_dict=True))
    assert model.reset_metrics() is None
