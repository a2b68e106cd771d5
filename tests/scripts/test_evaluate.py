"""scripts/evaluate.py, as a person uses it."""

import importlib.util
import os
import pathlib
import sys

import numpy as np
import pytest
from PIL import Image

from tests.support import patience
from tinycnn import datasets, utils
from tinycnn.layers import Dense, Flatten
from tinycnn.models import Sequential
from tinycnn.utils.errors import PictureError

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "evaluate.py"


@pytest.fixture(scope="module")
def evaluate():
    spec = importlib.util.spec_from_file_location("evaluate_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model():
    """A model that tells a digit by its likeness to the mean of each class."""
    digits = datasets.load("sample")
    x = digits.x_train.reshape(-1, 784) / 255
    means = np.stack([x[digits.y_train == digit].mean(axis=0) for digit in range(10)])
    model = Sequential([Flatten(input_shape=(28, 28, 1)), Dense(10, activation="softmax")])
    model.set_weights([means.T.astype("f4"), -0.5 * np.square(means).sum(axis=1).astype("f4")])
    return model


def test_the_whole_report(evaluate, model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model.save("mnist.h5")
    evaluate.main(["--data", "sample"])
    out = capsys.readouterr().out

    digits = datasets.load("sample")
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    x = digits.x_test[..., None] / np.float32(255)
    loss, accuracy = model.evaluate(x, utils.to_categorical(digits.y_test, 10), verbose=0)
    assert "model: mnist.h5\n" in out
    assert f"test loss {loss:.4f}, test accuracy {accuracy:.2%} (sample, 2,000 digits)" in out

    rows = [line.split() for line in out.splitlines() if line[:6].strip().isdecimal()]
    rows = [row for row in rows if len(row) == 13]
    assert [row[0] for row in rows] == list("0123456789")
    counts = np.array([[0 if cell == "." else int(cell) for cell in row[1:11]] for row in rows])
    assert counts.sum() == 2000
    assert counts.trace() == round(accuracy * 2000)
    assert [int(row[11]) for row in rows] == [200] * 10
    assert [row[12] for row in rows] == [f"{counts[d, d] / 200:.2%}" for d in range(10)]

    wrong = 2000 - counts.trace()
    assert f"wrote mistakes.png: the worst 40 of {wrong} mistakes" in out
    with Image.open("mistakes.png") as sheet:
        assert sheet.size == (8 * 120 + 8, 5 * 138 + 8)
    assert sorted(os.listdir()) == ["mistakes.png", "mnist.h5"]


def test_a_compiled_model_with_another_loss_is_judged_alike(evaluate, model, tmp_path, capsys):
    config = Sequential.from_config(model.get_config())
    config.set_weights(model.get_weights())
    config.compile("adadelta", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(tmp_path / "a.h5")
    config.save(tmp_path / "b.h5")
    reports = []
    for name in ("a.h5", "b.h5"):
        options = ["--data", "sample", "--mistakes", str(tmp_path / "m.png")]
        evaluate.main(["--model", str(tmp_path / name), *options])
        reports.append(capsys.readouterr().out.splitlines()[1:])
    assert reports[0] == reports[1]


def test_the_worst_mistake_comes_first(evaluate, tmp_path, monkeypatch):
    from tinycnn.utils import plots

    probabilities = np.full((4, 10), 0.01, np.float32)
    for row, (digit, share) in enumerate([(3, 0.9), (5, 0.5), (6, 0.95), (7, 0.91)]):
        probabilities[row, digit] = share
    labels = np.array([3, 1, 2, 4])
    probabilities[1, 1], probabilities[2, 2], probabilities[3, 4] = 0.4, 0.0, 0.02
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    shown = []

    def contact_sheet(images, captions):
        shown.extend(zip(images[:, 0, 0].tolist(), captions, strict=True))
        return Image.new("L", (1, 1))

    monkeypatch.setattr(plots, "contact_sheet", contact_sheet)
    evaluate.write_mistakes(tmp_path / "m.png", images, labels, probabilities)
    assert shown == [(2, "2 -> 6  95.0%"), (3, "4 -> 7  91.0%"), (1, "1 -> 5  50.0%")]


def test_no_mistakes_write_no_picture(evaluate, tmp_path, capsys):
    images = np.zeros((10, 28, 28), np.uint8)
    evaluate.write_mistakes(tmp_path / "m.png", images, np.arange(10), np.eye(10, dtype="f4"))
    assert "no mistakes" in capsys.readouterr().out
    assert os.listdir(tmp_path) == []


def test_a_digit_that_does_not_occur_has_no_recall(evaluate):
    counts = np.zeros((10, 10), int)
    counts[4, 4] = 3
    lines = evaluate.table(counts).splitlines()
    assert lines[2 + 4].split()[-2:] == ["3", "100.00%"]
    assert lines[2 + 5].split()[-2:] == ["0", "-"]
    assert len({len(line) for line in lines[1:]}) == 1  # aligned


def test_loss_of_a_probability_that_underflowed_is_finite(evaluate):
    probabilities = np.eye(10, dtype=np.float32)[:2]
    losses = evaluate.losses_of(probabilities, np.array([0, 5]))
    assert losses[0] == 0
    assert 80 < losses[1] < 100


def run(*options, cwd):
    command = [sys.executable, str(SCRIPT), *map(str, options)]
    return patience.run(command, cwd=cwd)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "missing.h5", "--data", "sample"], "missing.h5"),
        (["--model", "small.h5", "--data", "sample"], "not (28, 28, 1) into (10,)"),
        (["--model", "good.h5", "--data", "no-such-folder"], "no-such-folder"),
        (["--model", "good.h5", "--data", "sample", "--mistakes", "no/m.png"], "m.png"),
    ],
)
def test_mistakes_of_the_user_are_sentences(model, tmp_path, options, words):
    model.save(tmp_path / "good.h5")
    Sequential([Flatten(input_shape=(4, 4, 1)), Dense(3)]).save(tmp_path / "small.h5")
    done = run(*options, cwd=tmp_path)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_help(tmp_path):
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "examples:" in done.stdout


@pytest.mark.parametrize("name", ["folder", "missing/a.png", "a.txt", f"{'x' * 300}.png"])
def test_where_no_mistakes_can_be_written_is_noticed_first(evaluate, tmp_path, capsys, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(PictureError):
        evaluate.main(["--data", "sample", "--mistakes", str(tmp_path / name)])
    assert capsys.readouterr().out == ""
    assert os.listdir(tmp_path) == ["folder"]
