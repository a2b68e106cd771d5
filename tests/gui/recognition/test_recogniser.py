"""Models, pictures and recognition, as the window's worker does them. No screen needed."""

import os
import pathlib
import shutil
from array import array

import numpy as np
import pytest
from PIL import Image

from gui.drawing.drawing import Picture, Stroke
from gui.recognition.recogniser import Recogniser, fitted, pgm, prepare
from gui.recognition.saver import rasterised
from tests.support.painted_digits import moved, strokes
from tinycnn import layers, models, pretrained
from tinycnn.utils.errors import ModelFileError, PictureError

BUNDLED = pathlib.Path(pretrained.__file__).with_name("mnist.h5")


def items(digit, width=0.07, lines=None):
    lines = lines or strokes(digit)
    return tuple(
        Stroke(array("d", [value for point in line for value in point]), width) for line in lines
    )


@pytest.fixture(scope="module")
def recogniser():
    recogniser = Recogniser()
    recogniser.load_bundled()
    return recogniser


@pytest.mark.parametrize("layers", [False, True])
def test_of_a_number_every_digit_is_read_and_the_newest_is_shown(layers):
    recogniser = Recogniser()
    recogniser.load_bundled()
    lines = [moved(strokes(digit), 0.22, 0.22 * k, 0.3) for k, digit in enumerate((2, 0, 5, 4))]
    several = tuple(item for some in lines for item in items(0, lines=some))
    prediction = recogniser.predict(1, several, layers)
    [row] = prediction.number
    assert [int(np.argmax(shares)) for shares in row] == [2, 0, 5, 4]
    assert digit_of(prediction) == 4
    np.testing.assert_allclose(row[-1], prediction.shares, atol=1e-5)
    assert prediction.image == prepare(items(0, lines=lines[-1])).tobytes()


def test_two_drawn_rows_are_read_one_after_the_other(recogniser):
    places = {1: (0.1, 0.05), 2: (0.4, 0.05), 3: (0.1, 0.5), 4: (0.4, 0.5)}
    several = [
        item for d, at in places.items() for item in items(0, lines=moved(strokes(d), 0.35, *at))
    ]
    prediction = recogniser.predict(1, tuple(several))
    read = [[int(np.argmax(shares)) for shares in row] for row in prediction.number]
    assert read == [[1, 2], [3, 4]]


def test_a_picture_is_taken_apart_anew_when_the_net_has_learnt(recogniser):
    two = (Picture(page((2, 0)), "20"),)
    before = recogniser.last_digit(two)
    assert recogniser.last_digit(two) is before
    recogniser.learnt += 1
    assert recogniser.last_digit(two) is not before


@pytest.mark.parametrize("layers", [False, True])
def test_of_a_picture_all_rows_are_read_and_the_last_digit_is_shown(layers):
    recogniser = Recogniser()
    recogniser.load_bundled()
    before = Picture(page((7,)), "a single one")
    single = recogniser.predict(1, (before,), layers)
    assert (single.number, digit_of(single)) == ((), 7)
    assert single.image == prepare((before,)).tobytes()
    several = (Picture(page((2, 0), (4, 1, 3)), "two rows"),)
    prediction = recogniser.predict(2, several, layers)
    read = [[int(np.argmax(shares)) for shares in row] for row in prediction.number]
    assert read == [[2, 0], [4, 1, 3]]
    assert digit_of(prediction) == 3
    np.testing.assert_allclose(prediction.number[-1][-1], prediction.shares, atol=1e-5)
    np.testing.assert_array_equal(recogniser.prepared(several).ravel(), [*prediction.image])
    assert Recogniser().predict(3, several).number == ()  # no model yet


def page(*rows):
    """A grey picture with rows of painted digits, dark on light."""
    shown = [
        item
        for down, row in enumerate(rows)
        for across, digit in enumerate(row)
        for item in items(
            0, 0.03, moved(strokes(digit), 0.2, 0.05 + 0.25 * across, 0.1 + 0.4 * down)
        )
    ]
    return 1 - rasterised(tuple(shown), 400) / np.float32(255)


def test_one_digit_is_no_number(recogniser):
    assert recogniser.predict(1, items(5)).number == ()


def test_of_doubtful_strokes_the_digit_that_is_shown_is_the_one_that_is_read(monkeypatch):
    recogniser = Recogniser()
    recogniser.load_bundled()
    halves = items(0, lines=[[(0.4, 0.2), (0.4, 0.8)], [(0.5, 0.2), (0.5, 0.8)]])

    def read_as(shares):
        recogniser._written = None
        monkeypatch.setattr(recogniser, "_classify", lambda images: shares[: len(images)])
        return recogniser.last_digit(halves).items

    one = np.eye(10)[[1, 1, 1]]  # three candidates: a bar, both, the other
    assert read_as(one * [[0.9], [0.2], [0.9]]) == halves[1:]
    assert read_as(one * [[0.2], [0.9], [0.2]]) == halves
    image = prepare(halves[1:])
    assert (recogniser.prepared(halves) != image).any()
    read_as(one)
    np.testing.assert_array_equal(recogniser.prepared(halves), image)


def test_which_strokes_are_a_digit_is_asked_once_for_a_drawing_and_a_model(monkeypatch):
    recogniser = Recogniser()
    recogniser.load_bundled()
    asked, classify = [], recogniser._classify
    monkeypatch.setattr(
        recogniser, "_classify", lambda images: asked.append(len(images)) or classify(images)
    )
    doubtful = items(0, lines=[[(0.4, 0.2), (0.4, 0.8)], [(0.5, 0.2), (0.5, 0.8)]])
    recogniser.prepared(doubtful)
    recogniser.prepared(doubtful)
    assert asked == [3]
    recogniser.prepared(items(4))
    assert asked == [3]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def digit_of(prediction):
    return int(np.argmax(prediction.shares))


def write(path, *last):
    """Write a model of digits whose last layers are these."""
    model = models.Sequential([layers.Flatten(input_shape=(28, 28, 1)), *last])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.save(path)
    return str(path)


def test_without_a_name_the_bundled_model_is_loaded_where_there_is_no_other(folder):
    name = Recogniser().load(None)
    assert name.startswith("the bundled model (")
    assert name.endswith(" weights, 99.7 % right on MNIST)")


def test_without_a_name_the_models_own_file_is_found(folder):
    shutil.copy(BUNDLED, "mnist.h5")
    assert Recogniser().load(None).startswith("mnist.h5 (")


def test_a_model_is_loaded_by_its_name(folder, tmp_path):
    path = write(tmp_path / "other.h5", layers.Dense(10, activation="softmax"))
    recogniser = Recogniser()
    assert recogniser.load(path).startswith(f"{path} (")
    assert sum(recogniser.predict(1, items(3)).shares) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["", "missing.h5", "folder", "empty.h5", "text.h5"])
def test_a_bad_model_is_an_error_and_the_one_from_before_stays(folder, name, recogniser):
    os.mkdir("folder")
    pathlib.Path("empty.h5").write_bytes(b"")
    pathlib.Path("text.h5").write_text("no model")
    before = recogniser.predict(1, items(3)).shares
    with pytest.raises(ModelFileError):
        recogniser.load(name)
    assert recogniser.predict(1, items(3)).shares == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_model_and_is_not_waited_for(folder, recogniser):
    os.mkfifo("pipe.h5")
    with pytest.raises(ModelFileError, match=r"pipe\.h5"):
        recogniser.load("pipe.h5")


def test_a_model_of_something_else_is_refused(folder, recogniser):
    path = write(folder / "twelve.h5", layers.Dense(12, activation="softmax"))
    with pytest.raises(ModelFileError, match=r"\(12,\)"):
        recogniser.load(path)


def test_a_model_whose_answers_are_no_probabilities_is_refused_when_loaded(folder, recogniser):
    path = write(folder / "relu.h5", layers.Dense(10, activation="relu"))
    with pytest.raises(ModelFileError, match="no probabilities"):
        recogniser.load(path)
    assert digit_of(recogniser.predict(1, items(3))) == 3


@pytest.mark.parametrize("digit", range(10))
def test_painted_digits_are_recognised(recogniser, digit):
    prediction = recogniser.predict(7, items(digit))
    assert digit_of(prediction) == digit
    assert prediction.version == 7
    assert prediction.image == prepare(items(digit)).tobytes()
    assert len(prediction.image) == 784
    assert sum(prediction.shares) == pytest.approx(1, abs=1e-5)


def test_without_a_model_there_is_the_picture_and_no_guess():
    prediction = Recogniser().predict(1, items(8))
    assert prediction.shares is None
    assert max(prediction.image) == 255


@pytest.mark.parametrize("digit", [2, 4, 9])
def test_size_place_and_pen_do_not_change_what_the_net_sees(digit):
    usual = prepare(items(digit)).astype(int)
    small = moved(strokes(digit), 0.2, 0.75, 0.02)
    for other in [items(digit, 0.02), items(digit, 0.2), items(digit, lines=small)]:
        foreground = (usual > 0) | (prepare(other) > 0)
        assert np.abs(prepare(other) - usual)[foreground].mean() <= 2


def test_a_dot_can_be_predicted(recogniser):
    prediction = recogniser.predict(1, (Stroke(array("d", [0.5, 0.5]), 0.07),))
    assert len(prediction.shares) == 10
    assert any(prediction.image)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\nbroken"])
def test_what_is_no_picture_is_an_error(recogniser, tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=r"a\.png"):
        recogniser.open(str(path))


def test_a_picture_without_foreground_is_refused_when_it_is_opened(recogniser, tmp_path):
    path = tmp_path / "white.png"
    Image.new("L", (50, 50), 255).save(path)
    with pytest.raises(PictureError, match=r"white\.png: .*Draw digits"):
        recogniser.open(str(path))


def test_a_picture_is_shown_whole_on_its_own_papers_tone():
    grey = np.full((10, 40), 0.8, np.float32)
    grey[:, 20] = 0.0
    shown = fitted(grey, 80)
    assert shown.shape == (80, 80)
    assert set(shown[:30].ravel()) == {204}
    assert shown[40, 41] < 60
    assert shown[40, 5] == 204


def test_the_canvas_gets_the_pixels_it_asked_for(recogniser):
    picture = Picture(np.zeros((5, 5), np.float32), "black")
    assert recogniser.show(picture, 3) == (picture, 3, b"P5 3 3 255\n" + bytes(9))
    assert pgm(b"abcd", 2) == b"P5 2 2 255\nabcd"


def test_a_drawing_that_layers_are_shown_of_is_read_once_and_as_without_them(recogniser):
    three, five = items(3), items(5)
    plain = recogniser.predict(1, three)
    whole = recogniser.predict(1, three, True)
    assert whole.image == plain.image
    assert whole.shares == plain.shares
    reading = recogniser.read(1, three)
    assert recogniser.read(1, three) is reading
    assert recogniser.predict(2, five, True).image != plain.image
    newest = recogniser.read(2, five)
    assert recogniser.read(1, three) is newest  # nobody waits for an older one
    assert recogniser.read(3, five) is not newest  # the weights may be others by now


def test_another_model_reads_anew():
    recogniser = Recogniser()
    recogniser.load_bundled()
    reading = recogniser.read(1, items(3))
    recogniser.load_bundled()
    assert recogniser.read(1, items(3)) is not reading
    assert recogniser.read(1, items(3)).model is recogniser.model


def test_a_diverged_net_whose_layers_are_shown_is_told_of(recogniser):
    other = Recogniser()
    other.load_bundled()
    other.model.layers[0].params["kernel"][...] = np.nan
    with pytest.raises(ModelFileError, match="diverged"):
        other.predict(1, items(3), True)
