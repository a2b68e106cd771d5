"""The objects of an HDF5 file: groups with their links, datasets, and the attributes of both.

A group keeps its links in a symbol table (the older way), as messages of its header, or, when there
are many, in a heap with a B-tree; so are attributes.
Layout: HDF5 File Format Specification, sections II, "Superblock", and III.B, "Symbol Table Nodes".
"""

from collections.abc import Iterator
from typing import BinaryIO

from tinycnn.saving import messages
from tinycnn.saving import object_header as header
from tinycnn.saving.btrees import group_leaves, records
from tinycnn.saving.file_bytes import FileBytes, begins_with, unsigned
from tinycnn.saving.fractal_heap import FractalHeap
from tinycnn.saving.heaps import local_names
from tinycnn.saving.lookup3 import without_checksum

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SHORTEST_USER_BLOCK = 512  # bytes; longer ones are 1024, 2048, ...
# Kinds of messages in a superblock's extension that do not matter here: nothing, sizes of trees, free space.
HARMLESS = {0x00, 0x13, 0x17}
ENTRY = 40  # bytes of a symbol table's entry
SOFT = 2  # the type of an entry that is a soft link
LINK_RECORD, ATTRIBUTE_RECORD = 5, 8  # types of B-trees of links and of attributes


def root_address(file: FileBytes) -> int:
    """Return the address of the root group's header, from the superblock, which begins an HDF5 file.

    Raises:
        ValueError: if the file has another length than its superblock says, or is of an unusual kind.
    """
    version = begins_with(file.read(0, 9), SIGNATURE)[8]
    if version < 2:  # addresses of 8 bytes begin at byte 24, or 28
        start = 24 + 4 * version
        base, _, end, driver, _, root = (
            unsigned(file.read(start, 48), 8 * place) for place in range(6)
        )
        unusual = driver != messages.UNDEFINED
    elif version < 4:
        block = without_checksum(file, file.read(0, 48))
        base, extension, end, root = (unsigned(block, 12 + 8 * place) for place in range(4))
        unusual = block[11] or (extension != messages.UNDEFINED and not _harmless(file, extension))
    else:
        raise ValueError(f"its superblock has the version {version}")
    if unusual:
        raise ValueError("it is in several parts, or was not closed")
    if end - base != file.size:  # base: the user block's length when it was written
        raise ValueError(f"it has {file.size} bytes, and its superblock says {end - base}")
    return root


def base_address(stream: BinaryIO, size: int) -> int | None:
    """Return where in the file the superblock is, 0, 512, 1024, 2048, ...; None if at none of these."""
    place = 0
    while place < size:
        stream.seek(place)
        if stream.read(len(SIGNATURE)) == SIGNATURE:
            return place
        place = 2 * place or SHORTEST_USER_BLOCK
    return None


def _harmless(file: FileBytes, extension: int) -> bool:
    """Return whether all messages in the superblock's extension are of the kinds HARMLESS."""
    return all(message.kind in HARMLESS for message in header.read_messages(file, extension))


class FileObject:
    """A group or a dataset of an HDF5 file.

    Args:
        file: the file.
        address: of the object's header.

    Raises:
        ValueError: by the constructor and all methods, if the file is damaged or uses what is not supported.
    """

    def __init__(self, file: FileBytes, address: int):
        self._file = file
        self._messages = header.read_messages(file, address)
        self._links = self._attributes = None  # read when they are first asked for

    @property
    def kind(self) -> str:
        """Return "Group", "Dataset" or "unknown object"."""
        kinds = {message.kind for message in self._messages}
        if header.LAYOUT in kinds:
            return "Dataset"
        groups = {header.SYMBOL_TABLE, header.LINK_INFO}
        return "Group" if kinds & groups else "unknown object"

    def links(self) -> dict[str, int | None]:
        """Return {name: address} of the links of a group; the address is None for soft and external links."""
        if self._links is None:
            self._links = _by_name("link", self._all_links())
        return self._links

    def attributes(self) -> dict[str, messages.Attribute]:
        """Return {name: `Attribute`} of a group or dataset."""
        if self._attributes is None:
            self._attributes = _by_name("attribute", self._all_attributes())
        return self._attributes

    def shape(self) -> tuple[int, ...] | None:
        """Return the shape of a dataset; None if it is of the kind "null", without elements."""
        return messages.decode_dataspace(self._body(header.DATASPACE))

    def datatype(self) -> messages.Datatype:
        """Return the type of a dataset's elements."""
        return messages.decode_datatype(self._body(header.DATATYPE))

    def storage(self) -> messages.Storage | None:
        """Return where a dataset's numbers are; None if they are compressed, in chunks or in another file."""
        if self._bodies(header.FILTERS) or self._bodies(header.EXTERNAL_FILES):
            return None
        return messages.decode_layout(self._body(header.LAYOUT))

    def _bodies(self, kind: int) -> list[bytes]:
        """Return the bodies of all messages of a kind."""
        return [message.body for message in self._messages if message.kind == kind]

    def _body(self, kind: int) -> bytes:
        """Return the body of the one message of a kind; ValueError if there are none or several."""
        bodies = self._bodies(kind)
        if len(bodies) != 1:
            raise ValueError(f"an object in it has {len(bodies)} messages of the kind {kind}")
        return bodies[0]

    def _all_links(self) -> Iterator[tuple[str, int | None]]:
        """Yield (name, address) of all links; a group may keep them in three ways, see above."""
        for body in self._bodies(header.SYMBOL_TABLE):
            yield from _symbol_table(self._file, unsigned(body, 0), unsigned(body, 8))
        yield from map(messages.decode_link, self._bodies(header.LINK))
        for body in self._bodies(header.LINK_INFO):
            # Flag 1 says that a counter of 8 bytes stands before the addresses.
            start = 10 if unsigned(body, 1, 1) & 1 else 2
            behind_hash = slice(4, None)  # a record: the hash of the name, 4 bytes; the identity
            yield from map(
                messages.decode_link, self._in_heap(body, start, LINK_RECORD, behind_hash)
            )

    def _all_attributes(self) -> Iterator[tuple[str, messages.Attribute]]:
        """Yield (name, attribute) of all attributes; they are kept as messages, or in a heap."""
        yield from map(messages.decode_attribute, self._bodies(header.ATTRIBUTE))
        for body in self._bodies(header.ATTRIBUTE_INFO):
            # Flag 1 says that a counter of 2 bytes stands before the addresses.
            start = 4 if unsigned(body, 1, 1) & 1 else 2
            stored = self._in_heap(body, start, ATTRIBUTE_RECORD, slice(0, 8))
            yield from map(messages.decode_attribute, stored)

    def _in_heap(self, body: bytes, start: int, kind: int, identity: slice) -> Iterator[bytes]:
        """Yield the bodies of the messages that are kept in a fractal heap.

        Args:
            body: of a LINK_INFO or ATTRIBUTE_INFO message.
            start: where in it the addresses of the heap and of its B-tree stand, 8 bytes each.
            kind: the type of the B-tree.
            identity: the part of each of its records that is the identity of an object of the heap.
        """
        address = unsigned(body, start)
        if address != messages.UNDEFINED:
            heap = FractalHeap(self._file, address)
            for record in records(self._file, unsigned(body, start + 8), kind):
                yield heap.object(record[identity])


def _by_name(what: str, pairs: Iterator[tuple[str, object]]) -> dict:
    """Return (name, value) pairs as a dict; ValueError, with `what` they are, if a name appears twice."""
    named = {}
    for name, value in pairs:
        if name in named:
            raise ValueError(f"it has the {what} {name[:100]!r} twice")
        named[name] = value
    return named


def _symbol_table(file: FileBytes, tree: int, heap: int) -> list[tuple[str, int | None]]:
    """Return (name, address) of all links of a group with a symbol table; the address of soft links is None.

    `tree` and `heap` are the addresses of its B-tree and of the local heap with the names.
    """
    starts, addresses = [], []
    for leaf in group_leaves(file, tree):
        count = unsigned(begins_with(file.read(leaf, 8), b"SNOD\x01"), 6, 2)
        entries = file.read(leaf + 8, ENTRY * count)
        file.count(count)
        # An entry: where its name begins in the local heap, the object's address, its type, and more.
        for start in range(0, ENTRY * count, ENTRY):
            starts.append(unsigned(entries, start))
            soft = unsigned(entries, start + 16, 4) == SOFT
            addresses.append(None if soft else unsigned(entries, start + 8))
    return list(zip(local_names(file, heap, starts), addresses, strict=True))
