"""What a command finds of a training that did not come to its end."""

import os
import re
import subprocess
import sys

import pytest

from tests.support import patience
from tinycnn.saving import backup
from tinycnn.saving.unfinished import Unfinished
from tinycnn.utils.errors import FileError

OPTIONS = {"--epochs": 6, "--patience": None}


def left_behind(folder, epoch=2, batch=0, options=OPTIONS):
    unfinished = Unfinished(folder / "net.h5", options)
    os.makedirs(unfinished.folder)
    at = {"epoch": epoch, "batch": batch, "iterations": 10 * epoch + batch}
    backup.write(unfinished.folder, {"about": {**options, "weights": []}, "training": at})
    return unfinished


def test_nothing_was_left(tmp_path):
    unfinished = Unfinished(tmp_path / "net.h5", OPTIONS)
    assert unfinished.found() == ""
    assert not unfinished.has_written()
    with pytest.raises(FileError, match="no interrupted training is there to go on with"):
        unfinished.found(needed=True)


def test_of_torn_backups_nobody_knows_whose_the_output_is(tmp_path):
    unfinished = left_behind(tmp_path)
    with open(os.path.join(unfinished.folder, backup.NEWEST), "wb") as file:
        file.write(b"torn")
    assert not unfinished.has_written()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({}, "going on after epoch 2, from "),
        ({"batch": 30}, "going on after epoch 2, batch 30, from "),
        ({"epoch": 0, "batch": 9}, "going on after epoch 0, batch 9, from "),
        ({"epoch": 0}, "going on at its begin, from "),
    ],
)
def test_where_it_goes_on_is_said(place, words, tmp_path):
    unfinished = left_behind(tmp_path, **place)
    found = unfinished.found()
    assert found.startswith(words)
    assert found.endswith(f"{unfinished.folder}; --fresh begins anew")
    unfinished.forget()
    assert unfinished.found() == ""
    assert not os.path.exists(unfinished.folder)


def test_other_options_are_refused(tmp_path):
    unfinished = left_behind(tmp_path)
    unfinished.options = OPTIONS | {"--epochs": 3}
    with pytest.raises(FileError, match=r"--epochs was 6, and is 3.*--fresh to begin anew"):
        unfinished.found()
    assert unfinished.has_written()
    assert os.listdir(unfinished.folder) == [backup.NEWEST]  # nothing was removed


def test_of_a_training_that_had_not_begun_other_options_lose_nothing(tmp_path):
    unfinished = left_behind(tmp_path, epoch=0)
    unfinished.options = OPTIONS | {"--epochs": 3}
    assert unfinished.found() == ""
    assert not os.path.exists(unfinished.folder)


HOLDING = """
import sys
from tinycnn.saving.unfinished import Unfinished
with Unfinished(sys.argv[1], {}).alone():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_only_one_process_trains_for_a_file(tmp_path):
    output = tmp_path / "net.h5"
    command = [sys.executable, "-c", HOLDING, str(output)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with patience.started(command, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        message = re.escape(f"{output}: another process trains for this file now")
        with pytest.raises(FileError, match=message), Unfinished(output, {}).alone():
            pytest.fail("two at once")
        process.stdin.close()
        process.wait()
    with Unfinished(output, {}).alone():
        assert os.listdir(tmp_path) == ["net-backup"]
    assert os.listdir(tmp_path) == []  # the lock goes, and the folder with it


def test_a_folder_with_backups_stays(tmp_path):
    unfinished = left_behind(tmp_path)
    with unfinished.alone():
        pass
    assert os.listdir(unfinished.folder) == [backup.NEWEST]


def test_a_file_in_the_folders_place_is_said(tmp_path):
    (tmp_path / "net-backup").write_text("")
    with (
        pytest.raises(FileError, match="no backups can be kept there"),
        Unfinished(tmp_path / "net.h5", {}).alone(),
    ):
        pytest.fail("a file is no folder")
