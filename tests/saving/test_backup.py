"""Backups: what was put in comes out, and of torn ones the one before is taken."""

import math
import re

import numpy as np
import pytest

from tinycnn.saving import backup
from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError

STATE = {
    "numbers": [0, -1, 2**63, 0.1, math.inf, -0.0, True, None],
    "texts": {"ä\n\x00": "é", "array": 3, "dict": {"dict": {}}, "": []},
    "arrays": {
        "empty": np.zeros((0, 3), np.float32),
        "scalar": np.array(2.5),
        "turned": np.arange(6.0).reshape(2, 3).T,
        "whole": [np.arange(3), np.array([True, False])],
    },
}


def same(one, other):
    if isinstance(one, dict):
        assert list(one) == list(other)
        return all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and repr(one) == repr(other)


def test_what_was_written_is_read(tmp_path):
    assert backup.read(tmp_path) is None
    backup.write(tmp_path, STATE)
    assert same(STATE, backup.read(tmp_path))


def test_not_a_number_and_numpys_numbers(tmp_path):
    numbers = {
        "b": np.float32(0.5),
        "c": np.uint8(250),
        "d": (1, (np.longdouble(2),)),
        "e": np.bool_(1),
    }
    backup.write(tmp_path, {"a": math.nan, **numbers})
    state = backup.read(tmp_path)
    assert math.isnan(state.pop("a"))
    assert state == numbers
    assert [type(state[name]) for name in "bce"] == [np.float32, np.uint8, np.bool_]


@pytest.mark.parametrize(
    "value", [{1: 2}, {3}, object(), np.array([None]), 1j, np.ma.masked_array([1.0], [True])]
)
def test_what_a_backup_cannot_hold_is_said(value, tmp_path):
    with pytest.raises(TypeError, match="A backup holds numbers"):
        backup.write(tmp_path, {"a": [value]})
    assert backup.read(tmp_path) is None


def test_torn_anywhere_the_one_before_is_taken(tmp_path):
    backup.write(tmp_path, {"count": 1, "numbers": np.arange(5)})
    backup.write(tmp_path, {"count": 2, "numbers": np.arange(5)})
    newest = tmp_path / backup.NEWEST
    whole = newest.read_bytes()
    assert backup.read(tmp_path)["count"] == 2
    for length in range(len(whole)):
        newest.write_bytes(whole[:length])
        with pytest.warns(UserWarning, match=re.escape(f"{newest} is torn")):
            assert backup.read(tmp_path)["count"] == 1
    for place in range(0, len(whole), 7):  # one bit
        newest.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.warns(UserWarning, match="is torn"):
            assert backup.read(tmp_path)["count"] == 1


def test_both_torn_is_said(tmp_path):
    for name in (backup.NEWEST, backup.BEFORE):
        (tmp_path / name).write_bytes(b"nothing of ours")
    with pytest.raises(FileError, match=r"torn.*Delete .* to begin anew"):
        backup.read(tmp_path)


@pytest.mark.parametrize("name", ["replace", "fsync"])
def test_stopped_amid_writing_there_is_a_whole_one(name, tmp_path, monkeypatch):
    backup.write(tmp_path, {"count": 1})
    real, calls = getattr(atomic.os, name), []

    def stop_at(place):
        def stopping(*arguments):
            calls.append(arguments)
            if len(calls) > place:
                raise KeyboardInterrupt
            return real(*arguments)

        return stopping

    for place in range(2):
        calls.clear()
        with monkeypatch.context() as patch:
            patch.setattr(atomic.os, name, stop_at(place))
            with pytest.raises(KeyboardInterrupt):
                backup.write(tmp_path, {"count": 2})
        assert backup.read(tmp_path)["count"] in (1, 2)
        backup.write(tmp_path, {"count": 1})


def test_removed_with_its_folder_unless_something_else_is_in_it(tmp_path):
    for name, others in (("a", ()), ("b", ("notes",))):
        folder = tmp_path / name
        folder.mkdir()
        for other in others:
            (folder / other).write_text("mine")
        for count in range(2):
            backup.write(folder, {"count": count})
        backup.remove(folder)
        assert (
            [path.name for path in folder.iterdir()] == ["notes"] if others else not folder.exists()
        )
    backup.remove(tmp_path / "never there")
