"""What the messages of an object header say: shapes, types, where numbers lie, attributes, links.

Layout: HDF5 File Format Specification, section IV.A.2, "Data Object Header Messages".
"""

from dataclasses import dataclass

import numpy as np

from tinycnn.saving.file_bytes import unsigned

UNDEFINED = 2**64 - 1  # the address of what is not stored
NAMED_DATATYPE = 1  # a flag of an attribute
MOST_DIMENSIONS = 32
CLASSES = {
    **{0: "integer", 1: "float", 2: "time", 3: "text", 4: "bit field", 5: "opaque", 6: "compound"},
    **{7: "reference", 8: "enumeration", 9: "list", 10: "array", 11: "complex"},
}
INTEGER, FLOAT, TEXT, LIST = 0, 1, 3, 9
COMPACT, CONTIGUOUS = 0, 1
NULL = 2  # the kind of dataspace that holds nothing

# The mantissa's and the exponent's bits of IEEE 754.
FLOATS = {2: (10, 5), 4: (23, 8), 8: (52, 11)}


@dataclass(frozen=True)
class Datatype:
    """The type of the elements of a dataset or an attribute.

    Args:
        name: such as "float32", "text" or "compound".
        size: of an element, in bytes.
        dtype: the type of plain numbers, None for anything else.
        text: "fixed" or "variable" length, None for anything else.
        padding: how texts of a fixed length end, see `unpadded`.
    """

    name: str
    size: int
    dtype: np.dtype | None = None
    text: str | None = None
    padding: int = 0


@dataclass(frozen=True)
class Attribute:
    """An attribute of a group: its shape (None: it holds nothing), type and stored bytes."""

    shape: tuple[int, ...] | None
    datatype: Datatype
    data: bytes


@dataclass(frozen=True)
class Storage:
    """Where the numbers of a dataset lie: at an address (UNDEFINED: nowhere), or in `data`."""

    address: int
    size: int
    data: bytes | None = None


class NamedDatatypeError(ValueError):
    """A type is an object of its own in the file, which others refer to: sound, and not read here."""

    def __init__(self):
        super().__init__("something in it has a named datatype, which is not read here")


def decode_dataspace(body: bytes) -> tuple[int, ...] | None:
    """Return a shape; None if there is no room for even one element."""
    version, rank = unsigned(body, 0, 1), unsigned(body, 1, 1)
    if version not in (1, 2) or rank > MOST_DIMENSIONS:
        raise ValueError(f"a shape in it has version {version} and {rank} dimensions")
    if version == 2 and unsigned(body, 3, 1) == NULL:
        return None
    start = 8 if version == 1 else 4
    return tuple(unsigned(body, start + 8 * axis) for axis in range(rank))


def decode_datatype(body: bytes) -> Datatype:
    """Return a type; all but plain numbers and texts are only named."""
    kind, size = unsigned(body, 0, 1) & 15, unsigned(body, 4, 4)
    dtype = PLAIN_NUMBERS.get(bytes([kind]) + body[1 : 20 if kind == FLOAT else 12])
    if dtype is not None:
        return Datatype(dtype.name, size, dtype)
    if kind == TEXT:
        return Datatype("text", size, text="fixed", padding=body[1] & 15)
    if kind == LIST and body[1] & 15 == 1:
        return Datatype("text", size, text="variable")
    return Datatype(CLASSES.get(kind, "unknown"), size)


def unpadded(stored: bytes, padding: int) -> bytes:
    """Return a text of fixed length, which ends at a NUL (0), before NULs (1) or before spaces (2)."""
    if padding == 0:
        return stored.partition(b"\0")[0]
    return stored.rstrip(b" " if padding == 2 else b"\0")


def _plain_numbers() -> dict[bytes, np.dtype]:
    """Return the encodings of IEEE 754's floats and of whole numbers, in both byte orders."""
    plain = {}
    for order, big in (("<", 0), (">", 1)):
        for size, (mantissa, exponent) in FLOATS.items():
            bias = 2 ** (exponent - 1) - 1
            head = [FLOAT, 0x20 | big, 8 * size - 1, 0, size, 0, 0, 0, 0, 0, 8 * size, 0]
            tail = [mantissa, exponent, 0, mantissa, *bias.to_bytes(4, "little")]
            plain[bytes(head + tail)] = np.dtype(f"{order}f{size}")
        for size in (1, 2, 4, 8):
            for letter, signed in (("u", 0), ("i", 8)):
                code = [INTEGER, signed | big, 0, 0, size, 0, 0, 0, 0, 0, 8 * size, 0]
                plain[bytes(code)] = np.dtype(f"{order}{letter}{size}")
    return plain


PLAIN_NUMBERS = _plain_numbers()


def decode_layout(body: bytes) -> Storage | None:
    """Return where numbers lie; None if they lie in chunks or are virtual."""
    version, kind = unsigned(body, 0, 1), unsigned(body, 1, 1)
    if version not in (3, 4, 5):
        raise ValueError(f"a layout in it has the version {version}")
    if kind == COMPACT:
        size = unsigned(body, 2, 2)
        return Storage(UNDEFINED, size, body[4 : 4 + size])
    if kind == CONTIGUOUS:
        return Storage(unsigned(body, 2), unsigned(body, 10))
    return None


def decode_attribute(body: bytes) -> tuple[str, Attribute]:
    """Return the name of an attribute, and the attribute."""
    version, flags = unsigned(body, 0, 1), unsigned(body, 1, 1)
    if version in (2, 3) and flags == NAMED_DATATYPE:
        raise NamedDatatypeError
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise ValueError(f"an attribute in it has version {version} and flags {flags}")
    sizes = [unsigned(body, start, 2) for start in (2, 4, 6)]
    start, parts = 9 if version == 3 else 8, []
    for size in sizes:
        parts.append(body[start : start + size])
        start += (size + 7) // 8 * 8 if version == 1 else size
    name, datatype, dataspace = parts
    attribute = Attribute(decode_dataspace(dataspace), decode_datatype(datatype), body[start:])
    return decode_name(name), attribute


def decode_link(body: bytes) -> tuple[str, int | None]:
    """Return the name of a link, and the address that it leads to: None for soft and external ones."""
    flags = unsigned(body, 1, 1)
    if unsigned(body, 0, 1) != 1:
        raise ValueError("a link in it is of an unknown version")
    hard = not flags & 8 or unsigned(body, 2, 1) == 0
    start = 2 + (1 if flags & 8 else 0) + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)
    length = unsigned(body, start, width)
    start += width
    name = body[start : start + length]
    return decode_name(name), unsigned(body, start + length) if hard else None


def decode_name(name: bytes) -> str:
    """Return the name of a link or an attribute, which a NUL may end."""
    text = name.partition(b"\0")[0].decode()
    if not text:
        raise ValueError("something in it has no name")
    return text
