"""A hand writes lines: nearly where they are, each time otherwise."""

import numpy as np
import pytest

from tinycnn.preprocessing.drawn import hand
from tinycnn.preprocessing.drawn.hand import written

CORNER = np.array([[[0.2, 0.0], [0.2, 1.0], [0.8, 1.0]]])
STEADY = {"_BEND": 0, "_MISPLACED": 0, "_MISSIZED": 0, "_SLANT": 0, "_SLANTS": 0, "_TURN": 0}
STEADY |= {
    "_STRETCH": 0,
    "_SLIP": 0,
    "_HOOKED": 0,
    "_BROKEN": 0,
    "_TREMOR": 0,
    "_REVERSED": 0,
    "_SHUFFLED": 0,
}


@pytest.fixture
def steady(monkeypatch):
    """A hand that draws what it should; only size, place and points differ."""
    for name, value in {**STEADY, "_SPACING": (0.02, 0.02), "_SIZE": (400, 400)}.items():
        monkeypatch.setattr(hand, name, value)
    return monkeypatch


def one(rng, line=CORNER):
    """Return the one drawing of a line by one hand."""
    (drawing,) = written([line], rng)
    return drawing


def test_a_steady_hand_draws_the_line(steady):
    (stroke,) = one(np.random.default_rng(0))
    moved = stroke - stroke[0]
    assert np.abs(moved[-1] - [240, 400]).max() <= 2
    assert np.abs(np.minimum(abs(moved[:, 0]), abs(moved[:, 1] - 400))).max() <= 2
    steps = np.hypot(*np.diff(stroke, axis=0).T)
    assert steps.max() < 12


def test_the_caller_s_lines_stay():
    line = np.repeat(CORNER, 3, axis=0)
    drawings = written([line], np.random.default_rng(0))
    assert len(drawings) == 3
    assert np.array_equal(line, np.repeat(CORNER, 3, axis=0))
    assert not np.array_equal(drawings[0][0], drawings[1][0])


@pytest.mark.parametrize(
    ("changed", "least"),
    [
        ({"_BEND": 0.1}, 0.01),
        ({"_SLANTS": 0.3}, 0.05),
        ({"_TURN": 20}, 0.05),
        ({"_STRETCH": 0.4}, 0.05),
        ({"_TREMOR": 0.1}, 0.01),
        ({"_SLIP": 0.05}, 0.01),
        ({"_HOOKED": 1}, 0.01),
    ],
)
def test_each_habit_changes_the_shape(steady, changed, least):
    def ends(seed):
        (stroke,) = one(np.random.default_rng(seed))
        return (stroke[-1] - stroke[0]) / 400

    assert np.std([ends(seed) for seed in range(20)], axis=0).max() < least / 5
    for name, value in changed.items():
        steady.setattr(hand, name, value)
    assert np.std([ends(seed) for seed in range(20)], axis=0).max() > least


def test_strokes_break_turn_round_and_change_their_order(steady):
    steady.setattr(hand, "_BROKEN", 1)
    first, second = one(np.random.default_rng(0))
    gap = np.hypot(*(second[0] - first[-1]))
    assert 0 < gap < 0.15 * 400
    steady.setattr(hand, "_BROKEN", 0)
    steady.setattr(hand, "_REVERSED", 1)
    (stroke,) = one(np.random.default_rng(0))
    assert stroke[0, 0] > stroke[-1, 0] + 200, "from the right end to the top"
    steady.setattr(hand, "_SHUFFLED", 1)
    lines = [CORNER, np.array([[[0.0, 0.0], [0.0, 0.5]]])]
    orders = {len(written(lines, np.random.default_rng(seed))[0][0]) for seed in range(20)}
    assert len(orders) == 2


def test_both_ends_slip(steady):
    steady.setattr(hand, "_SLIP", 0.05)
    strokes = [one(np.random.default_rng(seed))[0] for seed in range(40)]
    down = [stroke[:, 1].max() - stroke[0, 1] for stroke in strokes]
    across = [stroke[-1, 0] - stroke[:, 0].min() for stroke in strokes]
    for length, drawn in ((400, down), (240, across)):
        assert abs(np.mean(drawn) - length) < 10
        assert 10 < np.std(drawn) < 25


def test_a_dot_stays_a_dot(steady):
    steady.setattr(hand, "_SLIP", 0.05)
    dot = np.array([[[0.5, 0.5], [0.501, 0.5]]])
    for seed in range(30):
        (stroke,) = one(np.random.default_rng(seed), dot)
        assert np.isfinite(stroke).all()
        assert np.ptp(stroke, axis=0).max() <= 1
