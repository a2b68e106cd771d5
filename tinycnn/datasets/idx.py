"""Reading IDX, the file format of MNIST, into checked arrays.

A big-endian header (two zero bytes, the element type, the number of axes, then each axis as
uint32), then the elements. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of
handwritten digits".
"""

import gzip
import io
import math
import os
import struct
import zlib

import numpy as np

from tinycnn.datasets.files import READABLE
from tinycnn.utils.errors import DataFileError

SIDE = 28  # pixels
CLASSES = 10
MAX_COUNT = 1_000_000  # bounds the memory a hostile file can ask for
MAX_BYTES = 16 + MAX_COUNT * SIDE * SIDE  # of a file, packed or unpacked

_UNSIGNED_BYTE = 0x08
_TYPES = {  # codes of the element types in the header
    0x08: "unsigned byte",
    0x09: "signed byte",
    0x0B: "16-bit integer",
    0x0C: "32-bit integer",
    0x0D: "32-bit float",
    0x0E: "64-bit float",
}
_CONTENTS = {1: "labels (idx1)", 3: "images (idx3)"}  # by the number of axes
_GZIP = b"\x1f\x8b"  # the first bytes of gzip data
_CHUNK = 1 << 16  # bytes

# What to do about it, for the errors
_AGAIN = "Copy or download this file once more, whole."
_OTHER_FILE = "Put the file that belongs to this name in its place, packed or unpacked."
_OTHER_DATA = f"Only {SIDE}x{SIDE} images and labels of unsigned bytes are read: convert it first."
_EXCHANGE = "Give images and labels the names that say what they are: idx3 and idx1."
_FEWER = f"Split it into files of at most {MAX_COUNT:,} digits."
_TEN_CLASSES = f"Take data with {CLASSES} classes, 0 to {CLASSES - 1} (of EMNIST: digits or mnist)."


def read_bytes(path: str | os.PathLike, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a file that may be no longer than `limit`.

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
            size = os.fstat(file.fileno()).st_size
            data = file.read(min(size, limit) + 1)
    except OSError as error:
        cause = f"it cannot be read: {error.strerror or error}"
        raise DataFileError(path, cause, READABLE) from error
    if len(data) > limit:
        cause = f"it is longer than {limit:,} bytes, the most that such a file can have"
        raise DataFileError(path, cause, _FEWER)
    return data


def unpack(data: bytes, path: str | os.PathLike, axes: int) -> bytes:
    """Return an IDX file's content unpacked with gzip; data that is not gzip is returned as it is.

    The content decides, not the name: browsers unpack files and keep the ".gz". Gzip data may have
    several members, and zeros after the last one, as gzip programs accept them.

    Args:
        data: the file's content.
        path: its name, for messages.
        axes: 3 for images, 1 for labels; no more bytes than the header announces are ever unpacked.

    Raises:
        DataFileError: truncated, damaged, no such IDX file, too long, or with anything after the end.

    Example:
        >>> labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])
        >>> unpack(gzip.compress(labels), "two.gz", 1) == labels
        True
    """
    if not data.startswith(_GZIP):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return _read_announced(file, axes, path)
    except EOFError as error:
        cause = f"its gzip data is truncated after {len(data):,} bytes"
        raise DataFileError(path, cause, _AGAIN) from error
    except (OSError, zlib.error) as error:
        cause = f"its gzip data is damaged, or something else follows it ({error})"
        raise DataFileError(path, cause, _AGAIN) from error


def _read_announced(file: gzip.GzipFile, axes: int, path: str | os.PathLike) -> bytes:
    """Return the unpacked bytes of a gzip file, at most as many as its IDX header announces.

    It is read to its end, because only there gzip's checksum (CRC) is checked.

    Args:
        file: opened for reading.
        axes: 3 for images, 1 for labels.
        path: its name, for messages.

    Raises:
        DataFileError: for a wrong header, or more bytes than announced.
    """
    start = file.read(4 + 4 * axes)
    expected = len(start) + math.prod(_read_header(start, axes, path))
    raw = io.BytesIO()
    raw.write(start)
    while chunk := file.read(_CHUNK):
        raw.write(chunk)
        if raw.tell() > expected:
            cause = f"it unpacks to more than the {expected:,} bytes that its header announces"
            raise DataFileError(path, cause, _AGAIN)
    return raw.getvalue()


def parse_images(data: bytes, path: str | os.PathLike) -> np.ndarray:
    """Return the images of an unpacked IDX file.

    Args:
        data: the unpacked content.
        path: the file's name, for messages.

    Returns:
        uint8 (n, 28, 28), 0 = background, 255 = foreground, n in 1..1,000,000; a writable copy.

    Raises:
        DataFileError: anything but n images of 28x28 unsigned bytes, to the byte.

    Example:
        >>> header = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28])
        >>> parse_images(header + bytes(784), "one.idx").shape
        (1, 28, 28)
    """
    shape = _read_header(data, 3, path)
    return _read_elements(data, shape, path).reshape(shape).copy()  # (n, 28, 28)


def parse_labels(data: bytes, path: str | os.PathLike) -> np.ndarray:
    """Return the labels of an unpacked IDX file.

    Args:
        data: the unpacked content.
        path: the file's name, for messages.

    Returns:
        uint8 (n,), each 0..9, n in 1..1,000,000; a writable copy.

    Raises:
        DataFileError: anything but n labels in 0..9, to the byte.

    Example:
        >>> parse_labels(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]), "two.idx")
        array([7, 3], dtype=uint8)
    """
    labels = _read_elements(data, _read_header(data, 1, path), path)
    if labels.max() >= CLASSES:
        position = int(np.argmax(labels >= CLASSES))
        cause = f"label {position:,} is {labels[position]}, above {CLASSES - 1}"
        raise DataFileError(path, cause, _TEN_CLASSES)
    return labels.copy()  # (n,)


def _read_header(data: bytes, axes: int, path: str | os.PathLike) -> tuple[int, ...]:
    """Return the shape in the header, (n, 28, 28) or (n,); raise DataFileError for any other.

    Args:
        data: the unpacked content, or its beginning.
        axes: 3 for images, 1 for labels.
        path: the file's name, for messages.
    """
    _check_magic(data[:4], axes, path)
    if len(data) < 4 + 4 * axes:
        raise DataFileError(path, f"it ends within its header, after {len(data)} bytes", _AGAIN)
    count, *size = struct.unpack_from(f">{axes}I", data, 4)
    if size not in ([], [SIDE, SIDE]):
        cause = f"its images are {'x'.join(map(str, size))}, not {SIDE}x{SIDE}"
        raise DataFileError(path, cause, _OTHER_DATA)
    if not 1 <= count <= MAX_COUNT:
        cause = f"its header announces {count:,} digits; 1 to {MAX_COUNT:,} are accepted"
        raise DataFileError(path, cause, _FEWER if count else _OTHER_FILE)
    return count, *size


def _check_magic(magic: bytes, axes: int, path: str | os.PathLike) -> None:
    """Raise DataFileError unless the first four bytes announce unsigned bytes with so many axes."""
    expected = bytes([0, 0, _UNSIGNED_BYTE, axes])
    if magic != expected:
        cause, remedy = _explain_magic(magic)
        wanted = f"{expected.hex(' ')} was expected, for {_CONTENTS[axes]}"
        raise DataFileError(path, f"{cause}; {wanted}", remedy)


def _explain_magic(magic: bytes) -> tuple[str, str]:
    """Return what kind of file begins with these four wrong bytes, and what to do about it, as texts."""
    if len(magic) < 4:
        return f"it is too short for an IDX file: {len(magic)} bytes", _AGAIN
    if magic[2:] == b"\0\0" and magic[1] in _TYPES:
        return f"it is little-endian ({magic.hex(' ')}) where IDX is big-endian", _OTHER_DATA
    if magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        return f"it is not an IDX file: it begins with {magic.hex(' ')}", _OTHER_FILE
    if magic[2] != _UNSIGNED_BYTE:
        return f"its elements have type 0x{magic[2]:02X}, {_TYPES[magic[2]]}", _OTHER_DATA
    if magic[3] in _CONTENTS:
        return f"it holds {_CONTENTS[magic[3]]}", _EXCHANGE
    return f"it holds an array of {magic[3]} axes", _OTHER_DATA


def _read_elements(data: bytes, shape: tuple[int, ...], path: str | os.PathLike) -> np.ndarray:
    """Return the elements after the header, uint8 (product of shape,), a read-only view of `data`.

    Raises:
        DataFileError: if there are fewer or more.
    """
    start = 4 + 4 * len(shape)
    expected = start + math.prod(shape)
    if len(data) != expected:
        cause = f"it has {len(data):,} bytes; its header announces {expected:,}"
        raise DataFileError(path, cause, _AGAIN)
    return np.frombuffer(data, np.uint8, offset=start)
