"""Backups: a file that holds numbers, texts, lists, dicts and arrays, and proves to be whole.

The first line holds the SHA-256 of the rest, a zip of NumPy's (.npz): the arrays, and everything else as
JSON with the arrays' numbers in their places. The backup before is kept, and read where the newest is torn.
"""

import contextlib
import hashlib
import io
import json
import os

import numpy as np

from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError
from tinycnn.utils.warning import warn

NEWEST, BEFORE = "training.backup", "training.backup.before"
HEAD = b"tinycnn backup 1 "
Value = object  # of what a backup can hold


def write(folder: str, state: dict[str, Value]) -> None:
    """Write the newest backup of a folder; whenever the process stops, there is a whole one.

    Args:
        folder: there already.
        state: by name; numbers, texts, True, False, None, lists, dicts with texts as keys, arrays.

    Raises:
        FileError: if it cannot be written; those that were there still are.
        TypeError: for a value that a backup cannot hold.
    """
    newest, before = (os.path.join(folder, name) for name in (NEWEST, BEFORE))
    content = packed(state)
    with atomic.replacing(newest) as file:
        file.write(content)
        file.flush()
        if os.path.exists(newest):
            os.replace(newest, before)


def read(folder: str) -> dict[str, Value] | None:
    """Return the newest whole backup of a folder, None if there is none at all.

    Raises:
        FileError: if there are backups, and none is whole.

    Warns:
        UserWarning: if the newest is torn, and the one before is taken.
    """
    torn = []
    for name in (NEWEST, BEFORE):
        path = os.path.join(folder, name)
        if not os.path.lexists(path):
            continue
        with atomic.explained(path, FileError), open(path, "rb") as file:
            state = unpacked(file.read())
        if state is None:
            torn.append(path)
            continue
        if torn:
            warn(f"{torn[0]} is torn: the training goes on from the backup before it.")
        return state
    if torn:
        remedy = f"Delete {folder} to begin anew."
        raise FileError(torn[0], "the backup is torn, and there is no whole one before it", remedy)
    return None


def remove(folder: str) -> None:
    """Remove the backups of a folder, and the folder, too, if nothing else is in it."""
    for name in (NEWEST, BEFORE):
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(folder, name))
    with contextlib.suppress(OSError):  # not empty, or there is none
        os.rmdir(folder)


def packed(state: dict[str, Value]) -> bytes:
    """Return a state as the bytes of a backup; TypeError for a value that it cannot hold."""
    arrays: list[np.ndarray] = []
    text = json.dumps(_plain(state, arrays))
    file = io.BytesIO()
    np.savez(file, np.frombuffer(text.encode(), np.uint8), *arrays)
    content = file.getvalue()
    return HEAD + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def unpacked(content: bytes) -> dict[str, Value] | None:
    """Return the state in a file's bytes; None if they are not what was written."""
    head, _, archive = content.partition(b"\n")
    if head != HEAD + hashlib.sha256(archive).hexdigest().encode():
        return None
    with np.load(io.BytesIO(archive), allow_pickle=False) as file:
        text, *arrays = (file[f"arr_{place}"] for place in range(len(file.files)))
    return _restored(json.loads(text.tobytes()), arrays)


def _plain(value: Value, arrays: list[np.ndarray]) -> Value:
    """Return a value as JSON has it; its arrays are appended to `arrays`."""
    match value:
        case np.ma.MaskedArray():
            pass
        case np.ndarray() | np.generic() if not value.dtype.hasobject:
            arrays.append(np.asarray(value))
            kind = "array" if isinstance(value, np.ndarray) else "scalar"
            return {kind: len(arrays) - 1}
        case dict() if all(isinstance(key, str) for key in value):
            return {"dict": {key: _plain(entry, arrays) for key, entry in value.items()}}
        case tuple():
            return {"tuple": [_plain(entry, arrays) for entry in value]}
        case list():
            return [_plain(entry, arrays) for entry in value]
        case None | bool() | int() | float() | str():
            return value
    raise TypeError(
        "A backup holds numbers, texts, None, lists, dicts with texts as keys, and arrays of numbers. "
        f"Received: {value!r:.100}"
    )


def _restored(value: Value, arrays: list[np.ndarray]) -> Value:
    """Return what `_plain` was given."""
    match value:
        case {"array": place}:
            return arrays[place]
        case {"scalar": place}:
            return arrays[place][()]
        case {"tuple": entries}:
            return tuple(_restored(entry, arrays) for entry in entries)
        case {"dict": entries}:
            return {key: _restored(entry, arrays) for key, entry in entries.items()}
        case list():
            return [_restored(entry, arrays) for entry in value]
    return value
