"""A person's own digits: plain pictures and one table, in a folder of theirs. No Tk in here.

The folder holds pictures as the net sees them, 28 x 28 grey PNGs with white lines on black, and `digits.csv`
with a row for each: its file, what it is, what it was read as. Whoever takes a row or a picture away by hand
takes it out of what is learnt.
"""

import contextlib
import csv
import dataclasses
import io
import os
import pathlib
import secrets
from collections.abc import Iterator

from tinycnn.utils.errors import DataFileError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

HOME = "TINYCNN_DIGITS"  # a variable of the environment, which names another folder
TABLE = "digits.csv"
COLUMNS = ["file", "digit", "read as"]


@dataclasses.dataclass(frozen=True)
class OwnDigits:
    """What was kept.

    images: uint8 (n, 28, 28).
    digits: what they are, int (n,).
    faults: a sentence for each picture that cannot be read; those are left out.
    """

    images: object
    digits: object
    faults: list[str]


def folder() -> pathlib.Path:
    """Return where the digits lie: $TINYCNN_DIGITS, else where the system keeps a user's data."""
    if home := os.environ.get(HOME):
        return pathlib.Path(home).expanduser()
    import platformdirs

    return platformdirs.user_data_path("tinycnn", False) / "digits"


def keep(image: bytes, digit: int, read_as: int | None) -> int:
    """Keep a picture with what it is; return how many there are then. No file is ever replaced but the table.

    Args:
        image: what the net saw, 784 bytes.
        digit: what it is, 0 to 9.
        read_as: what it was taken for, if it was read, and as a digit.

    Raises:
        DataFileError: the folder cannot be written, or the table is damaged; nothing is changed then.
    """
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cause = f"the folder for your digits cannot be made ({error.strerror or error})"
        raise DataFileError(place, cause, f"Set {HOME} to another folder.") from error
    rows(place / TABLE)  # a damaged table is told before there is a picture that it does not name
    name = f"{digit}-{secrets.token_hex(6)}.png"
    _write_picture(place / name, image)
    return _add(place / TABLE, [name, str(digit), "" if read_as is None else str(read_as)])


def load() -> OwnDigits:
    """Read all that was kept.

    Raises:
        DataFileError: the table is damaged or cannot be read.
    """
    import numpy as np

    place, images, digits, faults = folder(), [], [], []
    for name, digit, _ in rows(place / TABLE):
        try:
            images.append(_read_picture(place / name))
            digits.append(int(digit))
        except DataFileError as error:
            faults.append(str(error))
    return OwnDigits(
        np.array(images, np.uint8).reshape(-1, 28, 28), np.array(digits, np.int64), faults
    )


def count() -> int:
    """Return how many digits the table names.

    Raises:
        DataFileError: the table is damaged or cannot be read.
    """
    return len(rows(folder() / TABLE))


def rows(table: pathlib.Path) -> list[list[str]]:
    """Return the table's rows without its head; none if there is no table.

    Args:
        table: its path.

    Raises:
        DataFileError: it cannot be read, or is damaged.
    """
    remedy = "Correct that line or take it out; your pictures lie beside the table."
    reader = csv.reader(io.StringIO(_text(table), newline=""))
    try:
        lines = list(reader)
    except csv.Error as error:
        cause = f"line {reader.line_num} is none of a table ({error})"
        raise DataFileError(table, cause, remedy) from error
    if not lines:
        return []
    if lines[0] != COLUMNS:
        cause = f"its first line is not {','.join(COLUMNS)}"
        raise DataFileError(table, cause, remedy)
    for number, line in enumerate(lines[1:], 2):
        if line and not _is_row(line):
            cause = f"line {number} does not name a picture in this folder and a digit from 0 to 9"
            raise DataFileError(table, cause, remedy)
    return [line for line in lines[1:] if line]  # editors leave an empty one at the end


def _is_row(line: list[str]) -> bool:
    """Return whether these are the name of a file in the same folder, a digit, and a digit or nothing."""
    if len(line) != len(COLUMNS) or len(line[1]) != 1 or line[1] not in "0123456789":
        return False
    return bool(line[0]) and line[0] == os.path.basename(line[0]) and "\0" not in line[0]


def _text(table: pathlib.Path) -> str:
    """Return what a table says; nothing if there is none."""
    try:
        return table.read_text(encoding="utf-8-sig")  # spreadsheets write a mark at its beginning
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        cause = f"it cannot be read ({getattr(error, 'strerror', None) or 'it is no text'})"
        raise DataFileError(table, cause, "Restore it, or move it away to begin anew.") from error


def _read_picture(path: pathlib.Path) -> object:
    """Return a kept picture, uint8 (28, 28)."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.size != (28, 28):  # before its pixels are unpacked
                raise ValueError(f"it is {picture.width} x {picture.height} pixels, not 28 x 28")
            return np.asarray(picture.convert("L"))
    except FileNotFoundError as error:
        raise DataFileError(path, "this picture of yours is not there", _REMEDY) from error
    except Exception as error:  # Pillow raises many kinds for what is no picture
        raise DataFileError(path, f"this picture cannot be read: {error}", _REMEDY) from error


_REMEDY = f"Take its row out of {TABLE}."


def _write_picture(path: pathlib.Path, image: bytes) -> None:
    from PIL import Image

    from tinycnn.utils import atomic

    with atomic.replacing(path, DataFileError, overwrite=False) as file:
        Image.frombytes("L", (28, 28), image).save(file, "PNG")


def _add(table: pathlib.Path, row: list[str]) -> int:
    """Add a row; return how many there are then."""
    from tinycnn.utils import atomic

    with _alone(table.parent):
        known = [*rows(table), row]
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *known])
        with atomic.replacing(table, DataFileError) as file:
            file.write(text.getvalue().encode())
        return len(known)


@contextlib.contextmanager
def _alone(place: pathlib.Path) -> Iterator[None]:
    """Let one process at a time write the table, so that none writes over another's row."""
    if fcntl is None:  # there no folder can be locked; a person has one mouse for all windows
        yield
        return
    handle = os.open(place, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a disk without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
