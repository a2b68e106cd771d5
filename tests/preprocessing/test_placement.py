"""What lies in MNIST's field comes back to where it was drawn, or lay in the picture."""

import numpy as np
import pytest

from tests.support.painted_digits import strokes
from tinycnn.preprocessing import place_picture, place_strokes, strokes_to_mnist, to_mnist
from tinycnn.preprocessing.placement import Placement
from tinycnn.preprocessing.strokes import along, rasterise

PIXEL = 1 / 16  # of the field: strokes are drawn 16 times as fine


def middle_of_mass(image):
    """Return (x, y) of an image's mass, edges counting from 0."""
    mass = image.astype(np.float64)
    across, down = (np.arange(size) + 0.5 for size in image.shape[::-1])
    return np.array([mass.sum(axis=0) @ across, mass.sum(axis=1) @ down]) / mass.sum()


def centres(image):
    """Return (x, y) of the middles of all pixels with foreground, (n, 2)."""
    return np.argwhere(image)[:, ::-1] + 0.5


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize(
    ("size", "shift"), [(1.0, (0.0, 0.0)), (0.3, (0.6, 0.1)), (700.0, (9, -50))]
)
def test_the_pixels_of_a_stroke_come_back_to_where_it_was_drawn(digit, size, shift):
    lines = [np.array(line) * size + shift for line in strokes(digit)]
    image, placement = place_strokes(lines)
    points = np.concatenate([along(line, 0.1 / placement.scale[0]) for line in lines])
    back = placement.invert(centres(image))
    apart = np.linalg.norm(back[:, None] - points, axis=2).min(axis=1) * placement.scale[0]
    assert (
        apart.max() <= 1.25 + 0.71 + PIXEL
    )  # half of the pen's width, and half a pixel's diagonal
    columns, rows = np.floor(placement.apply(points)).astype(int).T
    assert image[rows, columns].min() >= 100  # under the pen's middle the foreground is strong
    redrawn = rasterise([placement.apply(line) / 28 for line in lines], [2.5 / 28] * len(lines), 28)
    assert np.abs(redrawn.astype(int) - image)[(redrawn > 0) | (image > 0)].mean() < 8


def test_a_single_pixel_comes_back():
    """A dot beside a long line: the field's pixel in which it lies leads back to the dot."""
    lines = [np.array([[100.0, 20.0], [100.0, 220.0]]), np.array([[161.0, 87.0]])]
    image, placement = place_strokes(lines)
    right = int(placement.apply([[100 + 30, 0]])[0, 0])  # between line and dot
    dot = image.copy()
    dot[:, :right] = 0
    assert dot.any()
    back = placement.invert(middle_of_mass(dot)[None])[0]
    np.testing.assert_allclose(back, [161, 87], atol=0.1 / placement.scale[0])


@pytest.mark.parametrize("smallest", [0.0, 0.05])
def test_placing_makes_the_same_image(smallest):
    lines = [np.array(line) * 0.5 for line in strokes(5)]
    image, _ = place_strokes(lines, smallest)
    np.testing.assert_array_equal(image, strokes_to_mnist(lines, smallest))


def test_a_tap_stays_as_small_on_the_way_back():
    image, placement = place_strokes([np.array([[0.4, 0.6], [0.401, 0.6]])], 0.05)
    assert placement.scale[0] == pytest.approx(17.5 / 0.05)
    np.testing.assert_allclose(
        placement.invert(middle_of_mass(image)[None])[0], [0.4005, 0.6], atol=PIXEL * 0.05 / 17.5
    )


def test_one_point_without_a_size_has_no_way_back():
    image, placement = place_strokes([np.array([[3.0, 4.0]])])
    np.testing.assert_allclose(placement.apply([[3, 4]]), middle_of_mass(image)[None], atol=PIXEL)
    with pytest.raises(ValueError, match="no way back"):
        placement.invert([[14, 14]])


@pytest.mark.parametrize("width", [0.008, 0.06, 0.24])  # the first is redrawn thicker
@pytest.mark.parametrize("digit", [1, 4, 5])
def test_the_foreground_of_a_picture_comes_back(digit, width):
    lines = [np.array(line) * 0.5 + 0.2 for line in strokes(digit)]
    ink = rasterise(lines, [width / 2] * len(lines), 400)
    picture = np.pad(255 - ink, ((7, 30), (90, 0)), constant_values=255)
    image, placement = place_picture(picture)
    np.testing.assert_array_equal(image, to_mnist(picture))
    middle = middle_of_mass(255 - picture)
    across = placement.scale[0]
    redrawn = width == 0.008
    np.testing.assert_allclose(
        placement.invert(middle_of_mass(image)[None])[0],
        middle,
        atol=(1.5 if redrawn else 0.5) / across,
    )
    columns, rows = np.floor(placement.invert(centres(image * (image > 200)))).astype(int).T
    reach = int(
        np.ceil(1.5 / across)
    )  # the lines of the picture may be thinner than they are redrawn
    padded = np.pad(255 - picture, reach)
    near = [
        padded[r : r + 2 * reach + 1, c : c + 2 * reach + 1].max()
        for r, c in zip(rows, columns, strict=True)
    ]
    assert min(near) > 200


def test_placements_follow_each_other():
    one, other = Placement((2.0, 3.0), (1.0, -1.0)), Placement((0.5, 5.0), (-4.0, 2.0))
    points = np.array([[0.3, 0.7], [10, -2]])
    np.testing.assert_allclose(one.then(other).apply(points), other.apply(one.apply(points)))
    np.testing.assert_allclose(one.then(other).invert(one.then(other).apply(points)), points)
