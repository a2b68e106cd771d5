"""Object headers: what an HDF5 file says of a group or a dataset, as a list of messages.

Layout: HDF5 File Format Specification, section IV.A, "Data Object Headers".
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tinycnn.saving.file_bytes import FileBytes, begins_with, unsigned
from tinycnn.saving.lookup3 import without_checksum
from tinycnn.saving.messages import NamedDatatypeError

# Kinds of messages, by their numbers in the specification; READ are those that this package decodes.
DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL_FILES, LAYOUT = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 0x0B, 0x0C, 0x10, 0x11, 0x15
READ = {DATASPACE, LINK_INFO, DATATYPE, LINK, LAYOUT, ATTRIBUTE, SYMBOL_TABLE, ATTRIBUTE_INFO}
LAST_KIND = 0x18  # of those in the specification
# How kind, length and flags stand before a message's body, by how many bytes they take.
PREFIXES = {8: struct.Struct("<HHB"), 6: struct.Struct("<BHB"), 4: struct.Struct("<BHB")}

SHARED, FAIL_IF_UNKNOWN = 0x02, 0x80  # flags of a message
TIMES, PHASES, ORDERED = 0x20, 0x10, 0x04  # flags of a header of version 2


class Message(NamedTuple):
    """One message of an object header.

    Args:
        kind: its number in the specification.
        body: its content, to be decoded by `messages`.
    """

    kind: int
    body: bytes


def read_messages(file: FileBytes, address: int) -> list[Message]:
    """Return all messages of the object whose header lies at an address.

    Raises:
        NamedDatatypeError: if its type is stored as another object.
        ValueError: if the header is damaged, or another message of READ is shared with other objects.
    """
    # A header consists of chunks: the first, and those to which a CONTINUATION message refers.
    newer = file.read(address, 4) == b"OHDR"  # version 2
    chunk, prefix = _first_chunk_2(file, address) if newer else (_first_chunk_1(file, address), 8)
    chunks, messages = [chunk], []
    while chunks:
        for kind, flags, body in _split(file, chunks.pop(0), prefix):
            if kind == CONTINUATION:
                chunks.append(_continued(file, body, newer))
            elif kind > LAST_KIND and flags & FAIL_IF_UNKNOWN:
                raise ValueError(f"an object in it has a message of the unknown kind {kind}")
            elif kind == DATATYPE and flags & SHARED:
                raise NamedDatatypeError
            elif kind in READ and flags & SHARED:
                raise ValueError("an object in it shares a part of its description with others")
            else:
                messages.append(Message(kind, body))
    return messages


def _first_chunk_1(file: FileBytes, address: int) -> bytes:
    """Return the messages in the first chunk of a header of version 1."""
    prefix = begins_with(file.read(address, 16), b"\x01")
    return file.read(address + 16, unsigned(prefix, 8, 4))


def _first_chunk_2(file: FileBytes, address: int) -> tuple[bytes, int]:
    """Return the messages in the first chunk of a version 2 header, and how many bytes precede each body."""
    flags = begins_with(file.read(address, 6), b"OHDR\x02")[5]
    start = 6 + (16 if flags & TIMES else 0) + (4 if flags & PHASES else 0)
    width = 1 << (flags & 3)
    length = unsigned(file.read(address + start, width), 0, width)
    start += width
    chunk = without_checksum(file, file.read(address, start + length + 4))[start:]
    return chunk, 6 if flags & ORDERED else 4


def _continued(file: FileBytes, body: bytes, newer: bool) -> bytes:
    """Return the messages in the chunk that a CONTINUATION message, with this body, refers to."""
    chunk = file.read(unsigned(body, 0), unsigned(body, 8))
    return without_checksum(file, begins_with(chunk, b"OCHK"))[4:] if newer else chunk


def _split(file: FileBytes, chunk: bytes, prefix: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (kind, flags, body) of each message in a chunk; `prefix` is a key of PREFIXES."""
    start = 0
    while start + prefix <= len(chunk):  # less than that is a gap
        file.count(1)
        kind, length, flags = PREFIXES[prefix].unpack_from(chunk, start)
        start += prefix
        if start + length > len(chunk):
            raise ValueError("a message in it is cut short")
        yield kind, flags, chunk[start : start + length]
        start += length
