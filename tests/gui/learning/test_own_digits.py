"""A person's own digits: plain files of theirs, of which none is overwritten. No screen needed."""

import multiprocessing

import numpy as np
import pytest
from PIL import Image

from gui.learning import own_digits
from tests.support.marks import posix_only
from tinycnn.utils.errors import DataFileError

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(own_digits.HOME, str(tmp_path / "a" / "digits"))
    return tmp_path / "a" / "digits"


def keep(number, digit, read_as=None):
    return own_digits.keep(IMAGES[number].tobytes(), digit, read_as)


def test_what_is_kept_is_read_again():
    assert own_digits.count() == 0
    assert len(own_digits.load().digits) == 0
    assert [keep(0, 7, 1), keep(1, 0), keep(2, 7, 9)] == [1, 2, 3]
    own = own_digits.load()
    assert own.images.tobytes() == IMAGES[:3].tobytes()
    assert (own.digits.tolist(), own.faults, own_digits.count()) == ([7, 0, 7], [], 3)


def test_they_are_plain_pictures_and_a_table(home):
    keep(0, 7, 1)
    keep(1, 3)
    lines = (home / "digits.csv").read_text(encoding="utf-8").splitlines()
    names = sorted(path.name for path in home.glob("*.png"))
    assert lines[0] == "file,digit,read as"
    assert [line.split(",")[1:] for line in lines[1:]] == [["7", "1"], ["3", ""]]
    assert sorted(line.split(",")[0] for line in lines[1:]) == names
    with Image.open(home / lines[1].split(",")[0]) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 28))


def test_the_folder_is_the_systems_for_a_users_data(monkeypatch):
    monkeypatch.delenv(own_digits.HOME)
    import platformdirs

    assert own_digits.folder().parent == platformdirs.user_data_path("tinycnn", False)


def test_no_picture_is_overwritten(home, monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda count: "same")
    keep(0, 7)
    with pytest.raises(DataFileError, match="it is there already"):
        keep(1, 7)
    assert own_digits.load().images.tobytes() == IMAGES[:1].tobytes()


DAMAGED = [
    b"",
    b"\xff\xfe\x00",
    b"\x00\x00",
    b"name;digit\n",
    b"file,digit,read as\n../secret.png,7,\n",
    b"file,digit,read as\na.png,12,\n",
    b"file,digit,read as\na.png,\xc2\xb2,\n",
    b"file,digit,read as\na.png\n",
    b"file,digit,read as\n,7,\n",
    b'file,digit,read as\n"a.png,7,\n',
    b"file,digit,read as\n" + 200_000 * b"a" + b",7,\n",  # more than csv takes for a field
]


@pytest.mark.parametrize("content", DAMAGED[1:])
def test_a_damaged_table_is_a_sentence_and_stays_as_it_is(home, content):
    home.mkdir(parents=True)
    (home / "digits.csv").write_bytes(content)
    for action in (own_digits.load, own_digits.count, lambda: keep(0, 7)):
        with pytest.raises(DataFileError, match=r"digits\.csv"):
            action()
    assert (home / "digits.csv").read_bytes() == content
    assert not list(home.glob("*.png"))


@pytest.mark.parametrize(
    ("before", "after"), [(b"", b"\n"), (b"\xef\xbb\xbf", b""), (b"", b"\r\n")]
)
def test_what_editors_and_spreadsheets_leave_in_a_table_is_no_damage(home, before, after):
    keep(0, 7)
    table = home / "digits.csv"
    table.write_bytes(before + table.read_bytes() + after)
    assert keep(1, 3) == own_digits.count() == 2
    assert own_digits.load().digits.tolist() == [7, 3]


def test_a_place_that_cannot_be_is_a_sentence(monkeypatch):
    monkeypatch.setenv(own_digits.HOME, "/" + 300 * "x")
    with pytest.raises(DataFileError, match="too long"):
        own_digits.count()


def test_an_empty_table_is_begun_anew(home):
    home.mkdir(parents=True)
    (home / "digits.csv").write_bytes(b"")
    assert keep(0, 7) == 1


def test_a_folder_in_the_place_of_the_table_is_a_sentence(home):
    (home / "digits.csv").mkdir(parents=True)
    with pytest.raises(DataFileError, match=r"digits\.csv"):
        own_digits.count()


@pytest.mark.parametrize("damage", ["cut", "gone", "text", "large", "folder"])
def test_a_damaged_picture_is_left_out_with_a_sentence(home, damage):
    keep(0, 7)
    (path,) = home.glob("*.png")
    keep(1, 3)
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "text":
        path.write_bytes(b"not a picture")
    elif damage == "large":
        Image.new("L", (29, 28)).save(path)
    elif damage == "folder":
        path.mkdir()
    own = own_digits.load()
    assert (own.digits.tolist(), own.images.tobytes()) == ([3], IMAGES[1].tobytes())
    (sentence,) = own.faults
    assert path.name in sentence
    assert "Take its row out of digits.csv." in sentence


def test_a_place_where_nothing_can_be_written_is_a_sentence(home):
    home.parent.mkdir()
    home.write_text("a file")
    with pytest.raises(DataFileError, match="the folder for your digits cannot be made"):
        keep(0, 7)


def keep_many(number):
    for _ in range(10):
        keep(number, number)


@posix_only
def test_two_windows_at_once_lose_no_digit():
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=keep_many, args=(number,)) for number in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(own_digits.load().digits.tolist()) == [1] * 10 + [2] * 10
