"""A folder with four IDX files: found, read and matched with each other."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinycnn.datasets.files import FILES, NAMES, KnownFile, find_files, put_files_here
from tinycnn.datasets.idx import parse_images, parse_labels, read_bytes, unpack
from tinycnn.errors import DataFileError

_SOURCES = 'Data come from "auto", "mnist", "sample", or a folder with the four files of MNIST.'

Split = tuple[np.ndarray, np.ndarray]


class Content(NamedTuple):
    """A file and its unpacked bytes."""

    path: Path
    raw: bytes


def read_folder(folder: str | os.PathLike) -> tuple[Content, ...]:
    """Read the four files that a person keeps in a folder; any data in MNIST's format will do.

    Args:
        folder: holds the four files, packed or unpacked, in either spelling of their names.

    Returns:
        The four contents, in the order of `files.FILES`.

    Raises:
        DataFileError: no such folder, a file is missing, too long, or its gzip data damaged.

    Example:
        >>> contents = read_folder("fashion-mnist")  # doctest: +SKIP
    """
    if not os.path.isdir(folder):
        cause = "it is a file, not a folder" if os.path.exists(folder) else "no such folder"
        raise DataFileError(folder, cause, _SOURCES)
    found = {name: find_files(folder, name) for name in NAMES}
    missing = [name for name, paths in found.items() if not paths]
    if missing:
        cause = f"missing from this folder: {', '.join(missing)}"
        raise DataFileError(folder, cause, put_files_here(folder))
    paths = [candidates[0] for candidates in found.values()]
    return tuple(Content(path, unpack(read_bytes(path), path)) for path in paths)


def parse_contents(contents: tuple[Content, ...]) -> tuple[Split, Split]:
    """Turn four contents into arrays that agree with each other.

    Args:
        contents: training images, training labels, test images, test labels.

    Returns:
        ((x_train, y_train), (x_test, y_test)), uint8 (n, 28, 28) and (n,).

    Raises:
        DataFileError: a file is not what its name says, or images and labels differ in number.

    Example:
        >>> train, test = parse_contents(read_folder("fashion-mnist"))  # doctest: +SKIP
    """
    train_images, train_labels, test_images, test_labels = contents
    return _parse_pair(train_images, train_labels), _parse_pair(test_images, test_labels)


def are_known(contents: tuple[Content, ...], files: tuple[KnownFile, ...] = FILES) -> bool:
    """Tell whether each content is, byte for byte, the known one.

    Args:
        contents: in the order of `files`.
        files: what is known; MNIST itself by default.

    Example:
        >>> are_known(tuple(Content(Path(name), b"") for name in NAMES))
        False
    """
    digests = [hashlib.sha256(content.raw).hexdigest() for content in contents]
    return digests == [known.raw_sha256 for known in files]


def _parse_pair(images: Content, labels: Content) -> Split:
    x = parse_images(images.raw, images.path)  # (n, 28, 28)
    y = parse_labels(labels.raw, labels.path)  # (n,)
    if len(x) != len(y):
        cause = f"it holds {len(y):,} labels, but {images.path.name} holds {len(x):,} images"
        raise DataFileError(labels.path, cause, put_files_here(labels.path.parent))
    return x, y
