"""Loading handwritten digits: MNIST, other data in its file format, and a small sample in the package.

Example:
    >>> from tinycnn import datasets
    >>> datasets.load("sample").name
    'sample'
"""

import os
from collections.abc import Sequence
from pathlib import Path

from tinycnn.datasets import mnist, sample
from tinycnn.datasets.digits import Digits
from tinycnn.datasets.download import ELSE
from tinycnn.datasets.folder import are_known, is_emnist, parse_contents, read_folder
from tinycnn.utils.errors import DataFileError
from tinycnn.utils.printable import printable

__all__ = ["Digits", "load", "mnist", "sample"]

# The note of `Digits` for EMNIST
_UPRIGHT = (
    "These are EMNIST's files, which hold every image mirrored and lying: it was set upright."
)


def load(
    source: str | os.PathLike = "auto",
    *,
    mirrors: Sequence[str] = mnist.MIRRORS,
    files: Sequence[mnist.KnownFile] = mnist.FILES,
    patience: float = mnist.PATIENCE,
) -> Digits:
    """Load a training set and a test set of digits.

    Args:
        source: "mnist": MNIST, from the cache or downloaded. "sample": the sample in the package. "auto":
            MNIST if possible, else the sample, with a `note` that says why. Anything else: a folder with
            four files in MNIST's format, under MNIST's names or EMNIST's. EMNIST's files hold images with
            rows and columns exchanged; they are exchanged back, and a `note` says so.
        mirrors: addresses of folders that hold MNIST's files, tried in this order; () for no network.
        files: names, sizes and SHA-256 of MNIST's four files.
        patience: seconds to wait in all when no mirror answers, > 0.

    Returns:
        `Digits`; the name is "mnist" only if all four files are MNIST's, byte for byte.

    Raises:
        DownloadError: "mnist" is neither in the cache nor to be had from any mirror.
        DataFileError: a file or folder is missing, damaged, or not what its name says.

    Example:
        >>> load("sample").x_test.shape
        (2000, 28, 28)
    """
    if source == "sample":
        return _digits(sample.load_data(), "sample")
    if source not in ("auto", "mnist"):
        return _load_folder(source)
    try:
        splits = mnist.load_data(mirrors=mirrors, files=files, patience=patience)
    except DataFileError as error:
        if source == "mnist":
            raise
        return _digits(sample.load_data(), "sample", _explain(error))
    return _digits(splits, "mnist")


def _load_folder(source: str | os.PathLike) -> Digits:
    """Return the digits in a folder with four IDX files."""
    contents = read_folder(source)
    name = "mnist" if are_known(contents) else _folder_name(Path(source).resolve())
    return _digits(parse_contents(contents), name, _UPRIGHT if is_emnist(contents[0]) else None)


def _folder_name(folder: Path) -> str:
    """Return the folder's name; its whole path if it is called "mnist" or "sample", which have a meaning."""
    return str(folder) if folder.name in ("", "mnist", "sample") else folder.name


def _digits(splits: tuple[mnist.Split, mnist.Split], name: str, note: str | None = None) -> Digits:
    """Return `Digits` made of ((x_train, y_train), (x_test, y_test))."""
    (x_train, y_train), (x_test, y_test) = splits
    return Digits(x_train, y_train, x_test, y_test, name, note)


def _explain(error: DataFileError) -> str:
    """Return the note for a user who gets the sample instead of MNIST: what it is, why, and what to do."""
    return (
        "WARNING: this is not MNIST, but the small sample that comes with tinycnn "
        f"({sample.TRAIN_COUNT:,} training and {sample.TEST_COUNT:,} test digits); "
        "its results are not MNIST's.\n"
        f"WARNING: MNIST could not be loaded: {printable(error.path)}: {error.cause}.\n"
        f"WARNING: {error.remedy.removesuffix(ELSE).rstrip()}"
    )
