"""Decoding the messages of an HDF5 object header: shapes, types, where numbers are, attributes, links.

Each `decode_...` gets the body of one message; it raises ValueError if that is damaged or of another version.
Layout: HDF5 File Format Specification, section IV.A.2, "Data Object Header Messages".
"""

from dataclasses import dataclass

import numpy as np

from tinycnn.saving.file_bytes import unsigned

UNDEFINED = 2**64 - 1  # an address that stands for "not stored"
NAMED_DATATYPE = 1  # a flag of an attribute: its type is an object of its own
MOST_DIMENSIONS = 32
# The classes of datatypes, by their numbers in the specification.
CLASSES = {
    **{0: "integer", 1: "float", 2: "time", 3: "text", 4: "bit field", 5: "opaque", 6: "compound"},
    **{7: "reference", 8: "enumeration", 9: "list", 10: "array", 11: "complex"},
}
INTEGER, FLOAT, TEXT, LIST = 0, 1, 3, 9
COMPACT, CONTIGUOUS = 0, 1  # layouts: numbers in the message itself, or in one piece elsewhere
NULL = 2  # the kind of dataspace that holds nothing

# The bits of mantissa and exponent of an IEEE 754 number, by its size in bytes.
FLOATS = {2: (10, 5), 4: (23, 8), 8: (52, 11)}


@dataclass(frozen=True)
class Datatype:
    """The type of the elements of a dataset or an attribute.

    Args:
        name: such as "float32", "text" or "compound".
        size: of an element, in bytes.
        dtype: for integers and IEEE 754 floats NumPy's dtype; else None.
        text: for texts "fixed" or "variable", which says what their length is; else None.
        padding: how texts of fixed length end, see `unpadded`.
    """

    name: str
    size: int
    dtype: np.dtype | None = None
    text: str | None = None
    padding: int = 0


@dataclass(frozen=True)
class Attribute:
    """An attribute of a group: its shape (None: it has no elements), type and stored bytes."""

    shape: tuple[int, ...] | None
    datatype: Datatype
    data: bytes


@dataclass(frozen=True)
class Storage:
    """Where the `size` bytes of a dataset are: in `data`, or if that is None at an address of the file.

    The address UNDEFINED says that they were never written.
    """

    address: int
    size: int
    data: bytes | None = None


class NamedDatatypeError(ValueError):
    """An object's type is stored as another object ("named datatype"): valid HDF5, but not supported here."""

    def __init__(self):
        super().__init__("something in it has a named datatype, which is not read here")


def decode_dataspace(body: bytes) -> tuple[int, ...] | None:
    """Return the shape in a dataspace message, () for a scalar; None for the kind "null": no elements."""
    version, rank = unsigned(body, 0, 1), unsigned(body, 1, 1)
    if version not in (1, 2) or rank > MOST_DIMENSIONS:
        raise ValueError(f"a shape in it has version {version} and {rank} dimensions")
    if version == 2 and unsigned(body, 3, 1) == NULL:
        return None
    start = 8 if version == 1 else 4
    return tuple(unsigned(body, start + 8 * axis) for axis in range(rank))


def decode_datatype(body: bytes) -> Datatype:
    """Return the `Datatype` in a datatype message; for all but numbers and texts only name and size."""
    kind, size = unsigned(body, 0, 1) & 15, unsigned(body, 4, 4)
    # The first byte has the version, too, which is left out.
    dtype = PLAIN_NUMBERS.get(bytes([kind]) + body[1 : 20 if kind == FLOAT else 12])
    if dtype is not None:
        return Datatype(dtype.name, size, dtype)
    if kind == TEXT:
        return Datatype("text", size, text="fixed", padding=body[1] & 15)
    if kind == LIST and body[1] & 15 == 1:
        return Datatype("text", size, text="variable")
    return Datatype(CLASSES.get(kind, "unknown"), size)


def unpadded(stored: bytes, padding: int) -> bytes:
    """Return a text of fixed length without its padding.

    `padding` is HDF5's number: 0, it ends at the first NUL; 1, NULs at the end are padding; 2, spaces are.
    """
    if padding == 0:
        return stored.partition(b"\0")[0]
    return stored.rstrip(b" " if padding == 2 else b"\0")


def _plain_numbers() -> dict[bytes, np.dtype]:
    """Return NumPy's dtype by the bytes of a datatype message, for integers and IEEE 754 floats.

    Of every size and both byte orders; the first byte is the class without the version.
    """
    plain = {}
    for order, big in (("<", 0), (">", 1)):
        for size, (mantissa, exponent) in FLOATS.items():
            bias = 2 ** (exponent - 1) - 1
            # Class, flags (byte order, where the sign is), size in bytes, first bit, number of bits; then the
            # first bit and the number of bits of exponent and of mantissa, and the exponent's bias.
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
    """Return the `Storage` in a layout message; None if the numbers are in chunks or virtual."""
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
    """Return (name, `Attribute`) of an attribute message."""
    version, flags = unsigned(body, 0, 1), unsigned(body, 1, 1)
    if version in (2, 3) and flags == NAMED_DATATYPE:
        raise NamedDatatypeError
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise ValueError(f"an attribute in it has version {version} and flags {flags}")
    # Name, datatype and dataspace follow the header, padded to 8 bytes in version 1; then the data.
    sizes = [unsigned(body, start, 2) for start in (2, 4, 6)]
    start, parts = 9 if version == 3 else 8, []
    for size in sizes:
        parts.append(body[start : start + size])
        start += (size + 7) // 8 * 8 if version == 1 else size
    name, datatype, dataspace = parts
    attribute = Attribute(decode_dataspace(dataspace), decode_datatype(datatype), body[start:])
    return decode_name(name), attribute


def decode_link(body: bytes) -> tuple[str, int | None]:
    """Return (name, address) of a link message; the address is None for soft and external links."""
    flags = unsigned(body, 1, 1)
    if unsigned(body, 0, 1) != 1:
        raise ValueError("a link in it is of an unknown version")
    hard = not flags & 8 or unsigned(body, 2, 1) == 0
    # The flags say which fields there are: the link's type, its creation order, the name's character set.
    start = 2 + (1 if flags & 8 else 0) + (8 if flags & 4 else 0) + (1 if flags & 16 else 0)
    width = 1 << (flags & 3)  # bytes of the name's length
    length = unsigned(body, start, width)
    start += width
    name = body[start : start + length]
    return decode_name(name), unsigned(body, start + length) if hard else None


def decode_name(name: bytes) -> str:
    """Return the name of a link or an attribute as text, up to a NUL if there is one; ValueError if empty."""
    text = name.partition(b"\0")[0].decode()
    if not text:
        raise ValueError("something in it has no name")
    return text
