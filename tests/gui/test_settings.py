"""What the window remembers: read whatever stands in the file, written whole, and taken up again."""

import json
import os

import pytest

from tests.support.marks import posix_only
from tests.support.xvfb import App, Xvfb, lacking

settings = pytest.importorskip("gui.widgets.settings")
LEAST = pytest.importorskip("gui.widgets.controls").LEAST
Settings = settings.Settings

CHOSEN = Settings(dark=True, pen=0.1, threshold=0.25, folder="/tmp/é", size=(900, 700))


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "folder" / "window.json"
    settings.write(path, CHOSEN)
    assert settings.read(path) == CHOSEN
    assert os.listdir(path.parent) == ["window.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\xfe\x00",
        b"[" * 9000,
        b"[1, 2]",
        b"null",
        b'{"pen": 1' + b"0" * 5000 + b"}",
        b" " * 20_000 + b'{"dark": true}',
        b'{"dark": 1, "pen": true, "threshold": NaN, "folder": 3, "size": [900]}',
        b'{"pen": 0.9, "threshold": -1, "folder": "a\\u0000b", "size": [0, 900], "__class__": 1}',
        b'{"pen": Infinity, "threshold": "0.5", "folder": null, "size": [900.5, 700], "dark": "yes"}',
    ],
)
def test_a_file_that_makes_no_sense_is_the_usual(tmp_path, content):
    path = tmp_path / "window.json"
    path.write_bytes(content)
    assert settings.read(path) == Settings()


def test_each_value_counts_by_itself(tmp_path):
    path = tmp_path / "window.json"
    path.write_text(json.dumps({"dark": True, "pen": "thick", "more": [1]}))
    assert settings.read(path) == Settings(dark=True)


def test_no_file_a_folder_and_a_folder_that_is_a_file_are_the_usual_and_no_error(tmp_path):
    assert settings.read(tmp_path / "missing") == Settings()
    assert settings.read(tmp_path) == Settings()
    (tmp_path / "file").write_text("mine")
    settings.write(tmp_path / "file" / "window.json", CHOSEN)
    settings.write(tmp_path, CHOSEN)
    assert (tmp_path / "file").read_text() == "mine"


@posix_only
def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "window.json")
    assert settings.read(tmp_path / "window.json") == Settings()


def test_the_file_lies_where_the_environment_says(tmp_path, monkeypatch):
    platformdirs = pytest.importorskip("platformdirs")
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path))
    assert settings.settings_file() == tmp_path / "window.json"
    monkeypatch.delenv("TINYCNN_HOME")
    assert settings.settings_file().parent == platformdirs.user_config_path("tinycnn")


@pytest.fixture
def start(tmp_path):
    if lacking() is not None:
        pytest.skip(lacking())
    screen, opened = Xvfb(), []

    def start():
        opened.append(App(screen, folder=tmp_path))
        return opened[-1]

    yield start
    for window in opened:
        window.kill()
    screen.close()


def test_the_window_comes_back_as_it_was(start):
    window = start()
    window.ready()
    window.keys("t", "bracketright", "period", "period")
    window.resize(940, 860)
    chosen = window.wait(lambda s: s["threshold"] > 0.89 and s["size"] == [940, 860])
    assert window.close() == (0, "")
    again = start()
    again.ready()
    for name in ("background", "pen", "threshold", "size"):
        assert again.state[name] == chosen[name]
    assert again.close() == (0, "")


@pytest.mark.slow
def test_the_room_that_a_pane_took_is_not_remembered(start):
    window = start()
    usual = window.ready()["size"]
    window.keys("k")
    window.wait(lambda s: s["beside"]["name"] == "kernels" and s["size"][0] > usual[0])
    assert window.close() == (0, "")
    again = start()
    assert again.ready()["size"] == usual
    assert again.close() == (0, "")


def test_a_threshold_below_which_nothing_is_a_digit_is_the_least(start, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "window.json").write_text('{"threshold": 0.1}')
    window = start()
    assert window.ready()["threshold"] == LEAST
    assert window.close() == (0, "")


def test_a_damaged_file_is_no_matter(start, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "window.json").write_text('{"size": [99999, 1], "pen": "x"')
    window = start()
    window.ready()
    assert window.close() == (0, "")


@pytest.mark.slow
def test_the_next_dialog_begins_in_the_folder_of_the_last_file(start, tmp_path):
    (tmp_path / "far").mkdir()
    window = start()
    window.ready()
    for name in ("far/one", "two"):
        window.draw([(0.5, 0.2), (0.5, 0.8)])
        window.keys("ctrl+s")
        window.wait(lambda s: "tk_filedialog" in s["focus"])
        window.screen.hand(f"type --delay 3 {name}", "key Return")
        window.wait(lambda s, name=name: s["message"].endswith(f"{name[-3:]}.png"))
        window.refocus()
    assert sorted(os.listdir(tmp_path / "far")) == ["one.png", "two.png"]
    assert window.close() == (0, "")
