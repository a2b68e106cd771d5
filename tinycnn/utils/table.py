"""A training's table: a CSV file with a row for every epoch, which is at any time old or whole."""

import csv
import functools
import io
import os
import re

from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError
from tinycnn.utils.warning import warn


def _write(content: bytes, path: str) -> None:
    with atomic.replacing(path) as file:
        file.write(content)


class Table:
    """The rows of a training, and the file that they are written to.

    What somebody else wrote into the file meanwhile, or wrote in other columns, is never touched: the
    table goes on in a file with another name, and a warning says so.

    Args:
        path: of the file.
        separator: between columns.
        append: go on after the rows that are there.

    Raises:
        FileError: if the file cannot be written, or holds something else than a training's table.

    Example:
        >>> table = Table("training.csv")
        >>> table.add({"epoch": 0, "loss": 0.5})  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike, separator: str = ",", append: bool = False):
        self.path, self.separator = os.fspath(path), separator
        atomic.check(self.path)
        self._there = self._read()  # what was there when this table was last read or written
        if self._there and not re.match(rb"epoch\W", self._there):
            raise FileError(self.path, "it is no table of a training", "Choose another name.")
        self._rows = self._rows_there() if append else []

    def add(self, row: dict[str, object]) -> None:
        """Add a row and write the table, whole.

        Args:
            row: values by column, "epoch" first.

        Raises:
            FileError: it can be written nowhere, under no other name either; the file is as it was.
        """
        columns = list(row)
        if self._read() not in (self._there, b""):
            self._go_elsewhere("another program has written it meanwhile")
        elif self._rows and (self._rows[0] != columns or not self._all_long(len(columns))):
            self._go_elsewhere(f"its rows do not all have the columns {', '.join(columns)}")
            self._rows = []
        rows = [*(self._rows or [columns]), [str(value) for value in row.values()]]
        content = self._text(rows).encode()
        self.path = atomic.save_somewhere(functools.partial(_write, content), self.path)
        self._rows, self._there = rows, content

    def _read(self) -> bytes:
        with atomic.explained(self.path, FileError):
            if not os.path.exists(self.path):
                return b""
            with open(self.path, "rb") as file:
                return file.read()

    def _rows_there(self) -> list[list[str]]:
        text = io.StringIO(self._there.decode(errors="replace"), newline="")
        return list(csv.reader(text, delimiter=self.separator))

    def _all_long(self, length: int) -> bool:
        return all(len(cells) == length for cells in self._rows)

    def _text(self, rows: list[list[str]]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self.separator).writerows(rows)
        return text.getvalue()

    def _go_elsewhere(self, reason: str) -> None:
        """Keep this training's rows, and leave the file to the others."""
        other = next(atomic.other_names(self.path))
        warn(f"{self.path}: {reason}. The table goes on in {other}")
        self.path, self._there = other, b""
