"""Drawings made images: the window's own way, and pictures of thick pens whose loops are filled."""

import numpy as np
import pytest

from tinycnn.preprocessing import strokes_to_mnist
from tinycnn.preprocessing.drawn import drawn_digit, drawn_digits
from tinycnn.preprocessing.drawn.rendering import images_of, rendered

ANGLES = np.linspace(0, 2 * np.pi, 60)
RING = [np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1) * 100]


def test_without_a_pen_it_is_the_window_s_image():
    strokes = drawn_digit(np.random.default_rng(0))[2]
    copies = [stroke.copy() for stroke in strokes]
    assert np.array_equal(rendered(strokes), strokes_to_mnist(strokes))
    rendered(strokes, 0.3)
    assert all(map(np.array_equal, strokes, copies))


@pytest.mark.parametrize("pen", [0.1, 0.2, 1 / 3])
def test_a_pen_is_a_share_of_the_longer_side(pen):
    bar = [np.array([[5.0, 0.0], [5.0, 30.0]])]
    image = rendered(bar, pen)
    assert image.any(axis=1).sum() == 20
    assert abs(image[14].sum() / 255 - 20 * pen) < 0.5


def test_a_thick_pen_fills_the_loop():
    small = [RING[0] * 0.5 + [0, 120], np.array([[50.0, 120.0], [50.0, -120.0]])]  # as a b
    thin, thick = rendered(small, 0.1), rendered(small, 0.34)
    middle = np.s_[14:24, 8:16]
    assert thin[middle].min() == 0
    assert (thick[middle] > 0).mean() > (thin[middle] > 0).mean()


@pytest.mark.parametrize("pen", [None, 0.2])
def test_a_dot_is_drawn(pen):
    image = rendered([np.array([[3.0, 3.0]])], pen)
    assert image.max() > 100


def test_images_are_in_the_order_of_their_names():
    bar, ring = [np.array([[5.0, 0.0], [5.0, 30.0]])], RING
    names = np.array(["ring", "bar", "ring"])
    images = images_of(
        names,
        lambda rng, name, count, loose: [ring if name == "ring" else bar] * count,
        np.random.default_rng(0),
        None,
    )
    assert np.array_equal(images[0], images[2])
    assert np.array_equal(images[1], strokes_to_mnist(bar))
    assert images_of(names[:0], lambda *_: [], None, None).shape == (0, 28, 28)


def test_thick_digits_are_those_of_a_thin_pen():
    thick, digits, _ = drawn_digits(np.random.default_rng(0), 20, pen=(1 / 3, 1 / 3))
    thin, same, _ = drawn_digits(np.random.default_rng(0), 20, pen=(0.1, 0.1))
    assert np.array_equal(digits, same)
    assert thick.mean() > 1.5 * thin.mean()
