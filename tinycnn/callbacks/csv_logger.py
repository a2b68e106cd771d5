"""`CSVLogger`: the numbers of every epoch in a CSV file."""

import os
from collections.abc import Iterable

import numpy as np

from tinycnn.callbacks.base import Callback, Logs
from tinycnn.utils.table import Table


def _cell(value: object) -> object:
    """Return what stands in a cell: several numbers as a text in brackets, anything else as it is."""
    several = isinstance(value, Iterable) and not isinstance(value, str) and np.ndim(value)
    return f'"[{", ".join(map(str, value))}]"' if several else value


class CSVLogger(Callback):
    """Writes a row with epoch, loss and metrics to a CSV file after every epoch.

    The columns are those of the first epoch, sorted; if none is of validation then, one is added for each.
    NA stands where an epoch has no such number.

    A file that another program has changed meanwhile, or that has other columns, is not overwritten: the
    rows go to a file beside it, and a warning names that.

    Args:
        filename: of the CSV file.
        separator: between columns.
        append: True to keep the rows that are there, and write after them.

    Raises:
        FileError: when training begins, if the file cannot be written, or is no such table; after an
            epoch, if the rows cannot be written anywhere.
    """

    only_writes = True
    backed_up = ("keys", "rows")

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False):
        super().__init__()
        self.filename, self.separator, self.append = os.fspath(filename), separator, append
        self.keys: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check that the file can be written; the first row will replace it, or append to it."""
        self.keys, self.table = None, Table(self.filename, self.separator, self.append)

    @property
    def rows(self) -> list[list[str]]:
        """The table's rows, that of the columns' names first; may be set to those of an earlier training."""
        return self.table.rows

    @rows.setter
    def rows(self, rows: list[list[str]]) -> None:
        self.table.go_on(rows)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a row: epoch, then the other numbers sorted by name."""
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
        cells = {key: _cell(logs.get(key, "NA")) for key in self.keys}
        self.table.add({"epoch": epoch, **cells})
