"""scripts/predict.py, as a person uses it."""

import importlib.util
import io
import os
import pathlib
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks.pages.hand import drawn_with_a_mouse
from benchmarks.pages.page import draw_page, save
from tests.support import patience
from tinycnn import datasets
from tinycnn.layers import Dense, Flatten
from tinycnn.models import Sequential
from tinycnn.pretrained import digit_model
from tinycnn.utils import cli
from tinycnn.utils.errors import PictureError

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "predict.py"


@pytest.fixture(scope="module")
def predict():
    spec = importlib.util.spec_from_file_location("predict_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """A model that tells a digit by its likeness to the mean of each class."""
    digits = datasets.load("sample")
    x = digits.x_train.reshape(-1, 784) / 255
    means = np.stack([x[digits.y_train == digit].mean(axis=0) for digit in range(10)])
    model = Sequential([Flatten(input_shape=(28, 28, 1)), Dense(10, activation="softmax")])
    model.set_weights([means.T.astype("f4"), -0.5 * np.square(means).sum(axis=1).astype("f4")])
    path = tmp_path_factory.mktemp("model") / "means.h5"
    model.save(path)
    return path


@pytest.fixture
def pictures(tmp_path):
    """A 0 drawn dark on a large white page, and a 1 light on dark."""
    y, x = np.mgrid[:300, :200]
    ring = np.hypot((y - 150) / 1.3, x - 100)
    Image.fromarray(np.where((ring > 50) & (ring < 70), 0, 255).astype(np.uint8)).save(
        tmp_path / "zero.png"
    )
    bar = np.where((np.abs(x - 100) < 9) & (np.abs(y - 150) < 90), 255, 0)
    Image.fromarray(bar.astype(np.uint8)).save(tmp_path / "one.png")
    return tmp_path


def test_digits_and_ten_probabilities(predict, model_file, pictures, capsys):
    images = [str(pictures / "zero.png"), str(pictures / "one.png")]
    assert predict.main([*images, "--model", str(model_file)]) == 0
    model, *lines = capsys.readouterr().out.splitlines()
    assert model == f"model: {model_file}"
    assert lines[0] == f"{images[0]}: 0"
    assert lines[11] == f"{images[1]}: 1"
    shares = [float(line.split()[1].rstrip("%")) for line in lines[1:11]]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert max(shares) == shares[0]
    assert [line.split()[0] for line in lines[1:11]] == list("0123456789")


def test_one_bad_picture_among_several(predict, model_file, pictures, capsys):
    (pictures / "text.png").write_text("seven")
    Image.new("L", (50, 50), 255).save(pictures / "blank.png")
    names = ["missing.png", "zero.png", "text.png", "blank.png", "one.png"]
    code = predict.main([*(str(pictures / n) for n in names), "--model", str(model_file)])
    out, err = capsys.readouterr()
    assert code == 1
    assert [line for line in out.splitlines() if line.endswith((".png: 0", ".png: 1"))]
    assert out.count(".png: ") == 2
    errors = err.splitlines()
    assert len(errors) == 3
    for error, name in zip(errors, ("missing.png", "text.png", "blank.png"), strict=True):
        assert error.startswith(f"error: {pictures / name}: ")
    assert "no ink" in errors[2]


@pytest.fixture
def page(tmp_path):
    """A page with numbers: its path and its lines."""
    page = draw_page("ruled", np.random.default_rng(8), drawn_with_a_mouse)
    save(page, tmp_path / "page.jpg")
    return tmp_path / "page.jpg", ["".join(str(digit) for digit, _ in row) for row in page.rows]


def test_a_page_is_read_line_by_line_and_what_was_found_is_drawn(predict, page, tmp_path, capsys):
    path, lines = page
    boxes = tmp_path / "found.png"
    assert predict.main([str(path), "--boxes", str(boxes)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1] == f"{path}:"
    assert [line.strip() for line in out[2:]] == lines
    with Image.open(boxes) as found, Image.open(path) as picture:
        assert found.size == picture.size
        red = np.all(np.asarray(found) == (220, 30, 30), axis=2)
        assert red.sum() > 50 * sum(map(len, lines))


def test_boxes_never_replace_the_picture_itself(predict, pictures):
    picture = pictures / "zero.png"
    before = picture.read_bytes()
    link = pictures / "link.png"
    link.symlink_to(picture)
    for name in (picture, link, pictures / "." / "zero.png"):
        with pytest.raises(PictureError, match="that is the picture itself"):
            predict.main([str(picture), "--boxes", str(name)])
    assert picture.read_bytes() == before


def test_what_cannot_be_read_is_said(predict, page, monkeypatch, capsys):
    path, lines = page
    count = sum(map(len, lines))
    real = digit_model.probabilities

    def doubtful(model, name, x):
        shares = real(model, name, x)
        return np.where(shares.argmax(axis=1)[:, None] == int(lines[0][0]), 0.1, shares)

    monkeypatch.setattr(digit_model, "probabilities", doubtful)
    assert predict.main([str(path)]) == 0
    unsure = sum(line.count(lines[0][0]) for line in lines)
    out = capsys.readouterr().out.splitlines()
    assert out[2].strip() == lines[0].replace(lines[0][0], "?")
    assert out[-1].endswith(f" of {count} cannot be read as a digit: ?")
    assert out[-1].strip().startswith(f"{unsure} mark")
    monkeypatch.setattr(
        digit_model, "probabilities", lambda model, name, x: 0.1 + 0 * real(model, name, x)
    )
    assert predict.main([str(path)]) == 1
    assert "can be read as a digit. Draw digits" in capsys.readouterr().err


def test_a_mark_that_is_no_digit_is_said(predict, pictures, monkeypatch, capsys):
    real, zero, one = digit_model.probabilities, pictures / "zero.png", pictures / "one.png"

    def doubtful(model, name, x):
        shares = real(model, name, x)
        return np.where(shares.argmax(axis=1)[:, None] == 0, 0.06 + 0.4 * np.eye(10)[0], shares)

    monkeypatch.setattr(digit_model, "probabilities", doubtful)
    assert predict.main([str(zero), str(one)]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[1] == f"{zero}: no digit, most like 0"
    assert lines[2].split()[:2] == ["0", "46.0%"]
    assert lines[12] == f"{one}: 1"
    assert err == ""
    assert predict.main([str(one)]) == 0


def test_boxes_of_several_pictures_are_a_usage_error(predict, capsys):
    with pytest.raises(SystemExit) as ended:
        predict.main(["a.png", "b.png", "--boxes", "out.png"])
    assert ended.value.code == 2
    assert "--boxes takes one IMAGE. Received: 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("encoding", "bar"), [("utf-8", "█"), ("cp437", "█"), ("ascii", "#"), (None, "#")]
)
def test_bars_are_what_the_terminal_can_show(predict, encoding, bar):
    assert predict.bar_of(encoding) == bar


def test_plain_ascii_output(predict, model_file, pictures, monkeypatch):
    (pictures / "zero.png").rename(pictures / "null-é.png")
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    options = [str(pictures / "null-é.png"), "--model", str(model_file)]
    with pytest.raises(SystemExit) as ended:
        cli.run(lambda: predict.main(options))
    assert ended.value.code == 0
    text = out.buffer.getvalue().decode("ascii")
    assert "null-\\xe9.png: 0" in text
    assert "#" in text


def test_without_a_name_the_own_model_comes_before_the_bundled_one(
    predict, model_file, pictures, monkeypatch, capsys
):
    monkeypatch.chdir(pictures)
    assert predict.main(["one.png"]) == 0
    assert capsys.readouterr().out.startswith("model: the bundled model\none.png: 1\n")
    shutil.copy(model_file, "mnist.h5")
    assert predict.main(["one.png"]) == 0
    assert capsys.readouterr().out.startswith("model: mnist.h5\none.png: 1\n")


def run(*options, cwd):
    command = [sys.executable, str(SCRIPT), *map(str, options)]
    return patience.run(command, cwd=cwd, encoding="utf-8")


def test_a_model_for_something_else_is_a_sentence(pictures):
    model = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(3)])
    model.save(pictures / "other.h5")
    done = run("zero.png", "--model", "other.h5", cwd=pictures)
    assert done.returncode == 1
    assert done.stderr.startswith("error: other.h5: the model turns (4, 4, 1) into (3,)")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_missing_model_is_a_sentence(pictures):
    done = run("zero.png", "--model", "missing.h5", cwd=pictures)
    assert done.returncode == 1
    assert done.stderr.startswith("error: missing.h5")
    assert len(done.stderr.splitlines()) == 1


def test_help_and_wrong_options(tmp_path):
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "examples:" in done.stdout
    assert run(cwd=tmp_path).returncode == 2
    assert "Traceback" not in run("a.png", "--no-such", cwd=tmp_path).stderr


def test_help_needs_neither_numba_nor_the_package():
    code = (
        f"import sys, runpy; sys.argv = ['predict.py', '--help']\n"
        f"try: runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
        f"except SystemExit: pass\n"
        f"sys.exit(bool({{'numpy', 'numba', 'h5py', 'PIL'}} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1])}
    done = patience.run([sys.executable, "-c", code], env=environment)
    assert done.returncode == 0


@pytest.mark.parametrize("boxes", ["no-such-folder/found.png", "found", "found.xyz"])
def test_boxes_that_cannot_be_written_are_named_before_the_work(predict, tmp_path, boxes):
    with pytest.raises(PictureError, match=boxes):
        predict.main(["no-such.png", "--boxes", str(tmp_path / boxes)])
