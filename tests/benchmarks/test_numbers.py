"""Drawn numbers as the window gets them, and the reports on them and on pages."""

import numpy as np

from benchmarks.numbers import drawn_number, report_numbers, report_pages
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


def test_numbers_are_reported(capsys):
    report_numbers(always_7, 10, 0)
    apart, whole, *_ = capsys.readouterr().out.split("\n")
    assert float(apart.split("%")[0]) >= 80
    assert whole.strip() == "0.00% of 10 drawn numbers: every digit read"


def test_pages_are_reported(capsys):
    report_pages(always_7, 1, 0)
    lines = capsys.readouterr().out.split("\n")
    shares = {line.split(": ")[1]: float(line.split("%")[0]) for line in lines[:5]}
    assert shares["unsure"] == 0
    assert shares["misread"] > 50
