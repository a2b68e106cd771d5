"""`HDF5File`: a reader of untrusted HDF5 files, without the HDF5 library.

An HDF5 file can refer to other files, name filters that the library loads as plug-ins, or have attributes of
any size; and a damaged file can crash the HDF5 library before 2.0. So model files are read by this reader,
which supports only numbers and texts that are stored in the file itself, uncompressed.
"""

import contextlib
import math
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from tinycnn.saving import kinds
from tinycnn.saving.file_bytes import FileBytes, unsigned
from tinycnn.saving.heaps import REFERENCE, GlobalHeaps
from tinycnn.saving.messages import UNDEFINED, Attribute, Storage, unpadded
from tinycnn.saving.objects import SIGNATURE, FileObject, base_address, root_address
from tinycnn.saving.opened import LARGEST_FILE, opened
from tinycnn.utils.errors import ModelFileError

# Limits: what is larger is refused.
LARGEST_TEXT = 2**20  # bytes of one attribute
LARGEST_LIST = 10_000  # names in one list
MOST_TEXT = 2**24  # bytes of all texts that are read from a file
DEEPEST_PATH = 16  # parts of a path
LONGEST_PATH = 1000  # characters

# Types in which the count of training steps may be stored.
INTEGERS = ("int32", "int64", "uint32", "uint64")


class HDF5File:
    """An HDF5 file whose groups, text attributes and datasets of numbers can be read; see `open_file`.

    Paths are those of HDF5, such as "model_weights/dense", from the root group, which is "".

    Args:
        path: the file's name, for messages.
        stream: opened for reading in binary, seekable: a file, or bytes in memory.
        size: of the file, in bytes.
        base: where in it the HDF5 format begins: behind a "user block", if there is one.

    Raises:
        ValueError: if it is no HDF5 file, or of an unusual kind.
    """

    def __init__(self, path: str, stream: BinaryIO, size: int, base: int = 0):
        self.path = path
        self.size = size
        self._bytes = FileBytes(stream, size, base)
        self._heaps = GlobalHeaps(self._bytes)
        self._objects = {}  # `FileObject`s that were read, by address
        self._text_left = MOST_TEXT
        self._root = self._object(root_address(self._bytes))

    def has(self, path: str) -> bool:
        """Return whether there is something at a path; ModelFileError if a link leads away from there."""
        group, _, name = path.rpartition("/")
        return (not group or self.has(group)) and name in self._walk(group, "Group").links()

    def has_attribute(self, group: str, name: str) -> bool:
        """Return whether the group at a path has an attribute of this name, whole or split: see `names`."""
        return _has_attribute(self._walk(group, "Group"), name)

    def links(self, path: str) -> list[str]:
        """Return the names of all that is in the group at a path; "" is the root group."""
        return list(self._walk(path, "Group").links())

    def text(self, name: str) -> str | None:
        """Return a text attribute of the root group; None if there is none of this name.

        Raises:
            ModelFileError: if it is no UTF-8 text, or one of more than 1 MiB.
        """
        texts = self._attribute(self._root, name)
        if texts is not None and len(texts) != 1:
            raise self.error(f"its attribute {name} is not one text")
        return texts and texts[0]

    def names(self, group: str, attribute: str) -> list[str]:
        """Return an attribute of a group that is a list of names.

        Keras splits long lists into attributes with the numbers 0, 1, ... behind their name.

        Args:
            group: the group's path.
            attribute: such as "weight_names".

        Raises:
            ModelFileError: if it is missing, too long, or names something twice.
        """
        owner = self._walk(group, "Group")
        names = self._attribute(owner, attribute)
        if names is None:
            names = self._split_attribute(owner, attribute)
        if not names and not _has_attribute(owner, attribute):
            raise self.error(f"the group {group!r} has no attribute {attribute}")
        if len(set(names)) != len(names):
            raise self.error(f"{attribute} of the group {group!r} names something twice")
        return names

    def shape(self, path: str) -> tuple[int, ...] | None:
        """Return the shape of the dataset at a path; None if it is of HDF5's kind "null", without a shape."""
        return self._walk(path, "Dataset").shape()

    def array(self, path: str, shape: tuple[int, ...], dtypes: tuple[str, ...]) -> np.ndarray:
        """Return a dataset's numbers as a new array of native byte order, if shape and type are as expected.

        Args:
            path: from the root, parts separated by "/".
            shape: the expected shape.
            dtypes: the names of the allowed types, such as "float32", in either byte order.

        Raises:
            ModelFileError: if it is not there, has another shape or type, or is not stored plainly.
        """
        dataset = self._walk(path, "Dataset")
        if dataset.shape() != shape:
            raise self.error(f"{path!r} has the shape {dataset.shape()}, and {shape} is needed")
        datatype = dataset.datatype()
        if datatype.dtype is None or datatype.name not in dtypes:
            raise self.error(f"{path!r} has the type {datatype.name}, and {dtypes[0]} is needed")
        storage = self._plain_storage(path, dataset, math.prod(shape) * datatype.size)
        array = np.empty(shape, datatype.dtype)
        self._read_into(storage, array)
        return array.astype(datatype.name, copy=False)

    def stored(self, path: str) -> tuple[np.dtype, tuple[int, ...], Iterator[memoryview]]:
        """Return (dtype, shape, iterator over blocks of its bytes) of a dataset of numbers.

        A block is valid only until the next one is asked for.

        Raises:
            ModelFileError: if it is not there, or holds anything else.
        """
        dataset = self._walk(path, "Dataset")
        datatype, shape = dataset.datatype(), dataset.shape()
        if datatype.dtype is None or shape is None:
            raise self.error(f"{path!r} holds no numbers")
        length = math.prod(shape) * datatype.size
        storage = self._plain_storage(path, dataset, length)
        if storage.data is not None:
            return datatype.dtype, shape, iter([memoryview(storage.data)])
        return datatype.dtype, shape, self._bytes.blocks(storage.address, length)

    def error(self, cause: str, remedy: str = kinds.AGAIN) -> ModelFileError:
        """Return, not raise, an error that names this file."""
        return ModelFileError(self.path, cause, remedy)

    def _plain_storage(self, path: str, dataset: FileObject, promised: int) -> Storage:
        """Return where a dataset's numbers are; ModelFileError unless `promised` bytes are in one piece."""
        storage = dataset.storage()
        if storage is None:
            raise self.error(
                f"{path!r} is stored in chunks, compressed, virtually or in another file",
                "Save the model again with Keras, which stores plain numbers.",
            )
        stored = storage.data is not None or storage.address != UNDEFINED
        if promised and (not stored or storage.size != promised):
            raise self.error(f"{path!r} promises {promised} bytes and does not hold them")
        return storage

    def _read_into(self, storage: Storage, array: np.ndarray) -> None:
        """Fill an array with the bytes of a dataset."""
        content = memoryview(array.reshape(-1).view(np.uint8))
        if storage.data is not None:
            content[:] = storage.data
        elif array.size:
            self._bytes.read_into(storage.address, content)

    def _object(self, address: int) -> FileObject:
        """Return the group or dataset whose header is at an address; each is read once."""
        if address not in self._objects:
            self._objects[address] = FileObject(self._bytes, address)
        return self._objects[address]

    def _walk(self, path: str, kind: str) -> FileObject:
        """Return the object at a path; ModelFileError if it is not there, or not of this kind.

        `kind` is "Group" or "Dataset".
        """
        parts = path.split("/") if path else []
        unusual = any(part in ("", ".", "..") for part in parts)
        if unusual or len(parts) > DEEPEST_PATH or len(path) > LONGEST_PATH:
            raise self.error(f"{path[:100]!r} is no path in a model file")
        item = self._root
        for place, part in enumerate(parts, start=1):
            links = item.links()
            if part not in links:
                raise self.error(f"{'/'.join(parts[:place])!r} is missing")
            wanted = kind if place == len(parts) else "Group"
            # links[part] is None for a soft or external link, which is never followed.
            if links[part] is None or self._object(links[part]).kind != wanted:
                raise self.error(f"{'/'.join(parts[:place])!r} is a link, or no {wanted}")
            item = self._object(links[part])
        return item

    def _split_attribute(self, owner: FileObject, name: str) -> list[str]:
        """Return the texts of the attributes name0, name1, ..., until one is missing, in one list."""
        names = []
        for part in range(LARGEST_LIST):
            more = self._attribute(owner, f"{name}{part}")
            if more is None or len(names) > LARGEST_LIST:
                break
            names += more
        return names

    def _attribute(self, owner: FileObject, name: str) -> list[str] | None:
        """Return the texts in an attribute of a group, one or an array of them; None if it is missing."""
        attribute = owner.attributes().get(name)
        if attribute is None:
            return None
        if attribute.shape is None:
            raise self.error(f"its attribute {name} is no text")
        count = math.prod(attribute.shape)
        if not count:
            return []  # whatever its type: Keras stores an empty list as numbers
        self._refuse_unusual_text(name, attribute, count)
        return [text.decode() for text in self._texts(attribute, count)]

    def _refuse_unusual_text(self, name: str, attribute: Attribute, count: int) -> None:
        """Raise ModelFileError if an attribute of `count` elements is no text, or takes too many bytes."""
        if attribute.datatype.text is None:
            raise self.error(f"its attribute {name} is no text")
        if count > LARGEST_LIST:
            raise self.error(f"its attribute {name} is too large ({count} texts)")
        size = count * attribute.datatype.size
        if attribute.datatype.text == "variable":
            # What is stored is a reference to each text, which begins with the length.
            starts = range(0, count * REFERENCE, REFERENCE)
            size = sum(unsigned(attribute.data, start, 4) for start in starts)
        if size > LARGEST_TEXT:
            raise self.error(f"its attribute {name} is too large ({count} texts, {size} bytes)")
        self._bytes.count(count)
        self._text_left -= size
        if self._text_left < 0:
            raise self.error(f"its texts take more than {MOST_TEXT} bytes")

    def _texts(self, attribute: Attribute, count: int) -> Iterator[bytes]:
        """Yield the `count` texts of an attribute, encoded as they are stored."""
        datatype = attribute.datatype
        size = REFERENCE if datatype.text == "variable" else datatype.size
        if len(attribute.data) < count * size:
            raise ValueError("an attribute in it is cut short")
        for start in range(0, count * size, size):
            stored = attribute.data[start : start + size]
            if datatype.text == "variable":
                yield self._heaps.text(stored)
            else:
                yield unpadded(stored, datatype.padding)


def _has_attribute(owner: FileObject, name: str) -> bool:
    """Return whether a group has an attribute of this name, whole or split."""
    return not owner.attributes().keys().isdisjoint((name, f"{name}0"))


@contextlib.contextmanager
def open_file(path: str | os.PathLike) -> Iterator[HDF5File]:
    """A `with` block with a file open for reading, as an `HDF5File`; see `opened.opened`.

    Args:
        path: an existing regular file.

    Raises:
        ModelFileError: if the file cannot be opened or read, or was changed by the end of the block.

    Example:
        >>> with open_file("mnist.h5") as file:  # doctest: +SKIP
        ...     file.text("backend")
        'tensorflow'
    """
    with opened(path) as (stream, size):
        yield hdf5_file(os.fspath(path), stream, size)


def hdf5_file(path: str, stream: BinaryIO, size: int) -> HDF5File:
    """Return an `HDF5File` of a stream, given its size in bytes: a file, or bytes in memory.

    Raises:
        ModelFileError: if it is no HDF5 file, or of an unusual kind; `path` is its name in messages.
    """
    base = base_address(stream, size)
    if base is None:
        stream.seek(0)
        raise kinds.unknown(path, stream.read(kinds.START))
    if not _has_64_bits(stream, base):
        cause = "it is not an HDF5 file of the usual 64-bit kind"
        raise ModelFileError(path, cause, kinds.AGAIN)
    if size > LARGEST_FILE:
        raise ModelFileError(path, f"it has {size} bytes, too many", kinds.AGAIN)
    return HDF5File(path, stream, size, base)


def _has_64_bits(stream: BinaryIO, base: int) -> bool:
    """Return whether the superblock says that addresses and lengths take 8 bytes."""
    stream.seek(base + len(SIGNATURE))
    version, widths = stream.read(1), stream.read(7)
    place = 4 if version < b"\2" else 0  # of the widths of addresses and lengths
    return widths[place : place + 2] == b"\x08\x08"
