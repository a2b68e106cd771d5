"""The embedded sample: 12,000 digits of MNIST that come with the package (SAMPLE-LICENSE.md)."""

import os
import zipfile
import zlib
from importlib import resources
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tinycnn.datasets.folder import Split
from tinycnn.utils.errors import DataFileError

TRAIN_COUNT = 10_000
TEST_COUNT = 2_000
# What NumPy and zipfile raise for a damaged .npz file
_DAMAGES = (OSError, KeyError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error)
SHAPES = {
    "x_train": (TRAIN_COUNT, 28, 28),
    "y_train": (TRAIN_COUNT,),
    "x_test": (TEST_COUNT, 28, 28),
    "y_test": (TEST_COUNT,),
}


def load_data(path: str | os.PathLike | None = None) -> tuple[Split, Split]:
    """Load the sample in the package: every class equally often, in a fixed order.

    Args:
        path: an .npz file made by scripts/make_sample.py; None for the one in the package.

    Returns:
        ((x_train, y_train), (x_test, y_test)): uint8 (10000, 28, 28), 0 = background and 255 = foreground;
        uint8 (10000,), 0..9; and 2,000 of each for testing.

    Raises:
        DataFileError: the file is missing or damaged.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_test.shape
        (2000, 28, 28)
    """
    x_train, y_train, x_test, y_test = _read(path, tuple(SHAPES))
    return (x_train, y_train), (x_test, y_test)


def load_test_data() -> Split:
    """Load the 2,000 digits for testing alone, in a sixth of the time.

    Raises:
        DataFileError: see `load_data`.
    """
    x_test, y_test = _read(None, ("x_test", "y_test"))
    return x_test, y_test


def _read(path: str | os.PathLike | None, names: tuple[str, ...]) -> list[np.ndarray]:
    """Return arrays of the sample, or of another file like it: see `load_data`."""
    resource = resources.files("tinycnn.datasets").joinpath("sample.npz")
    chosen = resource if path is None else Path(path)
    try:
        with chosen.open("rb") as file:
            return _read_arrays(file, names)
    except _DAMAGES as error:
        cause = f"it is not the sample that tinycnn comes with: {error}"
        raise DataFileError(str(chosen), cause, "Install tinycnn again.") from error


def _read_arrays(file: BinaryIO, names: tuple[str, ...]) -> list[np.ndarray]:
    """Return arrays of an .npz file; raise one of `_DAMAGES` unless they are as in `SHAPES`."""
    with np.load(file, allow_pickle=False) as archive:
        arrays = [archive[name] for name in names]
    for name, array in zip(names, arrays, strict=True):
        if (array.shape, array.dtype) != (SHAPES[name], np.uint8):
            raise ValueError(f"{name} is {array.dtype} {array.shape}, not uint8 {SHAPES[name]}")
    return arrays
