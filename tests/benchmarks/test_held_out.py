"""Styles held out: no drawing of them is trained on, and each is tested."""

import dataclasses
import sys

import numpy as np

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


@needs_kernels
def test_every_style_is_tested_once(monkeypatch, capsys):
    x, y, pool = small_pool()
    monkeypatch.setattr(held_out, "Pool", lambda *_: pool)
    sample = datasets.load("sample")
    monkeypatch.setattr(
        held_out.datasets, "load", lambda _: dataclasses.replace(sample, x_train=x, y_train=y)
    )
    words = ["held_out", "--groups", "2", "--epochs", "1", "--drawings", "2"]
    monkeypatch.setattr(sys, "argv", words)
    held_out.main()
    printed = capsys.readouterr().out
    assert f"mean of {len(digit_styles())} styles" in printed
    assert f"mean of {len(other_styles())} that are no digits" in printed
    assert printed.count("group") == 2
