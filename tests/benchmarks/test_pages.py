"""Photos as phones make them, of every kind: the numbers on them are read, and nothing is invented."""

import collections
import sys

import numpy as np
import pytest

from benchmarks.pages import __main__ as command
from benchmarks.pages.__main__ import bundled, compared, longest_in_order, outcome
from benchmarks.pages.hand import drawn_roughly, drawn_with_a_mouse
from benchmarks.pages.page import KINDS, draw_page, pages, save
from tinycnn.preprocessing.image_files import read_picture
from tinycnn.pretrained.reading import Digit

PAGES = 3  # of each kind


@pytest.fixture(scope="module")
def classify():
    return bundled()


@pytest.mark.parametrize("kind", KINDS)
def test_the_digits_of_every_kind_of_page_are_read(kind, classify, tmp_path):
    counts = collections.Counter()
    for page in pages(PAGES, 15, drawn_with_a_mouse, (kind,)):
        counts += outcome(page, classify, tmp_path / "page.jpg")
    least = 0.85 if kind == "touching" else 0.95
    assert counts["in place"] >= least * counts["digits"], counts
    assert counts["invented"] <= 0.03 * counts["digits"], counts


def test_the_same_seed_draws_the_same_page():
    one, other = (draw_page("squared", np.random.default_rng(3), drawn_roughly) for _ in range(2))
    np.testing.assert_array_equal(one.picture, other.picture)
    assert one.rows == other.rows
    assert one.picture.dtype == np.uint8


@pytest.mark.parametrize("kind", ["pencil", "turned", "12 megapixels"])
def test_boxes_hold_the_ink(kind):
    page = draw_page(kind, np.random.default_rng(5), drawn_roughly)
    dark = page.picture.min(axis=2) < 0.75 * np.median(page.picture)
    inside = np.zeros(dark.shape, bool)
    for row in page.rows:
        for _, (top, left, bottom, right) in row:
            area = np.s_[round(top) : round(bottom) + 1, round(left) : round(right) + 1]
            inside[area] = True
            assert dark[area].mean() > 0.02
    assert dark[~inside].mean() < 0.002


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_page_comes_back_upright(orientation, tmp_path):
    page = draw_page("pen on white", np.random.default_rng(6), drawn_roughly)
    save(page._replace(orientation=orientation), tmp_path / "page.jpg")
    grey = read_picture(tmp_path / "page.jpg")
    assert grey.shape == page.picture.shape[:2]
    assert np.abs(255 * grey - page.picture.mean(axis=2)).mean() < 6


def found(digit, box, probability=0.9):
    return Digit(digit, probability, box, np.zeros((28, 28), np.uint8))


def test_what_counts_as_read_in_place():
    a, b = (0, 0, 10, 10), (0, 20, 10, 30)
    truth = [[(4, a), (2, b)]]
    assert compared(truth, [[found(4, a), found(2, b)]], 1)["in place"] == 2
    assert compared(truth, [[found(2, b), found(4, a)]], 1)["in place"] == 1
    counts = compared(truth, [[found(7, a), found(2, b, 0.3)]], 1)
    assert (counts["misread"], counts["unsure"], counts["in place"]) == (1, 1, 0)
    counts = compared(truth, [[found(4, a), found(1, (50, 50, 60, 60))]], 1)
    assert (counts["missing"], counts["invented"]) == (1, 1)
    assert longest_in_order([(0, 0), (1, 1), (0, 1), (1, 0)]) == {(0, 0), (0, 1), (1, 0)}


@pytest.mark.parametrize(
    ("words", "says"), [(("--seed", "-1"), "from 0 to"), (("--keep", "nowhere"), "Make the folder")]
)
def test_bad_options_are_said_before_any_work(monkeypatch, tmp_path, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["pages", *words])
    monkeypatch.setattr(command, "bundled", None)
    with pytest.raises(SystemExit):
        command.main()
    assert says in capsys.readouterr().err
