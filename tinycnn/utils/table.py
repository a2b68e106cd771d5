"""`Table`: a CSV file with a row for every epoch of a training, for the callback `CSVLogger`.

The file is replaced as a whole for every row, so it is never half-written.
"""

import csv
import functools
import io
import os
import re

from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError
from tinycnn.utils.warning import warn


def _write(content: bytes, path: str) -> None:
    """Replace the file at `path` with this content."""
    with atomic.replacing(path) as file:
        file.write(content)


class Table:
    """The rows of a training's table, and the CSV file that they are written to.

    If another program changes the file during the training, or rows to append to have other columns, that
    file is left as it is: the table goes on in a file with another name, and a warning says so.

    `rows` are lists of cells, that with the columns' names first.

    Args:
        path: the file, new or a table of an earlier training.
        separator: the text between columns.
        append: whether to keep the rows that are in the file; else they are replaced.

    Raises:
        FileError: if the file cannot be written, or holds something else than a training's table.

    Example:
        >>> table = Table("training.csv")
        >>> table.add({"epoch": 0, "loss": 0.5})  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike, separator: str = ",", append: bool = False):
        self.path, self.separator = os.fspath(path), separator
        atomic.check(self.path)
        self._content = self._read()  # the file's bytes when this table last read or wrote it
        if self._content and not re.match(rb"epoch\W", self._content):
            raise FileError(self.path, "it is no table of a training", "Choose another name.")
        self.rows = self._rows_in_content() if append else []

    def go_on(self, rows: list[list[str]]) -> None:
        """Go on with the rows of an earlier training; the file may have the next ones, too, from then.

        Args:
            rows: lists of cells, the columns' names first.
        """
        begin = self._text(rows).encode()
        if not self._content.startswith(begin):
            self._content = begin  # which the file does not have: another program has written it
        self.rows = rows

    def add(self, row: dict[str, object]) -> None:
        """Add a row and write the whole table.

        Args:
            row: values by column, "epoch" first.

        Raises:
            FileError: it cannot be written, under another name either; the file is as it was.
        """
        columns = list(row)
        if self._read() not in (self._content, b""):
            self._go_elsewhere("another program has written it meanwhile")
        elif self.rows and (self.rows[0] != columns or not self._all_have_length(len(columns))):
            self._go_elsewhere(f"its rows do not all have the columns {', '.join(columns)}")
            self.rows = []
        rows = [*(self.rows or [columns]), [str(value) for value in row.values()]]
        content = self._text(rows).encode()
        self.path = atomic.save_somewhere(functools.partial(_write, content), self.path)
        self.rows, self._content = rows, content

    def _read(self) -> bytes:
        """Return the file's bytes; none if there is no file."""
        with atomic.explained(self.path, FileError):
            if not os.path.exists(self.path):
                return b""
            with open(self.path, "rb") as file:
                return file.read()

    def _rows_in_content(self) -> list[list[str]]:
        """Return the rows of `_content`, each a list of cells, the line of column names first."""
        text = io.StringIO(self._content.decode(errors="replace"), newline="")
        return list(csv.reader(text, delimiter=self.separator))

    def _all_have_length(self, length: int) -> bool:
        """Return whether all rows have this many cells."""
        return all(len(cells) == length for cells in self.rows)

    def _text(self, rows: list[list[str]]) -> str:
        """Return rows as CSV."""
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self.separator).writerows(rows)
        return text.getvalue()

    def _go_elsewhere(self, reason: str) -> None:
        """Warn for this reason, and write the rows from now on to a file with another name."""
        other = next(atomic.other_names(self.path))
        warn(f"{self.path}: {reason}. The table goes on in {other}")
        self.path, self._content = other, b""
