"""The reports on drawings, with a model that takes no time; the page of samples."""

import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks import drawings
from benchmarks.deformations import deformed, thickened
from tests.support.mean_digits import mean_digits
from tinycnn import datasets
from tinycnn.preprocessing.drawn import digit_styles, drawn_digits, other_styles
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.utils.errors import PictureError


class Always:
    """A model that is sure of one digit."""

    def predict(self, x, verbose):
        assert x.shape[1:] == (28, 28, 1)
        assert x.dtype == np.float32
        assert x.max() <= 1
        return np.tile(np.eye(10)[7], (len(x), 1))


def test_styles_and_digits_are_reported_worst_first(capsys):
    drawn = drawn_digits(np.random.default_rng(0), 60)
    drawings.report_drawings(Always(), drawn, "drawn digits")
    lines = capsys.readouterr().out.splitlines()
    shares = [float(line.split("%")[0]) for line in lines if " of " in line][:-1]
    styles = len({*drawn[2]})
    assert shares[:styles] == sorted(shares[:styles])
    assert shares[styles:] == sorted(shares[styles:]) == [0] * 9 + [100]
    assert "as 7" in lines[0]
    assert lines[-2].endswith("of 60 drawn digits")


def test_a_model_of_another_shape_and_range_is_asked_in_its_own(tmp_path, capsys):
    file = tmp_path / "flat.h5"
    mean_digits(DigitInput((784,), 0, 255)).save(file)
    digits = datasets.load("sample")
    answers = drawings.read(drawings.model_of(str(file)), digits.x_test[:200])
    assert np.mean(answers == digits.y_test[:200]) > 0.7
    assert "pixels from 0 to 255" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("--seed", "-1"), ("--model", ""), ("--samples", "no/x.png")])
def test_bad_options_are_said_before_any_work(monkeypatch, capsys, words):
    monkeypatch.setattr(sys, "argv", ["drawings", *words])
    for work in ("report", "sample_page"):
        monkeypatch.setattr(drawings, work, None)
    with pytest.raises((SystemExit, PictureError)) as info:
        drawings.main()
    said = f"{capsys.readouterr().err} {info.value}"
    assert "must be " in said or "there is no folder" in said


def test_no_digits_are_reported_by_kind(capsys):
    drawings.report_others(Always(), 400, 0, 0.6)
    text = capsys.readouterr().out
    assert "letters" in text
    assert "scribble" in text
    assert "100.00% of 400 drawings that are no digits" in text
    kinds = {drawings.kind_of(style) for style in other_styles()}
    assert {"letters", "symbols", "spiral"} <= kinds
    assert drawings.kind_of("a printed") == "letters"
    assert drawings.kind_of("pi") == "symbols"


def test_calibration_is_reported(capsys):
    images, digits, _ = drawn_digits(np.random.default_rng(0), 20, digit=7)
    drawings.report_calibration(Always(), {"sevens": (images, digits)}, 0.6)
    assert "100.00%" in capsys.readouterr().out.splitlines()[1]


def test_thick_digits_are_made_of_a_data_set_s():
    images = datasets.load("sample").x_test[:12]
    before = images.copy()
    thick = thickened(images, 1 / 3)
    assert thick.mean() > 1.5 * images.mean()
    assert thick.shape == images.shape
    same = deformed(images, lambda picture: picture)
    assert np.corrcoef(same.ravel(), images.ravel())[0, 1] > 0.9
    assert np.array_equal(images, before)


def test_a_page_of_samples_is_written(monkeypatch, tmp_path, capsys):
    file = tmp_path / "page.png"
    monkeypatch.setattr(sys, "argv", ["drawings", "--samples", str(file)])
    drawings.main()
    assert "wrote" in capsys.readouterr().out
    page = np.asarray(Image.open(file))
    assert page.ndim == 2
    assert (page == 255).mean() > 0.5
    assert (page < 64).sum() > 50 * (len(digit_styles()) + len(other_styles()))
    assert file.stat().st_size < 150_000


def test_the_threshold_is_the_window_s():
    pytest.importorskip("tkinter")
    from gui.widgets.settings import USUAL

    assert USUAL.threshold == drawings.THRESHOLD
