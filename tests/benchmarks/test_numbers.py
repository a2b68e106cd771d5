"""Drawn numbers as the window gets them, and the reports on them and on pages."""

import numpy as np

from benchmarks.numbers import KINDS, drawn_number, report_numbers, report_pages
from gui.drawing.number import digits_of


def always_7(images):
    return np.tile(np.eye(10)[7], (len(images), 1))


def test_a_drawn_number_lies_on_the_canvas_and_its_digits_are_told_apart():
    apart = []
    for seed in range(10):
        digits, items = drawn_number(np.random.default_rng(seed))
        frames = np.array([stroke.frame for stroke in items])
        assert frames.min() >= 0
        assert frames.max() <= 1
        apart.append(len(digits_of(items)) == len(digits))
    assert np.mean(apart) >= 0.8


def test_a_slanting_number_is_an_upright_one_that_leans():
    digits, upright = drawn_number(np.random.default_rng(3))
    same, leaning = drawn_number(np.random.default_rng(3), slanting=True)
    assert digits == same
    assert len(upright) == len(leaning)
    wider = [one.frame[2] - one.frame[0] for one in (upright[0], leaning[0])]
    assert wider[1] != wider[0]


def test_numbers_are_reported_by_kind(capsys):
    report_numbers(always_7, 5, 0)
    lines = capsys.readouterr().out.strip().split("\n")
    assert len(lines) == 2 * len(KINDS)
    assert lines[1].strip() == "0.00% of 5 drawn numbers, upright: every digit read"
    assert float(lines[0].split("%")[0]) >= 60


def test_pages_are_reported(capsys):
    report_pages(always_7, 1, 0)
    lines = capsys.readouterr().out.split("\n")
    shares = {line.split(": ")[1]: float(line.split("%")[0]) for line in lines[:5]}
    assert shares["unsure"] == 0
    assert shares["misread"] > 50
