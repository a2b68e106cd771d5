"""The inside as a picture: every number where it belongs, without a screen, and mistakes in sentences."""

import copy
import os
import shutil
import sys
from array import array

import numpy as np
import pytest
from PIL import Image

from gui.drawing.drawing import Stroke
from gui.inside import export, passes
from gui.inside.colours import extent
from gui.inside.mosaic import coloured
from gui.recognition.recogniser import prepare
from tests.support import patience
from tests.support.painted_digits import strokes
from tests.support.xvfb import ROOT
from tinycnn import layers, pretrained, utils
from tinycnn.models.sequential import Sequential
from tinycnn.preprocessing.strokes import rasterise
from tinycnn.pretrained.digit_input import USUAL
from tinycnn.utils.errors import ModelFileError


def items_of(digit):
    return tuple(
        Stroke(array("d", np.array(line).ravel().tolist()), 0.07) for line in strokes(digit)
    )


@pytest.fixture(scope="module")
def model():
    """A small net with average pooling and tanh."""
    utils.set_random_seed(4)
    net = Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(5, 5, activation="tanh"),
            layers.AveragePooling2D(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    net.compile("sgd", "categorical_crossentropy")
    return net


@pytest.fixture(scope="module")
def folder(tmp_path_factory, model):
    folder = tmp_path_factory.mktemp("folder")
    ink = rasterise(
        [np.array(line) * 0.6 + 0.2 for line in strokes(5)], [0.06] * len(strokes(5)), 300
    )
    Image.fromarray(255 - ink).save(folder / "five.png")
    Image.new("L", (40, 40), 255).save(folder / "blank.png")
    (folder / "nonsense.h5").write_text("no model")
    (folder / "nonsense.png").write_text("no picture")
    model.save(folder / "small.h5")
    return folder


def holds(whole, part):
    """Return whether a picture (h, w, 3) has another in it, pixel for pixel."""
    height, width, _ = part.shape
    colourful = max(range(height), key=lambda row: len(np.unique(part[row], axis=0)))
    data, wanted, at = whole.tobytes(), part[colourful].tobytes(), -1
    while (at := data.find(wanted, at + 1)) >= 0:
        row, left = divmod(at // 3, whole.shape[1])
        there = whole[row - colourful : row - colourful + height, left : left + width]
        if np.array_equal(there, part):
            return True
    return False


def tile_of(values, place, zoom):
    table = np.frombuffer(export.PALETTE.table, np.uint8).reshape(-1, 3)
    tile = coloured(values[..., place], extent(values)[1], table)
    return tile.repeat(zoom, axis=0).repeat(zoom, axis=1)


def test_every_map_of_every_layer_is_in_the_picture(model):
    items = items_of(5)
    whole = np.asarray(export.view(model, "small.h5", items))
    assert whole.shape[1] == export.WIDTH
    values = passes.forward(model, USUAL.prepare(prepare(items)[None])).values
    places = export.places_of(passes.layer_infos(model))
    for numbers, column in list(zip(values, places, strict=True))[1:3]:
        assert len(column.seen) == 5
        assert all(holds(whole, tile_of(numbers, place, column.zoom)) for place in range(5))
        assert not holds(whole, tile_of(numbers[::-1], 0, column.zoom))


def test_the_way_back_is_there_with_a_label(model):
    items = items_of(5)
    back = passes.with_way_back(
        passes.forward(model, USUAL.prepare(prepare(items)[None])), 3
    ).gradients[1]
    without, with_label = (np.asarray(export.view(model, "a", items, label)) for label in (None, 3))
    assert with_label.shape[0] > without.shape[0]
    zoom = export.places_of(passes.layer_infos(model))[1].zoom
    assert holds(with_label, tile_of(back, 2, zoom))
    assert not holds(without, tile_of(back, 2, zoom))


def test_nothing_reaches_the_margin_and_texts_are_of_letters_that_the_font_has(model):
    whole = np.asarray(export.view(model, "a name ünd ×−" + "n" * 400, items_of(8), 1))
    for edge in (whole[:20], whole[-20:], whole[:, :20], whole[:, -20:]):
        assert (edge == 255).all()
    assert export.plain("3×3 − 1 – é…") == "3x3 - 1 - ?..."


def run(folder, *arguments):
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    return patience.run(
        [sys.executable, "-m", "gui", *arguments],
        cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_command_writes_the_picture_without_a_screen_and_replaces_what_is_there(folder):
    view = folder / "view.png"
    view.write_text("older")
    done = run(folder, "--inside", "five.png", "--output", "view.png", "--label", "3")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "wrote view.png")
    with Image.open(view) as image:
        assert image.size[0] == export.WIDTH


def test_of_several_digits_the_command_shows_the_last(folder, tmp_path, monkeypatch):
    from gui.inside import command

    images, usual = [], export.view
    monkeypatch.setattr(command, "view", lambda *a: images.append(a[5].image) or usual(*a))
    lines = [np.array(line) * 0.3 + (0.3 * k, 0.3) for k in (0, 1, 2) for line in strokes(k + 5)]
    Image.fromarray(255 - rasterise(lines, [0.03] * len(lines), 400)).save(tmp_path / "567.png")
    monkeypatch.chdir(tmp_path)
    command.write_view("567.png", "view.png", None, None)
    [seven] = images
    assert pretrained.load().predict(USUAL.prepare(seven[None]), verbose=0).argmax() == 7


@pytest.mark.filterwarnings("error")
def test_a_net_that_diverged_is_a_sentence_without_a_warning(model):
    diverged = copy.deepcopy(model)
    diverged.layers[-1].params["kernel"][...] = 3e38
    with pytest.raises(ModelFileError, match="diverged"):
        export.view(diverged, "net", items_of(5))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--inside", "none.png", "--output", "a.png"), 1, "none.png: there is no such file"),
        (("--inside", "nonsense.png", "--output", "a.png"), 1, "nonsense.png: it is not a picture"),
        (("--inside", "blank.png", "--output", "a.png"), 1, "blank.png: no ink in the picture"),
        (("--inside", "five.png", "--output", "no/a.png"), 1, "no/a.png: there is no folder"),
        (("--inside", "five.png", "--output", "a.txt"), 1, "a.txt: its ending names no kind"),
        (("--inside", "five.png", "--output", "five.png"), 1, "five.png: that is the picture of the digit"),
        (("--inside", "five.png", "--output", "a.png", "--model", "nonsense.h5"), 1, "nonsense.h5: "),
        (("--inside", "five.png"), 2, "--inside and --output go together"),
        (("--output", "a.png"), 2, "--inside and --output go together"),
        (("--label", "3"), 2, "--label goes with --inside"),
        (("--inside", "five.png", "--output", "a.png", "--label", "10"), 2, "from 0 to 9"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_a_sentence_and_nothing_is_written(
    folder, arguments, code, said, capsys, monkeypatch
):
    from gui import __main__ as start
    from tinycnn.utils.cli import run as run_command

    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SystemExit) as end:
        run_command(lambda: start.main(list(arguments)))
    errors = capsys.readouterr().err
    assert end.value.code == code
    assert said in errors
    assert "Traceback" not in errors
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_another_model_is_named_and_used(folder, tmp_path, capsys, monkeypatch):
    from gui.inside.command import write_view

    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "small.h5", "mine.h5")
    write_view(str(folder / "five.png"), "view.png", "mine.h5", None)
    assert "model: mine.h5" in capsys.readouterr().out
    write_view(str(folder / "five.png"), "other.png", None, None)
    with Image.open("view.png") as view, Image.open("other.png") as other:
        assert other.height > view.height  # the bundled model has more layers
