"""A small file can describe a net that computes for hours: refused, with the estimate, before it runs."""

import pathlib
import runpy
import sys

import pytest

from gui.recognition.recogniser import Recogniser
from tinycnn import gradcheck, pretrained
from tinycnn.layers import AveragePooling2D, Conv2D, Dense, Flatten, Input, MaxPooling2D, ReLU
from tinycnn.models import Sequential, cost
from tinycnn.utils import cli
from tinycnn.utils.errors import ModelFileError

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
COSTLY = "one sample takes about 5,900,849,472 operations, and 5,000,000,000 are the most"
WIDE = "a layer hands on 1,176,000 numbers a sample, and 1,048,576 are the most"


def net(filters, poolings):
    """A net of few weights, whose pooling windows are as large as the picture."""
    layers = [MaxPooling2D(28, strides=1, padding="same") for _ in range(poolings)]
    ending = [MaxPooling2D(28), Flatten(), Dense(10, activation="softmax")]
    return Sequential([Input((28, 28, 1)), Conv2D(filters, 1), *layers, *ending])


@pytest.fixture(scope="module")
def costly(tmp_path_factory):
    """Files of less than 0.5 MB: {what is said: file}."""
    folder = tmp_path_factory.mktemp("costly")
    files = {}
    for said, model in {COSTLY: net(64, 150), WIDE: net(1500, 0)}.items():
        path = folder / f"{len(files)}.h5"
        model.save(path)
        assert path.stat().st_size < 500_000
        files[said] = str(path)
    return files


def test_each_layer_knows_its_operations():
    layers = [
        Input((9, 9, 2)),
        Conv2D(4, (3, 2), strides=2),  # (4, 4, 4): 16 places, 48 weights
        ReLU(),
        AveragePooling2D(),  # (2, 2, 4), of windows of 4
        Flatten(),
        Dense(3),
    ]
    model = Sequential(layers)
    assert [layer.operations() for layer in model.layers] == [1536, 64, 64, 16, 96]
    assert cost.operations(model.layers) == 1776
    assert cost.largest_output(model.layers) == 64


def test_the_classic_net_is_far_below_the_limits():
    layers = [
        Input((28, 28, 1)),
        Conv2D(32, 3, activation="relu"),
        Conv2D(64, 3, activation="relu"),
        MaxPooling2D(),
        Flatten(),
        Dense(256, activation="relu"),
        Dense(10, activation="softmax"),
    ]
    classic = Sequential(layers).layers
    assert cost.operations(classic) == pytest.approx(26e6, rel=0.1)
    assert 150 * cost.operations(classic) < cost.MOST_OPERATIONS
    assert 20 * cost.largest_output(classic) < cost.MOST_NUMBERS
    for layers in (classic, pretrained.load().layers):
        cost.check_cost(layers, "good.h5")


def run(command, options, monkeypatch):
    """Run a script of the project, or the gradient check, as a command; return its exit code."""
    monkeypatch.setattr(sys, "argv", [command, *map(str, options)])
    main = gradcheck.main
    if command != "gradcheck":
        main = runpy.run_path(str(SCRIPTS / f"{command}.py"))["main"]
    with pytest.raises(SystemExit) as ended:
        cli.run(main)
    return ended.value.code


@pytest.mark.parametrize("said", [COSTLY, WIDE])
@pytest.mark.parametrize("command", ["predict", "evaluate", "gradcheck"])
def test_a_costly_model_is_refused_by_every_command(command, said, costly, monkeypatch, capsys):
    path = costly[said]
    options = {
        "predict": ["none.png", "--model", path],
        "evaluate": ["--model", path, "--data", "sample"],
        "gradcheck": [path],
    }
    code = run(command, options[command], monkeypatch)
    assert code == 1
    assert capsys.readouterr().err == (
        f"error: {path}: {said}. "
        "Give a smaller model, or run a script of the project with --force.\n"
    )


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("predict", [""]),
        ("predict", ["none.png", "--model", ""]),
        ("evaluate", ["--model", ""]),
        ("evaluate", ["--mistakes", ""]),
        ("train", ["--output", ""]),
        ("gradcheck", [""]),
    ],
)
def test_an_empty_name_is_refused_by_every_command(command, options, monkeypatch, capsys):
    assert run(command, options, monkeypatch) == 2
    assert "must be the name of a file. Received: an empty text" in capsys.readouterr().err


def test_a_gradient_check_shows_each_row_when_it_is_there(tmp_path, monkeypatch, capsys):
    path = tmp_path / "small.h5"
    Sequential([Flatten(input_shape=(28, 28, 1)), Dense(10, activation="softmax")]).save(path)
    seen = []

    def compare(*arguments, compared=gradcheck.compare):
        seen.append(capsys.readouterr().out.splitlines()[-1].split()[0])
        return compared(*arguments)

    monkeypatch.setattr(gradcheck, "compare", compare)
    assert run("gradcheck", [path], monkeypatch) == 0
    assert seen == ["tensor", "dense/kernel", "dense/bias"]


def test_the_window_refuses_a_costly_model(costly):
    for said, path in costly.items():
        with pytest.raises(ModelFileError, match=said.split(",")[0]):
            Recogniser().load(path)


def test_force_takes_it_all_the_same(costly, monkeypatch, capsys):
    path = costly[WIDE]
    assert run("predict", ["none.png", "--force", "--model", path], monkeypatch) == 1
    out, err = capsys.readouterr()
    assert out == f"model: {path}\n"
    assert "none.png: there is no such file" in err
