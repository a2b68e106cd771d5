"""Which pixels a score hangs on: covered squares, and input times gradient."""

import numpy as np
import pytest

from tests.support.nets import IMAGES, X, conv, dense, same
from tinycnn.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from tinycnn.models.occlusion import occlusion_of_pixels, occlusion_rows
from tinycnn.models.sequential import Sequential


def linear():
    """A net whose score is a sum over pixels, so that what a square hides is known."""
    model = Sequential([Input((5, 4, 2)), Flatten(), Dense(3, activation="softmax")])
    rng = np.random.default_rng(0)
    return model, rng.random((2, 5, 4, 2)).astype(np.float32)


def test_a_covered_square_takes_away_what_it_added():
    model, x = linear()
    kernel = model.get_weights()[0].reshape(5, 4, 2, 3)
    added = x[..., None] * kernel  # (n, h, w, c, classes)
    falls = model.occlusion(x, [0, 2], size=2)
    assert falls.shape == (2, 3, 2)
    for n, c in ((0, 0), (1, 2)):
        for i, j in np.ndindex(3, 2):
            square = added[n, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, :, c]
            assert falls[n, i, j] == pytest.approx(square.sum(), abs=1e-5)


def test_strides_and_the_value_that_covers():
    model, x = linear()
    kernel = model.get_weights()[0].reshape(5, 4, 2, 3)
    falls = model.occlusion(x, 1, size=3, strides=1, value=0.5)
    assert falls.shape == (2, 5, 4)
    square = ((x - 0.5) * kernel[..., 1])[:, 4:, 2:]  # cut at the border
    np.testing.assert_allclose(falls[:, 4, 2], square.sum(axis=(1, 2, 3)), 1e-4, 1e-5)


def test_occlusion_changes_nothing_and_takes_gray_pictures_without_channel():
    model, before = conv(), IMAGES.copy()
    falls = model.occlusion(IMAGES, 1, size=3)
    assert same([IMAGES], [before])
    assert same([falls], [model.occlusion(IMAGES[..., 0], 1, size=3)])
    assert falls.shape == (10, 3, 3)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 1.5}, {"strides": 0}, {"value": "a"}])
def test_occlusion_refuses(wrong):
    with pytest.raises((ValueError, TypeError), match=f"{next(iter(wrong))} must"):
        conv().occlusion(IMAGES, 0, **wrong)
    with pytest.raises(ValueError, match="class_index must lie in 0 to 2"):
        conv().occlusion(IMAGES, 3)
    with pytest.raises(ValueError, match=r"Only pictures \(n, h, w, c\)"):
        dense().occlusion(X, 0)


def test_input_times_gradient_adds_up_to_the_score():
    """In a net of ReLUs and maxima without biases."""
    without = {"use_bias": False}
    layers = [
        Input((8, 8, 1)),
        *(Conv2D(4, 3, activation="relu", **without), MaxPooling2D(), Flatten()),
        Dense(3, activation="softmax", **without),
    ]
    model = Sequential(layers)
    products = model.input_times_gradient(IMAGES, 2)
    assert products.shape == IMAGES.shape
    scores, _ = model.layers[-1].as_logits().forward(model.activations(IMAGES)[-2], False, None)
    np.testing.assert_allclose(products.sum(axis=(1, 2, 3)), scores[:, 2], 1e-4, 1e-5)


@pytest.mark.parametrize("together", [1, 3, 64])
def test_squares_in_one_pass_or_in_several_say_the_same(together, monkeypatch):
    model = conv()
    whole = model.occlusion(IMAGES[:1], 2, size=3, strides=1)
    monkeypatch.setattr("tinycnn.models.occlusion.MOST_TOGETHER", together)
    np.testing.assert_allclose(model.occlusion(IMAGES[:1], 2, size=3, strides=1), whole, atol=1e-6)


def test_rows_come_one_by_one_with_all_classes():
    model = conv()
    rows = list(occlusion_rows(model, IMAGES, size=3))
    assert [row.shape for row in rows] == [(10, 3, 3)] * 3
    for label in range(3):
        falls = np.stack([row[..., label] for row in rows], axis=1)
        np.testing.assert_array_equal(falls, model.occlusion(IMAGES, label, size=3))


def test_each_pixel_gets_the_mean_of_its_squares():
    falls = np.arange(12.0).reshape(3, 4)
    pixels = occlusion_of_pixels(falls, (6, 8), size=3, strides=2)
    assert pixels[0, 0] == falls[0, 0]
    assert pixels[2, 2] == falls[:2, :2].mean()
    assert pixels[5, 7] == falls[2, 3]
    assert occlusion_of_pixels(falls, (9, 20), size=2, strides=2)[8, 19] == 0


def test_what_a_pixel_could_change_is_what_a_linear_nets_lead_would_grow():
    model, x = linear()
    kernel, bias = (w.astype(np.float64) for w in model.get_weights())
    towards = model.changes_towards(x, 2, [0, 1])

    def lead(picture, other):
        scores = picture.ravel() @ kernel + bias
        return scores[2] - scores[other]

    for n, other in ((0, 0), (1, 1)):
        for place in np.ndindex(x.shape[1:]):
            best = 0.0, 0.0
            for value in (0.0, 1.0):
                moved = x[n].astype(np.float64)
                moved[place] = value
                gain = lead(moved, other) - lead(x[n].astype(np.float64), other)
                best = max(best, (gain, value * 2 - 1))
            gain, direction = best
            assert towards[(n, *place)] == pytest.approx(direction * gain, abs=1e-5)
    assert towards.shape == x.shape


def test_changes_towards_refuses_a_class_that_is_not_there():
    with pytest.raises(ValueError, match="class_index must lie"):
        conv().changes_towards(IMAGES, 1, 3)
