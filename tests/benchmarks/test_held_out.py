"""Styles held out: no drawing of them is trained on, and each is tested."""

import dataclasses
import sys

import numpy as np
import pytest

from benchmarks import held_out
from tests.support.marks import needs_kernels
from tinycnn import datasets
from tinycnn.preprocessing.drawn import digit_styles, other_styles


def small_pool():
    digits = datasets.load("sample")
    x, y = digits.x_train[:150], digits.y_train[:150]
    return x, y, held_out.Pool(x, y, np.random.default_rng(0))


def test_an_epoch_leaves_styles_out():
    _, _, pool = small_pool()
    seen = [style for _, _, styles in pool.parts[1:] for style in styles]
    for place, (images, labels, styles) in enumerate(pool.parts):
        marked = np.full_like(images, place + 1)  # told apart by their brightness
        marked[styles == seen[0]] = 100
        pool.parts[place] = marked, labels, styles
    images, labels = pool.epoch(np.random.default_rng(0), [seen[0]])
    assert len(images) == len(labels) > 50
    assert 100 not in np.rint(images * 255)
    assert set(np.unique(np.rint(images * 255))) == {1, 2, 3, 4, 5}


@pytest.fixture
def little(monkeypatch):
    """Little data and one epoch; returns how to call the command."""
    x, y, pool = small_pool()
    few = dataclasses.replace(datasets.load("sample"), x_train=x, y_train=y)
    monkeypatch.setattr(held_out, "Pool", lambda *_: pool)
    monkeypatch.setattr(held_out.datasets, "load", lambda _: few)

    def call(*words):
        words = ["held_out", "--epochs", "1", "--drawings", "2", *words]
        monkeypatch.setattr(sys, "argv", words)
        held_out.main()

    return call


@needs_kernels
def test_every_style_is_tested_once(little, capsys):
    little("--groups", "2")
    printed = capsys.readouterr().out
    assert f"mean of {len(digit_styles())} styles" in printed
    assert f"mean of {len(other_styles())} that are no digits" in printed
    assert printed.count("group") == 2


@needs_kernels
def test_styles_that_are_named_are_left_out_one_by_one(little, monkeypatch, capsys):
    left_out, train = [], held_out.train
    monkeypatch.setattr(held_out, "train", lambda *a: left_out.append(a[3]) or train(*a))
    little("--styles", "1 tail up", "coil")
    assert left_out == [["1 tail up"], ["coil"]]
    printed = capsys.readouterr().out
    assert "mean of 1 styles" in printed
    assert "mean of 1 that are no digits" in printed


def test_unknown_styles_are_named_before_the_work(little, monkeypatch):
    monkeypatch.setattr(held_out, "Pool", None)
    with pytest.raises(ValueError, match="--styles: '1 tail' is none of the styles"):
        little("--styles", "1 tail")
