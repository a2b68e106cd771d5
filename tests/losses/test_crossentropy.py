"""Losses: values by hand, labels that must be refused, scores at the edge of what floats can hold."""

import numpy as np
import pytest

from tinycnn import activations, losses
from tinycnn.layers import Conv2D, Dense, Input
from tinycnn.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy
from tinycnn.models import Sequential

LOG2, LOG4 = np.log(2), np.log(4)
DTYPES = (np.float32, np.float64)


def by_logits(logits, target):
    """Return the losses (n,) and the gradient of their mean by the logits, (n, classes)."""
    logits = np.asarray(logits)
    target = np.asarray(target, logits.dtype)
    loss = CategoricalCrossentropy()
    values, ctx = loss.forward(target, logits, True)
    return values, loss.backward(target, ctx, True)


def test_values_by_hand():
    y_pred = [[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]
    one_hot = [[1, 0, 0], [0, 1, 0]]
    assert CategoricalCrossentropy()(one_hot, y_pred) == pytest.approx((LOG2 + LOG4) / 2)
    assert SparseCategoricalCrossentropy()([0, 1], y_pred) == pytest.approx((LOG2 + LOG4) / 2)
    each = losses.categorical_crossentropy(one_hot, y_pred)
    np.testing.assert_allclose(each, [LOG2, LOG4])
    each = losses.sparse_categorical_crossentropy(
        [[0], [1]], y_pred
    )  # labels (n, 1), as Keras allows
    np.testing.assert_allclose(each, [LOG2, LOG4])


def test_values_of_logits_by_hand():
    logits = [[0.0, 0.0], [np.log(3), 0.0]]  # probabilities 1/2, 1/2 and 3/4, 1/4
    actual = losses.sparse_categorical_crossentropy([0, 1], logits, from_logits=True)
    np.testing.assert_allclose(actual, [LOG2, LOG4])
    mean = CategoricalCrossentropy(from_logits=True)([[1, 0], [0, 1]], logits)
    assert mean == pytest.approx((LOG2 + LOG4) / 2)


def test_probabilities_are_scaled_to_sum_to_1_and_kept_from_0():
    np.testing.assert_allclose(losses.categorical_crossentropy([[1, 0]], [[2.0, 2.0]]), [LOG2])
    (zero,) = losses.categorical_crossentropy([[1, 0]], [[0.0, 1.0]])
    assert zero == pytest.approx(-np.log(1e-7))


def test_whole_numbers_are_taken_as_predictions():
    np.testing.assert_allclose(
        losses.categorical_crossentropy([[1, 0]], [[1, 1]]), [LOG2], rtol=1e-6
    )


def test_label_smoothing_by_hand():
    y_pred = np.array([[0.2, 0.3, 0.5]])
    target = np.array([0.1, 0.1, 0.8])  # 0.3 spread over three classes
    wanted = -(target * np.log(y_pred)).sum()
    assert CategoricalCrossentropy(label_smoothing=0.3)([[0, 0, 1]], y_pred) == pytest.approx(
        wanted
    )
    (logits,) = losses.categorical_crossentropy([[0, 0, 1]], np.log(y_pred), True, 0.3)
    assert logits == pytest.approx(wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_targets_are_probabilities_of_the_dtype_of_the_predictions(dtype):
    y_pred = np.zeros((2, 4), dtype)
    for loss, labels in (
        (CategoricalCrossentropy(), np.eye(4)[:2]),
        (CategoricalCrossentropy(label_smoothing=0.1), np.eye(4, dtype=np.uint8)[:2]),
        (SparseCategoricalCrossentropy(), [3, 0]),
        (SparseCategoricalCrossentropy(), np.array([3.0, 0.0])),
    ):
        target = loss.target(labels, y_pred)
        assert target.dtype == dtype
        np.testing.assert_allclose(target.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("bad", [10, -1, 1.5, float("nan"), float("inf"), 1e30])
def test_class_numbers_that_are_none(bad):
    y_pred = np.full((3, 10), 0.1)
    loss = SparseCategoricalCrossentropy()
    with pytest.raises(ValueError, match=r"whole numbers from 0 to 9.*Received"):
        loss([1, bad, 2], y_pred)
    with pytest.raises(ValueError, match="whole numbers"):
        losses.sparse_categorical_crossentropy(np.array([[1], [2], [bad]]), y_pred)


@pytest.mark.parametrize(
    "row",
    [
        [0, 0, 0],
        [1, -1, 1],
        [2, -1, 0],
        [-1, 0, 0],
        [1, float("nan"), 0],
        [1, float("inf"), 0],
    ],
)
def test_one_hot_rows_that_are_no_probabilities(row):
    y_pred = np.full((2, 3), 1 / 3)
    with pytest.raises(ValueError, match="y_true must be probabilities"):
        CategoricalCrossentropy()([[1, 0, 0], row], y_pred)


def test_labels_are_numbers():
    with pytest.raises(ValueError, match="Labels must be numbers"):
        CategoricalCrossentropy()([["1", "0", "0"]], np.full((1, 3), 1 / 3))


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_row_that_sums_to_two_counts_twice(from_logits):
    loss, y_pred = CategoricalCrossentropy(from_logits), np.array([[0.2, 0.3, 0.5]])
    assert loss([[0, 2, 0]], y_pred) == pytest.approx(2 * loss([[0, 1, 0]], y_pred), rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "shape"),
    [
        (CategoricalCrossentropy(), (4,)),
        (CategoricalCrossentropy(), (4, 1)),
        (CategoricalCrossentropy(), (4, 4)),
        (CategoricalCrossentropy(), (3, 3)),
        (SparseCategoricalCrossentropy(), (4, 3)),
        (SparseCategoricalCrossentropy(), (3,)),
        (SparseCategoricalCrossentropy(), (4, 1, 1)),
    ],
)
def test_labels_of_another_shape(loss, shape):
    with pytest.raises(ValueError, match="does not go with predictions of shape") as caught:
        loss(np.ones(shape), np.full((4, 3), 1 / 3))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        -0.1,
        1.1,
        float("nan"),
        "x",
        None,
        True,
    ],
)
def test_label_smoothing_lies_in_0_to_1(value):
    with pytest.raises(ValueError, match="label_smoothing"):
        CategoricalCrossentropy(label_smoothing=value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits(dtype):
    logits = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4], [-1e4, -1e4]], dtype)
    values, gradient = by_logits(logits, [[1, 0]] * 4)
    np.testing.assert_allclose(values, [0, 2e4, LOG2, LOG2], rtol=1e-6)
    wanted = np.array([[0, 0], [-1, 1], [-0.5, 0.5], [-0.5, 0.5]]) / 4
    np.testing.assert_allclose(gradient, wanted, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_impossible_class(dtype):
    logits = np.array([[0.0, -np.inf, 0.0]], dtype)
    values, gradient = by_logits(logits, [[1, 0, 0]])
    np.testing.assert_allclose(values, [LOG2], rtol=1e-6)
    np.testing.assert_allclose(gradient, [[-0.5, 0, 0.5]])
    values, gradient = by_logits(logits, [[0, 1, 0]])  # the impossible was true
    assert values[0] == np.inf
    np.testing.assert_allclose(gradient, [[0.5, -1, 0.5]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # inf - inf
def test_broken_logits_are_never_silently_finite(bad, place, dtype):
    logits = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], dtype)
    logits[0, place] = bad
    values, gradient = by_logits(logits, [[0, 1, 0]] * 2)
    assert np.isnan(values[0])
    assert np.isnan(gradient[0]).any()
    assert np.isfinite(values[1])  # one broken sample does not hide in the others
    assert np.isfinite(gradient[1]).all()


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # inf / inf
def test_broken_probabilities_are_never_silently_finite(bad, place):
    y_pred = np.full((1, 2), 0.5)
    y_pred[0, place] = bad
    assert np.isnan(CategoricalCrossentropy()([[1, 0]], y_pred))
    assert np.isnan(SparseCategoricalCrossentropy()([0], y_pred))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_confident_mistake_keeps_its_gradient(dtype):
    _, gradient = by_logits(np.array([[500.0, 0.0]], dtype), [[0, 1]])
    np.testing.assert_array_equal(gradient, [[1, -1]])


@pytest.mark.parametrize(
    ("loss", "labels"),
    [("categorical_crossentropy", [[0, 1]]), ("sparse_categorical_crossentropy", [1])],
)
def test_a_confident_mistake_keeps_its_gradient_in_a_model(loss, labels):
    model = Sequential([Dense(2, activation="softmax", input_shape=(1,))])
    model.compile("sgd", loss=loss)
    model.set_weights([[[300.0, -300.0]], [0.0, 0.0]])
    gradients = model.gradients(np.ones((1, 1)), np.array(labels))
    np.testing.assert_array_equal(gradients["dense/bias"], [1, -1])
    assert model.evaluate(np.ones((1, 1)), np.array(labels), verbose=0) == 600


def test_logits_and_probabilities_agree():
    logits = np.random.default_rng(4).normal(size=(6, 5))
    labels = np.array([0, 4, 2, 2, 1, 3])
    probabilities = activations.softmax(logits)
    for cls, y_true in (
        (CategoricalCrossentropy, np.eye(5)[labels]),
        (SparseCategoricalCrossentropy, labels),
    ):
        one, other = cls(from_logits=True), cls()
        target = one.target(y_true, logits)
        values, ctx = one.forward(target, logits, True)
        wanted, ctx_probabilities = other.forward(target, probabilities, False)
        np.testing.assert_allclose(values, wanted, rtol=1e-12)
        dlogits = one.backward(target, ctx, True)
        dprobabilities = other.backward(target, ctx_probabilities, False)
        through = activations.softmax.backward(dprobabilities, probabilities)
        np.testing.assert_allclose(dlogits, through, atol=1e-14)


@pytest.mark.parametrize("from_logits", [False, True])
def test_gradient_is_that_of_the_mean(from_logits):
    rng = np.random.default_rng(6)
    y_pred = rng.uniform(0.1, 2, (4, 3))
    loss = CategoricalCrossentropy(from_logits, label_smoothing=0.2)
    target = loss.target(np.eye(3)[[0, 2, 1, 1]], y_pred)
    _, ctx = loss.forward(target, y_pred, from_logits)
    gradient = loss.backward(target, ctx, from_logits)
    for place in np.ndindex(y_pred.shape):
        step = np.zeros_like(y_pred)
        step[place] = 1e-6
        up, down = (
            loss.forward(target, y_pred + sign * step, from_logits)[0].mean() for sign in (1, -1)
        )
        assert gradient[place] == pytest.approx((up - down) / 2e-6, abs=1e-8)


def test_labels_and_predictions_are_left_alone():
    y_true, y_pred = np.eye(3), np.full((3, 3), 0.5)
    copies = y_true.copy(), y_pred.copy()
    CategoricalCrossentropy(label_smoothing=0.5)(y_true, y_pred)
    np.testing.assert_array_equal(y_true, copies[0])
    np.testing.assert_array_equal(y_pred, copies[1])


@pytest.mark.parametrize("name", ["hinge", "", None, 3, {"class_name": "Hinge"}])
def test_unknown_losses(name):
    with pytest.raises(ValueError, match="loss must be one of"):
        losses.get(name)


@pytest.mark.parametrize(
    ("identifier", "cls"),
    [
        ("categorical_crossentropy", CategoricalCrossentropy),
        ("SparseCategoricalCrossentropy", SparseCategoricalCrossentropy),
        (losses.categorical_crossentropy, CategoricalCrossentropy),
        (losses.sparse_categorical_crossentropy, SparseCategoricalCrossentropy),
    ],
)
def test_known_losses(identifier, cls):
    assert type(losses.get(identifier)) is cls


@pytest.mark.parametrize(
    "loss", [CategoricalCrossentropy(True, 0.25), SparseCategoricalCrossentropy(True, name="mine")]
)
def test_get_config_makes_it_again(loss):
    config = loss.get_config()
    again = losses.get({"class_name": type(loss).__name__, "config": config})
    assert type(again) is type(loss)
    assert again.get_config() == config
    assert losses.get(again) is again


def test_outputs_that_are_pictures_have_no_such_loss():
    model = Sequential([Input((4, 4, 1)), Conv2D(3, 1, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    with pytest.raises(ValueError, match=r"\(n, classes\)"):
        model.evaluate(np.zeros((2, 4, 4, 1)), np.ones((2, 4, 4, 3)) / 3, verbose=0)


class Squared(losses.Loss):
    """An own loss, with options handed on as CONTRIBUTING.md shows."""

    def __init__(self, *, name="squared", **options):
        super().__init__(name, **options)


@pytest.mark.parametrize("cls", [SparseCategoricalCrossentropy, Squared])
def test_label_smoothing_is_only_there_where_it_does_something(cls):
    with pytest.raises(TypeError, match=f"{cls.__name__} has no option 'label_smoothing'"):
        cls(label_smoothing=0.1)
