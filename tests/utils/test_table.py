"""A training's table: rows of one training, whole at every moment, and never in the table of others."""

import csv
import os

import pytest

from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError
from tinycnn.utils.table import Table


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.csv"


class Rows(Table):
    """A table with the method by which a training adds rows."""

    def on_epoch_end(self, epoch, logs):
        self.add({"epoch": epoch, **dict(sorted(logs.items()))})


def begun(path, **options):
    return Rows(path, **options)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def others(path):
    return [other for other in path.parent.iterdir() if other != path]


def test_the_old_table_is_there_until_the_new_one_is(path, tmp_path):
    begun(path).on_epoch_end(0, {"loss": 0.5})
    held = tmp_path / "held"
    os.link(path, held)
    before = path.read_bytes()
    logger = begun(path)
    assert path.read_bytes() == before
    logger.on_epoch_end(0, {"loss": 0.25})
    assert held.read_bytes() == before  # it was not emptied, it lost its name
    assert rows(path) == [["epoch", "loss"], ["0", "0.25"]]


def test_other_columns_are_not_mixed_in(path):
    begun(path).on_epoch_end(0, {"loss": 0.5})
    before = path.read_bytes()
    logger = begun(path, append=True)
    with pytest.warns(
        UserWarning, match=r"log\.csv: its rows .* The table goes on in .*log-\w+\.csv"
    ):
        logger.on_epoch_end(1, {"loss": 0.25, "val_loss": 0.5})
    logger.on_epoch_end(2, {"loss": 0.125, "val_loss": 0.5})
    assert path.read_bytes() == before
    (other,) = others(path)
    assert rows(other) == [
        ["epoch", "loss", "val_loss"],
        ["1", "0.25", "0.5"],
        ["2", "0.125", "0.5"],
    ]


@pytest.mark.parametrize("text", ["epoch,loss\n0,0.5\n1", "epoch;loss\n0;0.5\n", "epoch,loss\n0\n"])
def test_rows_that_do_not_fit_are_not_gone_on_with(path, text):
    path.write_text(text)
    logger = begun(path, append=True)
    with pytest.warns(UserWarning, match="goes on in"):
        logger.on_epoch_end(2, {"loss": 0.25})
    assert path.read_text() == text
    assert rows(others(path)[0]) == [["epoch", "loss"], ["2", "0.25"]]


@pytest.mark.parametrize("append", [False, True])
def test_two_trainings_in_one_folder_do_not_mix(path, append):
    first, second = (begun(path, append=append) for _ in range(2))
    first.on_epoch_end(0, {"loss": 1.0})
    with pytest.warns(UserWarning, match="another program has written it"):
        second.on_epoch_end(0, {"loss": 2.0})
    for epoch in (1, 2):
        first.on_epoch_end(epoch, {"loss": 1.0})
        second.on_epoch_end(epoch, {"loss": 2.0})
    assert rows(path) == [["epoch", "loss"], *([str(n), "1.0"] for n in range(3))]
    (other,) = others(path)
    assert rows(other) == [["epoch", "loss"], *([str(n), "2.0"] for n in range(3))]


def test_a_training_whose_table_was_replaced_keeps_its_rows(path):
    first = begun(path)
    first.on_epoch_end(0, {"loss": 1.0})
    begun(path).on_epoch_end(0, {"loss": 2.0})
    with pytest.warns(UserWarning, match="another program has written it"):
        first.on_epoch_end(1, {"loss": 1.0})
    assert rows(path) == [["epoch", "loss"], ["0", "2.0"]]
    assert rows(others(path)[0]) == [["epoch", "loss"], ["0", "1.0"], ["1", "1.0"]]


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("content", [b"name,mark\nAda,1\n", b"\xff\xfe\x00", b"epochs\n", b"\n"])
def test_what_is_no_table_of_a_training_is_not_touched(path, content, append):
    path.write_bytes(content)
    with pytest.raises(FileError, match="no table of a training"):
        begun(path, append=append)
    assert path.read_bytes() == content


def test_a_table_that_was_moved_away_is_written_again(path):
    logger = begun(path)
    logger.on_epoch_end(0, {"loss": 1.0})
    path.unlink()
    logger.on_epoch_end(1, {"loss": 1.0})
    assert [row[0] for row in rows(path)] == ["epoch", "0", "1"]


def test_a_table_for_which_there_is_no_room_goes_on_elsewhere(path, monkeypatch):
    logger = begun(path)
    write = atomic.replacing

    def full(name, *arguments):
        if name == str(path):
            raise FileError(name, "it cannot be written (No space left on device)")
        return write(name, *arguments)

    monkeypatch.setattr(atomic, "replacing", full)
    with pytest.warns(UserWarning, match=r"No space left on device\)\. It is kept as") as said:
        logger.on_epoch_end(0, {"loss": 1.0})
    assert len(said) == 1
    for epoch in (1, 2):
        logger.on_epoch_end(epoch, {"loss": 1.0})
    (other,) = others(path)
    assert rows(other) == [["epoch", "loss"], *([str(n), "1.0"] for n in range(3))]


def test_separators_and_line_ends_in_values(path):
    logger = begun(path, separator=";")
    logger.on_epoch_end(0, {"a;b": 1.0, 'say "c"': "x\ny"})
    logger = begun(path, separator=";", append=True)
    logger.on_epoch_end(1, {"a;b": 1.0, 'say "c"': "x\ny"})
    with open(path, newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows == [["epoch", "a;b", 'say "c"'], ["0", "1.0", "x\ny"], ["1", "1.0", "x\ny"]]
