"""Reading a folder with the four IDX files of a data set, and turning them into arrays."""

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinycnn.datasets.files import (
    EMNIST_NAMES,
    FILES,
    NAMES,
    READABLE,
    KnownFile,
    axes_of,
    find_files,
    put_files_here,
)
from tinycnn.datasets.idx import parse_images, parse_labels, read_bytes, unpack
from tinycnn.utils.errors import DataFileError

_SOURCES = 'Data come from "auto", "mnist", "sample", or a folder with the four files of MNIST.'
_ONE_SET = "Keep the four files that you mean in a folder of their own."

Split = tuple[np.ndarray, np.ndarray]  # x (n, 28, 28), y (n,)


class Content(NamedTuple):
    """A file: its path, and its unpacked content."""

    path: Path
    raw: bytes


def read_folder(folder: str | os.PathLike) -> tuple[Content, ...]:
    """Return the contents of the four files in a user's folder; any data in MNIST's format will do.

    Args:
        folder: holds the four files, packed or unpacked, in either spelling of their names, which
            are MNIST's, or those of EMNIST's splits "digits" and "mnist".

    Returns:
        The four contents, in the order of `files.FILES`.

    Raises:
        DataFileError: there is no such folder; it or a file cannot be read; a file is missing, too long,
            or its gzip data damaged; it holds two different versions of a file, or two sets of files.

    Example:
        >>> contents = read_folder("fashion-mnist")  # doctest: +SKIP
    """
    _check_folder(folder)
    names = _find_set(folder)
    paths_of = {name: find_files(folder, name) for name in names}
    missing = [name for name, paths in paths_of.items() if not paths]
    if missing:
        cause = f"missing from this folder: {', '.join(missing)}"
        raise DataFileError(folder, cause, put_files_here(folder, names))
    return tuple(_read_one(paths) for paths in paths_of.values())


def _check_folder(folder: str | os.PathLike) -> None:
    """Raise DataFileError unless this is a folder that can be looked into."""
    try:
        mode = os.stat(folder).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise DataFileError(folder, "no such folder", _SOURCES) from error
    except OSError as error:
        raise DataFileError(folder, f"it cannot be read: {error.strerror}", READABLE) from error
    if not stat.S_ISDIR(mode):
        raise DataFileError(folder, "it is a file, not a folder", _SOURCES)


def _find_set(folder: str | os.PathLike) -> Sequence[str]:
    """Return the four names of the set (MNIST's or one of EMNIST's) of which most files are there.

    Raises:
        DataFileError: if more than one set is complete.
    """
    count = {names: _count(folder, names) for names in (NAMES, *EMNIST_NAMES)}
    complete = [names for names in count if count[names] == len(names)]
    if len(complete) > 1:
        cause = f"it holds more than one set of files: {', '.join(names[0] for names in complete)}"
        raise DataFileError(folder, cause, _ONE_SET)
    return max(count, key=count.get)


def _count(folder: str | os.PathLike, names: Sequence[str]) -> int:
    """Return how many of these files are in the folder, in any spelling."""
    return sum(bool(find_files(folder, name)) for name in names)


def _read_one(paths: Sequence[Path]) -> Content:
    """Return the content of a file that may be there under several spellings, packed and unpacked.

    Raises:
        DataFileError: if they do not hold the same.
    """
    contents = [Content(p, unpack(read_bytes(p), p, axes_of(p.name))) for p in paths]
    first = contents[0]
    for other in contents[1:]:
        if other.raw != first.raw:
            cause = f"{other.path.name} beside it holds something else"
            raise DataFileError(first.path, cause, "Remove, or rename, the one you do not mean.")
    return first


def parse_contents(contents: tuple[Content, ...]) -> tuple[Split, Split]:
    """Return the arrays of four IDX files.

    Args:
        contents: training images, training labels, test images, test labels.

    Returns:
        ((x_train, y_train), (x_test, y_test)), uint8 (n, 28, 28) and (n,). Files with EMNIST's names
        hold every image with rows and columns exchanged: here they are exchanged back.

    Raises:
        DataFileError: a file is not what its name says, or images and labels differ in number.

    Example:
        >>> train, test = parse_contents(read_folder("fashion-mnist"))  # doctest: +SKIP
    """
    train_images, train_labels, test_images, test_labels = contents
    return _parse_pair(train_images, train_labels), _parse_pair(test_images, test_labels)


def are_known(contents: tuple[Content, ...], files: tuple[KnownFile, ...] = FILES) -> bool:
    """Return whether the contents are those of known files, compared by SHA-256.

    Args:
        contents: in the order of `files`.
        files: those to compare with; MNIST's by default.

    Example:
        >>> are_known(tuple(Content(Path(name), b"") for name in NAMES))
        False
    """
    digests = [hashlib.sha256(content.raw).hexdigest() for content in contents]
    return digests == [known.raw_sha256 for known in files]


def _parse_pair(images: Content, labels: Content) -> Split:
    """Return (x, y), uint8 (n, 28, 28) and (n,), of an image file and a label file of the same length."""
    x = parse_images(images.raw, images.path)  # (n, 28, 28)
    y = parse_labels(labels.raw, labels.path)  # (n,)
    if len(x) != len(y):
        cause = f"it holds {len(y):,} labels, but {images.path.name} holds {len(x):,} images"
        raise DataFileError(labels.path, cause, "Take images and labels that belong together.")
    return (x.transpose(0, 2, 1).copy() if is_emnist(images) else x), y


def is_emnist(content: Content) -> bool:
    """Return whether a file's name begins with "emnist-".

    Example:
        >>> is_emnist(Content(Path("emnist-digits-test-images-idx3-ubyte"), b""))
        True
    """
    return content.path.name.startswith("emnist-")
