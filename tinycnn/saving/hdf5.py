"""One guarded door to an HDF5 file that a stranger wrote.

HDF5 can point anywhere: links into other files, data in other files, filters that are looked for as
plug-ins, attributes of any size. Everything that is read is read here, and only plain stored data.
"""

import contextlib
import math
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

import h5py
import numpy as np

from tinycnn.errors import ModelFileError
from tinycnn.saving.heaps import largest_text

SIGNATURE = b"\x89HDF\r\n\x1a\n"
LARGEST_FILE = 4 * 10**9  # bytes
LARGEST_TEXT = 2**20  # bytes of one attribute
LARGEST_LIST = 10_000  # names
MOST_TEXT = 2**27  # bytes that the names of a list could take, and all texts that are read do take
DEEPEST_PATH = 16
LONGEST_PATH = 1000

REMEDY = "Save the model again, or take another copy of the file."
INTEGERS = ("int32", "int64", "uint32", "uint64")


class HDF5File:
    """An open model file; use `open_file`.

    Args:
        path: for messages.
        file: opened for reading.
        size: of the file, in bytes.
        largest: the size in bytes of the largest text of variable length in the file.
    """

    def __init__(self, path: str, file: h5py.File, size: int, largest: int):
        self.path = path
        self.size = size
        self._file = file
        self._largest = largest
        self._text_left = MOST_TEXT

    def has(self, name: str) -> bool:
        """Return whether the root holds something of this name."""
        return self._file.get(name, getlink=True, default=None) is not None

    def text(self, name: str) -> str | None:
        """Return a text attribute of the root, None if it is not there.

        Raises:
            ModelFileError: if it is no UTF-8 text, or one of more than 1 MiB.
        """
        found = self._attribute(self._file, name)
        if found is not None and len(found) != 1:
            raise self.error(f"its attribute {name} is not one text")
        return found and found[0]

    def names(self, group: str, attribute: str) -> list[str]:
        """Return an attribute of a group that lists names, which Keras may have split in parts.

        Raises:
            ModelFileError: if it is missing, too long, or names something twice.
        """
        owner = self._walk(group, h5py.Group)
        found = self._attribute(owner, attribute)
        if found is None:
            found = self._split_attribute(owner, attribute)
        if not found and not _has_attribute(owner, attribute):
            raise self.error(f"the group {group!r} has no attribute {attribute}")
        if len(set(found)) != len(found):
            raise self.error(f"{attribute} of the group {group!r} names something twice")
        return found

    def shape(self, path: str) -> tuple[int, ...] | None:
        """Return the shape of the dataset at a path; None if it has not even that."""
        return self._walk(path, h5py.Dataset).shape

    def array(self, path: str, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> np.ndarray:
        """Return the numbers of a dataset that is exactly as expected.

        Args:
            path: from the root, parts separated by "/".
            shape: the expected shape.
            dtypes: the allowed types, in either byte order.

        Raises:
            ModelFileError: if it is not there, has another shape or type, or is not stored plainly.
        """
        dataset = self._walk(path, h5py.Dataset)
        if dataset.shape != shape:
            raise self.error(f"{path!r} has the shape {dataset.shape}, and {shape} is needed")
        numeric = dataset.id.get_type().get_class() in (h5py.h5t.FLOAT, h5py.h5t.INTEGER)
        dtype = dataset.dtype.newbyteorder("=")
        if not numeric or dtype not in [np.dtype(allowed) for allowed in dtypes]:
            raise self.error(f"{path!r} has the type {dataset.dtype}, and {dtypes[0]} is needed")
        self._refuse_unusual_storage(path, dataset)
        numbers = np.empty(shape, dtype)
        dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, numbers)
        return numbers

    def error(self, cause: str, remedy: str = REMEDY) -> ModelFileError:
        """Return an error that names this file."""
        return ModelFileError(self.path, cause, remedy)

    def _refuse_unusual_storage(self, path: str, dataset: h5py.Dataset) -> None:
        created = dataset.id.get_create_plist()
        plain = created.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
        if not plain or created.get_nfilters() or created.get_external_count():
            raise self.error(
                f"{path!r} is stored in chunks, compressed, virtually or in another file",
                "Save the model again with Keras, which stores plain numbers.",
            )
        promised = math.prod(dataset.shape) * dataset.dtype.itemsize
        if dataset.id.get_storage_size() != promised:
            raise self.error(f"{path!r} promises {promised} bytes and does not hold them")

    def _walk(self, path: str, kind: type) -> h5py.Group | h5py.Dataset:
        parts = path.split("/")
        unusual = any(part in ("", ".", "..") for part in parts)
        if unusual or len(parts) > DEEPEST_PATH or len(path) > LONGEST_PATH:
            raise self.error(f"{path[:100]!r} is no path in a model file")
        found = self._file
        for place, part in enumerate(parts, start=1):
            link = found.get(part, getlink=True, default=None)
            if link is None:
                raise self.error(f"{'/'.join(parts[:place])!r} is missing")
            wanted = kind if place == len(parts) else h5py.Group
            # A soft or external link is seen here, and never followed.
            if type(link) is not h5py.HardLink or found.get(part, getclass=True) is not wanted:
                raise self.error(f"{'/'.join(parts[:place])!r} is a link, or no {wanted.__name__}")
            found = found[part]
        return found

    def _split_attribute(self, owner: h5py.Group, name: str) -> list[str]:
        found = []
        for part in range(LARGEST_LIST):
            more = self._attribute(owner, f"{name}{part}")
            if more is None or len(found) > LARGEST_LIST:
                break
            found += more
        return found

    def _attribute(self, owner: h5py.Group, name: str) -> list[str] | None:
        if not h5py.h5a.exists(owner.id, name.encode()):
            return None
        attribute = owner.attrs.get_id(name)
        if attribute.shape is None:
            raise self.error(f"its attribute {name} is no text")
        count = math.prod(attribute.shape)
        if not count:
            return []  # Keras stores an empty list as one of numbers
        self._refuse_unusual_text(name, attribute, count)
        values = np.ravel(owner.attrs[name]).tolist()
        texts = [value.decode() if isinstance(value, bytes) else value for value in values]
        # To encode is to refuse the surrogates that h5py makes of bytes that are no UTF-8.
        self._text_left -= sum(len(text.encode()) for text in texts)
        if self._text_left < 0:
            raise self.error(f"its texts take more than {MOST_TEXT} bytes")
        return texts

    def _refuse_unusual_text(self, name: str, attribute: h5py.h5a.AttrID, count: int) -> None:
        kind = attribute.get_type()
        if kind.get_class() != h5py.h5t.STRING:
            raise self.error(f"its attribute {name} is no text")
        variable = kind.is_variable_str()
        size = count * (self._largest if variable else kind.get_size())
        if count > LARGEST_LIST or size > (MOST_TEXT if variable and count > 1 else LARGEST_TEXT):
            raise self.error(f"its attribute {name} is too large ({count} texts, {size} bytes)")


def _has_attribute(owner: h5py.Group, name: str) -> bool:
    return any(h5py.h5a.exists(owner.id, found.encode()) for found in (name, f"{name}0"))


@contextlib.contextmanager
def open_file(path: str | os.PathLike) -> Iterator[HDF5File]:
    """Open a model file for reading, and turn every failure inside into a ModelFileError.

    Args:
        path: an existing regular file.

    Raises:
        ModelFileError: if it cannot be opened or read, or changes meanwhile.

    Example:
        >>> with open_file("mnist.h5") as file:  # doctest: +SKIP
        ...     file.text("backend")
        'tensorflow'
    """
    path = os.fspath(path)
    with _explained(path), open(path, "rb", opener=_without_waiting) as stream:
        before = os.fstat(stream.fileno())
        largest = _examine(path, stream, before)
        with h5py.File(stream, "r") as file:
            yield HDF5File(path, file, before.st_size, largest)
        after = os.fstat(stream.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ModelFileError(path, "it changed while it was read", "Load it again.")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for a writer


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ModelFileError(path, "there is no such file", "Check the name.") from error
    except IsADirectoryError as error:
        raise ModelFileError(path, "it is a folder", "Name the file in it.") from error
    except PermissionError as error:
        remedy = "Ask its owner for permission to read it."
        raise ModelFileError(path, "it may not be read", remedy) from error
    except MemoryError as error:
        remedy = "Close other programs, or take a smaller model."
        raise ModelFileError(path, "the memory is too small for it", remedy) from error
    # What h5py raises for a damaged file is any of these.
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelFileError(path, f"it is damaged, or no model file ({first})", REMEDY) from error


def _examine(path: str, stream: BinaryIO, status: os.stat_result) -> int:
    """Refuse what is no HDF5 file of the usual kind; return the size of its largest text."""
    if not stat.S_ISREG(status.st_mode):
        raise ModelFileError(path, "it is no regular file", "Name a file.")
    start = stream.read(16)
    if not start:
        raise ModelFileError(path, "it is empty", REMEDY)
    if not start.startswith(SIGNATURE):
        remedy = "Name a .h5 file; a .keras file can be saved as .h5 by Keras."
        raise ModelFileError(path, f"it is no HDF5 file, it begins with {start[:8]!r}", remedy)
    place = (
        13 if start[8:9] < b"\2" else 9
    )  # where the superblock says how wide addresses and lengths are
    if start[place : place + 2] != b"\x08\x08":
        raise ModelFileError(path, "it is not an HDF5 file of the usual 64-bit kind", REMEDY)
    if status.st_size > LARGEST_FILE:
        raise ModelFileError(path, f"it has {status.st_size} bytes, too many", REMEDY)
    return largest_text(stream, status.st_size)
