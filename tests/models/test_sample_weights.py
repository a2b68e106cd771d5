"""Weights of samples and classes: the loss by its definition, which metrics they touch, what is refused."""

import numpy as np
import pytest

from tests.support.nets import IMAGES, ONE_HOT, X, Y, conv, dense, same
from tinycnn.layers import Dense, Input
from tinycnn.models import Sequential, load_model
from tinycnn.models.sample_weights import check_sample_weight, weights_of_classes
from tinycnn.optimizers import SGD


def fitted(*data, loss="sparse_categorical_crossentropy", **options):
    """Return a model of the first seed after a training."""
    model = dense(loss=loss)
    model.fit(*data, verbose=0, **options)
    return model


WEIGHTS = np.float32([0, 1, 2, 0.5, 3, 1, 0, 1, 4, 0.25])
CLASSES = {0: 2.0, 2: 0.5}


def by_definition(model, x, y):
    """Return the loss of each sample, and whether it is read right."""
    p = model.predict(x, verbose=0).astype(np.float64)
    return -np.log(p[np.arange(len(y)), y]), p.argmax(axis=1) == y


def test_the_loss_is_weighted_and_metrics_only_if_told_to():
    model = dense()
    model.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["accuracy", "sparse_categorical_accuracy"],
    )
    losses, right = by_definition(model, X, Y)
    wanted = {
        "loss": (losses * WEIGHTS).mean(),  # divided by the number of samples
        "accuracy": right.mean(),
        "weighted_accuracy": np.average(right, weights=WEIGHTS),
        "sparse_categorical_accuracy": np.average(right, weights=WEIGHTS),
    }
    kind = {"verbose": 0, "return_dict": True, "sample_weight": WEIGHTS}
    assert model.evaluate(X, Y, **kind) == pytest.approx(wanted, rel=1e-5)
    assert model.evaluate(X, Y, batch_size=3, **kind) == pytest.approx(wanted, rel=1e-5)
    kind.pop("verbose")
    assert model.test_on_batch(X, Y, **kind) == pytest.approx(wanted, rel=1e-5)
    assert model.train_on_batch(X, Y, **kind) == pytest.approx(wanted, rel=1e-5)


def test_without_weights_weighted_metrics_are_like_others():
    model = dense()
    model.compile(
        "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["acc"]
    )
    logs = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["acc"] == logs["accuracy"]
    nothing = model.evaluate(X, Y, verbose=0, sample_weight=np.zeros(10), return_dict=True)
    assert (nothing["loss"], nothing["acc"]) == (0, 0)


def test_weighted_metrics_are_kept_in_the_file(tmp_path):
    model = dense()
    model.compile(
        "sgd", "sparse_categorical_crossentropy", metrics=["acc"], weighted_metrics=["accuracy"]
    )
    model.save(tmp_path / "m.h5")
    model.evaluate(X, Y, verbose=0, sample_weight=WEIGHTS)
    assert load_model(tmp_path / "m.h5").evaluate(
        X, Y, verbose=0, sample_weight=WEIGHTS
    ) == model.evaluate(X, Y, verbose=0, sample_weight=WEIGHTS)


@pytest.mark.parametrize("make", [dense, conv])
def test_a_weight_of_2_moves_like_the_sample_twice(make):
    """Of 10 samples one counts twice: as 11 samples, but divided by 10."""
    x = X if make is dense else IMAGES
    weighted, twice = make(), make()
    for model in (weighted, twice):
        for layer in model.layers:
            if hasattr(layer, "rate"):
                layer.rate = 0.0
    weighted.compile(SGD(0.1), "sparse_categorical_crossentropy")
    twice.compile(SGD(0.11), "sparse_categorical_crossentropy")
    weights = np.ones(10)
    weights[3] = 2
    weighted.train_on_batch(x, Y, sample_weight=weights)
    twice.train_on_batch(np.concatenate([x, x[3:4]]), np.append(Y, Y[3]))
    for one, other in zip(weighted.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_weights_follow_their_samples_through_the_shuffle():
    """Samples of weight 0 are as if their labels were any."""
    wrong = Y.copy()
    wrong[WEIGHTS == 0] = (wrong[WEIGHTS == 0] + 1) % 3
    one = fitted(X, Y, 3, 3, sample_weight=WEIGHTS)
    other = fitted(X, wrong, 3, 3, sample_weight=WEIGHTS[:, None])
    assert same(one.get_weights(), other.get_weights())
    plain = fitted(X, Y, 3, 3)
    assert not same(one.get_weights(), plain.get_weights())


@pytest.mark.parametrize("labels", [Y, Y[:, None], Y.astype(np.float32)])
def test_weights_of_classes_are_weights_of_their_samples(labels):
    weights = np.array([CLASSES.get(number, 1.0) for number in Y])
    np.testing.assert_array_equal(weights_of_classes(CLASSES, labels, 3), weights)
    one = fitted(X, labels, 4, class_weight=CLASSES)
    other = fitted(X, labels, 4, sample_weight=weights)
    assert same(one.get_weights(), other.get_weights())
    assert one.train_on_batch(X, labels, class_weight=CLASSES) == other.train_on_batch(
        X, labels, sample_weight=weights
    )


def test_weights_of_classes_of_one_hot_labels():
    loss, weights = "categorical_crossentropy", weights_of_classes(CLASSES, Y, 3)
    one = fitted(X, ONE_HOT, 4, class_weight=CLASSES, loss=loss)
    other = fitted(X, ONE_HOT, 4, sample_weight=weights, loss=loss)
    assert same(one.get_weights(), other.get_weights())


def test_weights_in_float64_and_all_1_change_nothing():
    one, other = fitted(X, Y, 4, 2, sample_weight=np.ones(10)), fitted(X, Y, 4, 2)
    assert same(one.get_weights(), other.get_weights())
    assert one.history.history == other.history.history


def test_validation_takes_its_own_weights():
    plain = dense().fit(X, Y, verbose=0, validation_data=(X, Y, np.ones(10) * 2)).history
    wanted = dense().fit(X, Y, verbose=0, validation_data=(X, Y)).history
    assert plain["val_loss"] == pytest.approx([2 * wanted["val_loss"][0]])
    split = {"verbose": 0, "validation_split": 0.3}
    weighted = dense().fit(X, Y, sample_weight=np.arange(10), **split).history
    data = (X[7:], Y[7:], np.arange(7, 10))
    same_data = dense().fit(
        X[:7], Y[:7], verbose=0, sample_weight=np.arange(7), validation_data=data
    )
    assert weighted == same_data.history
    by_class = dense().fit(X, Y, class_weight={0: 9.0}, **split)  # as in Keras, for training alone
    assert by_class.history["val_loss"] == pytest.approx(
        [by_class.model.evaluate(X[7:], Y[7:], verbose=0)[0]]
    )


BAD_WEIGHTS = [
    (np.ones(9), r"the shape \(10,\)\. Received: \(9,\)"),
    (np.ones((10, 2)), r"Received: \(10, 2\)"),
    (1.0, r"Received: \(\)"),
    (-np.ones(10), r"sample_weight\[0\] = -1"),
    (np.where(np.arange(10) == 4, np.nan, 1), r"sample_weight\[4\] = nan"),
    (np.where(np.arange(10) == 4, np.inf, 1), r"sample_weight\[4\] = inf"),
    (["a"] * 10, "sample_weight must be numbers"),
]


@pytest.mark.parametrize(("weights", "words"), BAD_WEIGHTS)
@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_weights_that_are_none_are_refused(use, weights, words):
    model = dense()
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        getattr(model, use)(X, Y, sample_weight=weights)
    assert same(before, model.get_weights())
    with pytest.raises(ValueError, match=words):
        check_sample_weight(weights, 10)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, 2.0, 3.0], r"dict\(enumerate\(weights\)\)"),
        ({3: 1.0}, "classes are the whole numbers from 0 to 2"),
        ({-1: 1.0}, "classes are the whole numbers from 0 to 2"),
        ({"0": 1.0}, "classes are the whole numbers"),
        ({0: -1.0}, r"class_weight\[0\]=-1"),
        ({0: np.nan}, r"class_weight\[0\]=nan"),
        ({0: "1"}, r"class_weight\[0\]='1'"),
    ],
)
@pytest.mark.parametrize("use", ["fit", "train_on_batch"])
def test_weights_of_classes_that_are_none_are_refused(use, weights, words):
    with pytest.raises(ValueError, match=words):
        getattr(dense(), use)(X, Y, class_weight=weights)


def test_the_class_that_is_none_is_named_and_whole_floats_are_taken():
    for number in (7, "0", 0.5):
        with pytest.raises(ValueError, match=f"from 0 to 2, and {number!r} is none"):
            weights_of_classes({0: 1, number: 3}, np.array([0]), 3)
    assert weights_of_classes({0.0: 2, 1.0: 3}, np.array([0, 1, 2]), 3).tolist() == [2, 3, 1]


def test_both_at_once_are_refused():
    for use in (dense().fit, dense().train_on_batch):
        with pytest.raises(ValueError, match="cannot both be given"):
            use(X, Y, class_weight=CLASSES, sample_weight=WEIGHTS)


def test_one_output_tells_two_classes_apart():
    np.testing.assert_array_equal(weights_of_classes({1: 3.0}, np.array([0, 1]), 1), [1, 3])


def test_the_weights_of_the_caller_stay_as_they_are():
    weights = WEIGHTS.copy()
    weights.flags.writeable = False
    dense().fit(X, Y, 3, verbose=0, sample_weight=weights)
    model = Sequential([Input((4,)), Dense(3, activation="softmax", dtype="float64")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.evaluate(X, Y, verbose=0, sample_weight=weights) > 0
