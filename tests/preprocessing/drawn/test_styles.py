"""Styles are read from data, and their lines go where the data says."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from tinycnn.preprocessing import strokes_to_mnist
from tinycnn.preprocessing.drawn import styles
from tinycnn.preprocessing.drawn.styles import lines_of, load_styles, read_style, through

FILES = ("digits.json", "signs.json")
SIMILAR = 0.02  # squared distance of two images, as a share of the square of one


@pytest.fixture
def exact(monkeypatch):
    """A hand that misses nothing."""
    monkeypatch.setattr(styles, "_SPREAD", 0.0)


def line_of(free, stroke, count=1):
    """Return the one line of a style, (count, m, 2)."""
    (line,) = lines_of(read_style(free, [stroke]), count, np.random.default_rng(0))
    return line


def test_numbers_are_sums_of_constants_and_parameters():
    style = read_style({"w": [0, 1], "e": [2, 3]}, [".5-.3w+e,-w"], 4)
    assert style.weight == 4
    assert (style.low.tolist(), style.high.tolist()) == ([0, 2], [1, 3])
    assert style.strokes[0][0][0].tolist() == [[0.5, -0.3, 1.0], [0.0, -1.0, 0.0]]


def test_a_number_without_sense_is_no_style():
    with pytest.raises(ValueError):
        read_style({"w": [0, 1]}, [".5+x,1"])
    with pytest.raises(ValueError):
        read_style({"w": [0, 1]}, [".5.5,1"])


def test_a_line_goes_through_its_points_smoothly_and_round_its_corners_not(exact):
    smooth = line_of({"w": [1, 1]}, "0,0 .5w,1 1,0")[0]
    assert smooth[::8].tolist() == [[0, 0], [0.5, 1], [1, 0]]
    corner = line_of({"w": [1, 1]}, "0,0 / .5w,1 / 1,0")[0]
    assert np.allclose(corner[:, 1], 1 - abs(2 * corner[:, 0] - 1))
    assert np.abs(np.diff(corner, axis=0)).max() < 0.2, "the pen is not lifted"
    assert not np.allclose(smooth[:, 1], 1 - abs(2 * smooth[:, 0] - 1))


def test_an_arc_is_round(exact):
    arc = line_of({"w": [0.3, 0.4]}, ".5,.6,w,w,-90,-360", 20)
    radius = np.hypot(*(arc - [0.5, 0.6]).T)  # (m, 20)
    assert (np.ptp(radius, axis=0) < 0.02).all()
    assert radius.min() > 0.28
    assert radius.max() < 0.41
    assert np.ptp(radius[0]) > 0.05, "the parameter varies"
    assert np.allclose(arc[:, 0, 0], 0.5)
    assert (arc[:, 10, 0] < 0.5).all(), "first to the left"


def test_points_are_missed_by_little():
    line = line_of({"w": [0, 0]}, "0,0 1,1", 500)
    assert 0.005 < line[:, 0].std() < 0.03
    assert 0.005 < line[:, -1].std() < 0.03


def test_a_curve_through_one_point_is_that_point():
    assert through(1).tolist() == [[1.0]]
    assert np.allclose(through(5).sum(axis=1), 1)


@pytest.mark.parametrize("file", FILES)
def test_the_files_hold_what_they_should(file):
    folder = pathlib.Path(styles.__file__).parent
    text = (folder / file).read_text(encoding="utf-8")
    pairs = json.loads(text, object_pairs_hook=list)
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)) == len(load_styles(file))
    rng = np.random.default_rng(0)
    for name, style in load_styles(file).items():
        assert style.weight > 0, name
        assert (style.low <= style.high).all(), name
        free = json.loads(text)[name][0]
        assert set("".join(json.loads(text)[name][1])) & {*free} == {*free}, f"{name}: all used"
        points = np.concatenate(lines_of(style, 50, rng), axis=1)
        assert points.min() > -0.7, name
        assert points.max() < 1.7, name
        assert np.ptp(points, axis=1).max() > 0.6, name


@pytest.mark.parametrize("file", FILES)
def test_every_style_differs_from_every_other(file, exact):
    rng, images = np.random.default_rng(0), []
    for style in load_styles(file).values():
        middle = (style.low + style.high) / 2
        lines = lines_of(dataclasses.replace(style, low=middle, high=middle), 1, rng)
        images.append(strokes_to_mnist([line[0] for line in lines]).ravel() / 255)
    images = np.array(images)
    distances = np.square(images[:, None] - images).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = (distances / np.square(images).sum(axis=1)).min(axis=0)
    assert nearest.min() > SIMILAR, [*load_styles(file)][nearest.argmin()]
