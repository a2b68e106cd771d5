"""Loose writing: other proportions, cut corners, other ends; each by itself, and nothing else."""

import numpy as np
import pytest

from tinycnn.preprocessing.drawn import drawn_digits, drawn_others, loose
from tinycnn.preprocessing.drawn.loose import loosened

CORNER = np.array([[[0.2, 0.0], [0.2, 1.0], [0.8, 1.0]]])
FIRM = {"_PROPORTION": 0, "_MISPLACED": 0, "_MISSIZED": 0, "_CUT": 0, "_SHORT": 0, "_CURLED": 0}


@pytest.fixture
def firm(monkeypatch):
    """Writing that stays as it is."""
    for name, value in FIRM.items():
        monkeypatch.setattr(loose, name, value)
    return monkeypatch


def many(lines=CORNER, count=60):
    """Loose forms of one stroke, (n, 96, 2)."""
    return loosened([np.repeat(lines, count, axis=0)], np.random.default_rng(0))[0]


def length(line):
    return np.hypot(*np.diff(line, axis=0).T).sum()


def test_firm_writing_stays_on_its_line(firm):
    new = many()
    assert new.shape == (60, 96, 2)
    assert np.allclose(new[:, [0, -1]], CORNER[:, [0, -1]])
    assert np.minimum(abs(new[..., 0] - 0.2), abs(new[..., 1] - 1)).max() < 1e-9


def test_the_most_looseness_scales_all_of_it():
    lines = [np.repeat(CORNER, 200, axis=0)]
    ends = [loosened(lines, np.random.default_rng(0), most)[0][:, -1] for most in (1, 0.3, 0)]
    wide, narrow, none = (end.std(axis=0).max() for end in ends)
    assert wide > 2 * narrow > 0
    assert none < 1e-12


def test_the_middle_moves_and_the_edges_stay(firm):
    firm.setattr(loose, "_PROPORTION", 0.13)
    bar = np.linspace([0.5, 0], [0.5, 1], 9)[None]
    new = many(bar)
    assert np.allclose(new[:, 0, 1], 0)
    assert np.allclose(new[:, -1, 1], 1)
    assert np.diff(new[..., 1], axis=1).min() >= -1e-9, "points stay in their order"
    across = new[:, 48, 0] - 0.5
    assert 0.03 < np.std(across) < 0.13
    assert abs(across).max() <= 0.2


def test_corners_are_cut_and_ends_stay(firm):
    firm.setattr(loose, "_CUT", 0.45)
    new = many()
    assert np.allclose(new[:, [0, -1]], CORNER[:, [0, -1]])
    beside = np.hypot(*(new - [0.2, 1]).transpose(2, 0, 1)).min(axis=1)
    assert beside.min() < 0.01
    assert 0.03 < beside.max() < 0.1


def test_ends_are_cut_off(firm):
    firm.setattr(loose, "_SHORT", 1)
    lengths = np.array([length(line) for line in many()])
    assert 1.6 - 2 * 0.11 < lengths.min() < 1.5
    assert lengths.max() <= 1.6 + 1e-9


def test_ends_curl_in_both_directions(firm):
    firm.setattr(loose, "_CURLED", 1)
    new = many()
    lengths = np.array([length(line) for line in new])
    assert 1.6 - 0.03 < lengths.min() < 1.61  # 96 points cut the corner a little
    assert 1.75 < lengths.max() < 1.6 + 2 * 0.26
    assert new[:, -1, 1].min() < 0.95
    assert new[:, -1, 1].max() > 1.05


def test_strokes_are_beside_their_places_each_by_itself(firm):
    firm.setattr(loose, "_MISPLACED", 0.03)
    lines = [np.repeat(CORNER, 40, axis=0), np.repeat(CORNER[:, ::-1], 40, axis=0)]
    first, second = loosened(lines, np.random.default_rng(0))
    apart = first[:, 0] - second[:, -1]
    assert (abs(apart).max(axis=0) > 0.02).all()
    assert np.allclose(first - first[:, :1], (first - first[:, :1])[0])


def test_a_dot_stays_a_dot_and_the_caller_s_lines_stay():
    dot = np.full((50, 2, 2), 0.5)
    (new,) = loosened([dot], np.random.default_rng(0))
    assert np.isfinite(new).all()
    assert np.ptp(new, axis=1).max() < 1e-9
    assert (dot == 0.5).all()


@pytest.mark.parametrize("draw", [drawn_digits, drawn_others])
@pytest.mark.parametrize("pen", [None, (0.1, 0.3)])
def test_loose_drawings_are_others_of_the_same_styles(draw, pen):
    firm_ones = draw(np.random.default_rng(3), 60, pen=pen)
    loose_ones = draw(np.random.default_rng(3), 60, pen=pen, loose=1)
    again = draw(np.random.default_rng(3), 60, pen=pen, loose=1)
    assert (firm_ones[2] == loose_ones[2]).all()
    assert all(map(np.array_equal, loose_ones, again))
    assert np.any(firm_ones[0] != loose_ones[0], axis=(1, 2)).mean() > 0.95


@pytest.mark.parametrize("draw", [drawn_digits, drawn_others])
@pytest.mark.parametrize("wrong", [-0.5, 1.5, np.nan, "x", None])
def test_other_looseness_is_refused(draw, wrong):
    with pytest.raises((TypeError, ValueError), match="loose"):
        draw(np.random.default_rng(0), 2, loose=wrong)
