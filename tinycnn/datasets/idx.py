"""IDX, the file format of MNIST: bytes in, checked arrays out.

A big-endian header (two zero bytes, the element type, the number of axes, then each axis as
uint32), then the elements. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of
handwritten digits".
"""

import os
import struct
import zlib
from pathlib import Path
from typing import NoReturn

import numpy as np

from tinycnn.datasets.files import put_files_here
from tinycnn.errors import DataFileError

SIDE = 28  # pixels
CLASSES = 10
MAX_COUNT = 70_000  # as many as all of MNIST; bounds the memory a hostile file can ask for
MAX_BYTES = 16 + MAX_COUNT * SIDE * SIDE  # of a file, packed or unpacked

_UNSIGNED_BYTE = 0x08
_TYPES = {
    0x08: "unsigned byte",
    0x09: "signed byte",
    0x0B: "16-bit integer",
    0x0C: "32-bit integer",
    0x0D: "32-bit float",
    0x0E: "64-bit float",
}
_CONTENTS = {1: "labels (idx1)", 3: "images (idx3)"}
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31  # tells zlib to expect a gzip header and to check the CRC


def read_bytes(path: str | os.PathLike, limit: int = MAX_BYTES) -> bytes:
    """Read a whole file that may be no longer than `limit`.

    Args:
        path: the file.
        limit: bytes, at least 0.

    Raises:
        DataFileError: the file cannot be read, or is longer.

    Example:
        >>> data = read_bytes("t10k-labels-idx1-ubyte.gz")  # doctest: +SKIP
    """
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        _refuse(path, f"it cannot be read: {error.strerror or error}")
    if len(data) > limit:
        _refuse(path, f"it is longer than {limit:,} bytes, the most that such a file can have")
    return data


def unpack(data: bytes, path: str | os.PathLike, limit: int = MAX_BYTES) -> bytes:
    """Decompress gzip data; data that is not gzip comes back as it is.

    What counts is the content, not the name: browsers unpack files and keep the ".gz".

    Args:
        data: the file's content.
        path: its name, for messages.
        limit: the most bytes that may come out; no more than that is ever held in memory.

    Raises:
        DataFileError: truncated, damaged, too long, or with anything after the end.

    Example:
        >>> import gzip
        >>> unpack(gzip.compress(b"digits"), "digits.gz")
        b'digits'
    """
    if not data.startswith(_GZIP):
        return data
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        raw = stream.decompress(data, limit + 1)
    except zlib.error as error:
        _refuse(path, f"its gzip data is damaged ({error})")
    if len(raw) > limit:
        _refuse(path, f"it unpacks to more than {limit:,} bytes")
    if not stream.eof:
        _refuse(path, f"its gzip data is truncated after {len(data):,} bytes")
    if stream.unused_data:
        _refuse(path, f"{len(stream.unused_data):,} bytes follow the end of its gzip data")
    return raw


def parse_images(data: bytes, path: str | os.PathLike) -> np.ndarray:
    """Read the images out of an unpacked IDX file.

    Args:
        data: the unpacked content.
        path: the file's name, for messages.

    Returns:
        uint8 (n, 28, 28), 0 = paper, 255 = ink, n in 1..70,000; a writable copy.

    Raises:
        DataFileError: anything but n images of 28x28 unsigned bytes, to the byte.

    Example:
        >>> header = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28])
        >>> parse_images(header + bytes(784), "one.idx").shape
        (1, 28, 28)
    """
    count, rows, columns = _read_header(data, axes=3, path=path)
    if (rows, columns) != (SIDE, SIDE):
        _refuse(path, f"its images are {rows}x{columns}, not {SIDE}x{SIDE}")
    pixels = _read_elements(data, 16, count, SIDE * SIDE, path)
    return pixels.reshape(count, SIDE, SIDE).copy()  # (n, 28, 28)


def parse_labels(data: bytes, path: str | os.PathLike) -> np.ndarray:
    """Read the labels out of an unpacked IDX file.

    Args:
        data: the unpacked content.
        path: the file's name, for messages.

    Returns:
        uint8 (n,), each 0..9, n in 1..70,000; a writable copy.

    Raises:
        DataFileError: anything but n labels in 0..9, to the byte.

    Example:
        >>> parse_labels(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]), "two.idx")
        array([7, 3], dtype=uint8)
    """
    (count,) = _read_header(data, axes=1, path=path)
    labels = _read_elements(data, 8, count, 1, path)
    if labels.max() >= CLASSES:
        position = int(np.argmax(labels >= CLASSES))
        _refuse(path, f"label {position:,} is {labels[position]}, above {CLASSES - 1}")
    return labels.copy()  # (n,)


def _read_header(data: bytes, axes: int, path: str | os.PathLike) -> tuple[int, ...]:
    """Check the magic number; return the length of each axis."""
    _check_magic(data[:4], axes, path)
    if len(data) < 4 + 4 * axes:
        _refuse(path, f"it ends within its header, after {len(data)} bytes")
    return struct.unpack_from(f">{axes}I", data, 4)


def _check_magic(magic: bytes, axes: int, path: str | os.PathLike) -> None:
    expected = bytes([0, 0, _UNSIGNED_BYTE, axes])
    if magic == expected:
        return
    wanted = f"{expected.hex(' ')} was expected, for {_CONTENTS[axes]}"
    if len(magic) < 4:
        _refuse(path, f"it is too short for an IDX file: {len(magic)} bytes")
    if magic[2:] == b"\0\0" and magic[1] in _TYPES:
        _refuse(path, f"it is little-endian ({magic.hex(' ')}); IDX is big-endian: {wanted}")
    if magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        _refuse(path, f"it is not an IDX file: it begins with {magic.hex(' ')}; {wanted}")
    if magic[2] != _UNSIGNED_BYTE:
        _refuse(path, f"its elements have type 0x{magic[2]:02X}, {_TYPES[magic[2]]}; {wanted}")
    held = _CONTENTS.get(magic[3], f"an array of {magic[3]} axes")
    _refuse(path, f"it holds {held}; {wanted}")


def _read_elements(
    data: bytes, start: int, count: int, each: int, path: str | os.PathLike
) -> np.ndarray:
    """Return the `count` x `each` bytes from `start` on, which must be all there is."""
    if not 1 <= count <= MAX_COUNT:
        _refuse(path, f"its header announces {count:,} digits; 1 to {MAX_COUNT:,} are accepted")
    expected = start + count * each
    if len(data) != expected:
        _refuse(path, f"it has {len(data):,} bytes; its header announces {expected:,}")
    return np.frombuffer(data, np.uint8, offset=start)


def _refuse(path: str | os.PathLike, cause: str) -> NoReturn:
    raise DataFileError(path, cause, put_files_here(Path(path).parent))
