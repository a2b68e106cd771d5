"""Names of files may hold anything: no message of a command, a warning or the window steers a terminal."""

import os
import pathlib
import re
import signal
import sys
import unicodedata

import numpy as np
import pytest
from PIL import Image

from tests.support import patience
from tests.support.fake_server import FakeServer, known_files, packed_files
from tests.support.marks import first_is_quick
from tests.support.nets import X, Y, dense
from tests.support.xvfb import App, Xvfb, lacking
from tinycnn import datasets, saving
from tinycnn.callbacks import ModelCheckpoint
from tinycnn.layers import Dense, Flatten
from tinycnn.models import Sequential, files, load_model
from tinycnn.saving import writer
from tinycnn.utils import cli
from tinycnn.utils.errors import DataFileError, FileError
from tinycnn.utils.printable import printable

ROOT = pathlib.Path(__file__).parents[2]
EVIL = "a\x1b]0;gone\x07\x9b2J\r\u202eb"
SEEN = r"a\x1b]0;gone\x07\x9b2J\r\u202eb"
named_so = pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")


def assert_harmless(*texts):
    for text in texts:
        assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"], text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Zahlen/mnist 3.h5", "Zahlen/mnist 3.h5"),
        ("größe 数字 \N{NARROW NO-BREAK SPACE}9\u200d👍\u200c.png",) * 2,
        (r"C:\new\x1b", r"C:\new\x1b"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\n\r\t\x00\x7f", r"\n\r\t\x00\x7f"),
        ("\x85\x9b\u2028\u202e\ufeff", r"\x85\x9b\u2028\u202e\ufeff"),
        ("\udcff", r"\udcff"),  # a byte of a name that is not UTF-8
        ("", ""),
    ],
)
def test_what_a_terminal_may_show(text, seen):
    assert printable(text) == seen


@pytest.mark.parametrize("name", ["x" * 5000, "\x1b" * 5000])
def test_long_names_are_shortened_in_their_middle(name):
    error = FileError(f"models/{name}.h5", f"there is no folder {name!r}", "Make it.")
    assert error.path == f"models/{name}.h5"
    assert re.fullmatch(
        r"models/\S{80,}\.\.\.\S{80,}\.h5: there is no folder '.*\. Make it\.", str(error)
    )
    assert len(str(error).partition(": ")[0]) == 200


@pytest.mark.parametrize("length", [199, 200])
def test_shorter_names_are_shown_whole(length):
    assert str(FileError("x" * length, "it is empty")) == f"{'x' * length}: it is empty."


@pytest.mark.parametrize("error", [ValueError(f"{EVIL}\nsecond"), OSError(EVIL), MemoryError()])
def test_every_mistake_is_printed_so(error, capsys):
    def main():
        raise error

    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):
            cli.run(main)
    finally:
        signal.signal(signal.SIGINT, before)
    said = capsys.readouterr().err
    assert_harmless(said)
    assert said.startswith("error: ")
    assert said.count("\n") == 1 + str(error).count("\n")


# --- commands ----------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path):
    """A folder with a model, a picture, data and more, all named to do harm."""
    model = Sequential([Flatten(input_shape=(28, 28, 1)), Dense(10, activation="softmax")])
    model.save(tmp_path / f"{EVIL}.h5")
    picture = np.full((60, 60), 255, np.uint8)
    picture[10:50, 28:32] = 0
    Image.fromarray(picture).save(tmp_path / f"{EVIL}.png")
    (tmp_path / EVIL).mkdir()
    for name, content in packed_files().items():
        (tmp_path / EVIL / name).write_bytes(content)
    return tmp_path


def command(here, *arguments):
    done = patience.run(
        [sys.executable, *map(str, arguments)],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr
    assert_harmless(done.stdout, done.stderr)
    return done


PREDICT, EVALUATE, TRAIN, SAMPLE = (
    str(ROOT / "scripts" / f"{name}.py") for name in ("predict", "evaluate", "train", "make_sample")
)
GOOD = {
    "predict": (PREDICT, f"{EVIL}.png", "--model", f"{EVIL}.h5"),
    "evaluate": (EVALUATE, "--model", f"{EVIL}.h5", "--data", EVIL, "--mistakes", f"{EVIL}2.png"),
    "train": (TRAIN, "--data", EVIL, "--epochs", "1", "--output", f"{EVIL}.h5", "--force"),
    "gradcheck": ("-m", "tinycnn.gradcheck", f"{EVIL}.h5", "--entries", "2"),
}
BAD = {
    "predict": (PREDICT, f"{EVIL}no.png"),
    "predict's model": (PREDICT, f"{EVIL}.png", "--model", f"{EVIL}no.h5"),
    "evaluate": (EVALUATE, "--model", f"{EVIL}.png"),
    "train": (TRAIN, "--data", f"{EVIL}no"),
    "train's output": (TRAIN, "--data", EVIL, "--output", f"{EVIL}no/{EVIL}.h5"),
    "an argument too many": (TRAIN, f"{EVIL}.png"),
    "an argument of make_sample": (SAMPLE, "--output", "a.npz", EVIL),
    "an argument of the window": ("-m", "gui", f"{EVIL}.png"),
    "an argument of gradcheck": ("-m", "tinycnn.gradcheck", f"--{EVIL}"),
}


@named_so
@pytest.mark.parametrize("name", first_is_quick(GOOD))
def test_commands_say_names_harmlessly(name, here):
    done = command(here, *GOOD[name])
    no_digit = name == "predict"  # is all that a net reads which has learnt nothing
    assert done.returncode == no_digit, done.stderr
    assert SEEN in done.stdout


@named_so
@pytest.mark.parametrize("name", first_is_quick(BAD))
def test_commands_refuse_names_harmlessly(name, here):
    done = command(here, *BAD[name])
    assert done.returncode in (1, 2)
    assert SEEN in done.stderr


# --- the library -------------------------------------------------------------------------------------


@named_so
def test_checkpoints_say_names_harmlessly(tmp_path, capsys):
    dense().fit(X, Y, verbose=0, callbacks=ModelCheckpoint(tmp_path / f"{EVIL}.h5", verbose=1))
    said = capsys.readouterr().out
    assert_harmless(said)
    assert f"{SEEN}.h5" in said


@named_so
def test_warnings_say_names_harmlessly(tmp_path):
    model, path = dense(optimizer="adam"), tmp_path / f"{EVIL}.h5"
    model.fit(X, Y, verbose=0)
    model.optimizer.slots["velocity"][0][...] = -1
    compiled = files.compiled_config(model)
    state = files.optimizer_state(model.optimizer, model.trainable_weights)
    weights = [layer.get_weights() for layer in model.layers]
    path.write_bytes(
        writer.file_image(saving.SavedModel(model.get_config(), weights, compiled, state))
    )
    with pytest.warns(UserWarning, match="the optimizer starts afresh") as caught:
        load_model(path)
    assert_harmless(str(caught[0].message))
    assert f"{SEEN}.h5: " in str(caught[0].message)


@named_so
def test_notes_say_names_harmlessly(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path / EVIL))
    assert_harmless(datasets.load("auto", mirrors=()).note)


def test_what_servers_say_is_said_harmlessly(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def reply(handler, content):
        handler.wfile.write(b"HTTP/1.1 404 \x1b]0;gone\x07\r\nContent-Length: 0\r\n\r\n")

    with FakeServer(reply) as mirror, pytest.raises(DataFileError) as caught:
        datasets.mnist.load_data(mirrors=[mirror.url], files=known_files())
    said = capsys.readouterr().err
    assert_harmless(said, str(caught.value))
    assert r"\x1b]0;gone\x07" in said


@named_so
@pytest.mark.skipif(lacking() is not None, reason=str(lacking()))
def test_the_window_says_names_harmlessly(tmp_path):
    screen = Xvfb()
    window = App(screen, "--model", f"{EVIL}.h5", folder=tmp_path)
    try:
        state = window.wait(lambda s: s["wrong"])
        assert_harmless(state["message"])
        assert SEEN in state["message"]
        window.ready()
        assert window.close() == (0, "")
    finally:
        window.kill()
        screen.close()
