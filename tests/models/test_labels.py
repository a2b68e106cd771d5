"""Labels that people really hand over: taken for what they are, or refused, never silently mixed up."""

import numpy as np
import pytest

from tests.support.pixel_nets import LABELS, PIXELS, pixel_net


@pytest.fixture(scope="module")
def model():
    return pixel_net()


@pytest.mark.parametrize(
    "labels",
    [
        LABELS + 1,
        LABELS - 1,
        LABELS + 0.5,
        LABELS * np.nan,
        np.full(6, np.inf),
        np.full(6, 2**40),
        np.full(6, 255, "u1"),
    ],
)
def test_a_class_that_is_not_there(labels, model):
    before = model.get_weights()
    for use in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(
            ValueError, match=r"Labels must be whole numbers from 0 to 2\. Received"
        ):
            use(PIXELS, labels)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    "labels",
    [
        LABELS.astype(str),
        LABELS + 0j,
        LABELS.astype(object),
        "012012",
        np.ma.masked_equal(LABELS, 1),
    ],
)
def test_labels_that_are_no_numbers(labels, model):
    with pytest.raises(ValueError, match=r"Labels must (be numbers|not have masked)"):
        model.fit(PIXELS, labels)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i8", "f4", ">i2", "f2"])
def test_class_numbers_of_every_dtype(dtype, model):
    actual = model.evaluate(PIXELS, LABELS.astype(dtype), verbose=0)
    assert actual == model.evaluate(PIXELS, LABELS, verbose=0)


def test_one_hot_labels_and_class_numbers_are_not_mixed_up(model):
    one_hot = np.eye(3)[LABELS]
    with pytest.raises(ValueError, match="One-hot labels go with categorical_crossentropy"):
        model.fit(PIXELS, one_hot)
    other = pixel_net(loss="categorical_crossentropy")
    for labels in (LABELS, LABELS[:, None], np.eye(4)[LABELS], np.eye(2)[LABELS % 2]):
        with pytest.raises(ValueError, match="One-hot labels go with categorical_crossentropy"):
            other.fit(PIXELS, labels)


@pytest.mark.parametrize("spoil", [-1, np.nan, np.inf, 0])
def test_one_hot_labels_that_are_no_probabilities(spoil):
    labels = np.eye(3)[LABELS]
    labels[2] = spoil
    with pytest.raises(ValueError, match="y_true must be probabilities"):
        pixel_net(loss="categorical_crossentropy").fit(PIXELS, labels)


def test_one_hot_labels_weigh_as_much_as_they_sum_to():
    model = pixel_net(loss="categorical_crossentropy")
    plain = model.evaluate(PIXELS, np.eye(3)[LABELS], verbose=0)
    five_times = model.evaluate(PIXELS, 5 * np.eye(3)[LABELS], verbose=0)
    assert five_times == pytest.approx([5 * plain[0], plain[1]])
    assert model.evaluate(PIXELS, np.eye(3, dtype=bool)[LABELS], verbose=0) == pytest.approx(plain)
