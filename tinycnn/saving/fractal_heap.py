"""Fractal heaps, where newer HDF5 files keep many links or attributes, or large ones.

A heap is one range of bytes, cut into blocks. A table holds the blocks' addresses: each of its rows has the
same number of blocks; the blocks of the first two rows have the smallest size, which doubles from row to row
after these. A block that is too large to be stored in one piece is a table of smaller blocks itself.
An object in a heap is named by its identity (HDF5's "heap ID"), some bytes that say where it is.
Layout: HDF5 File Format Specification, section III.G, "Fractal Heap".
"""

from tinycnn.saving.btrees import records
from tinycnn.saving.file_bytes import FileBytes, begins_with, unsigned
from tinycnn.saving.lookup3 import without_checksum

HEADER_SIZE = 146  # bytes
# Kinds of objects: in a block, by itself in the file, and in the identity itself.
MANAGED, HUGE, TINY = 0, 1, 2
HUGE_RECORD = 1  # the type of the B-tree that has the addresses of huge objects
MOST_TABLES = 64  # tables inside tables


class FractalHeap:
    """The objects of one fractal heap.

    Args:
        file: the file.
        address: of the heap's header.
    """

    def __init__(self, file: FileBytes, address: int):
        self._file = file
        header = begins_with(file.read(address, HEADER_SIZE), b"FRHP\0")
        header = without_checksum(file, header)
        if unsigned(header, 7, 2):
            raise ValueError("a heap in it is compressed")
        # Where each field stands in the header is given in the specification.
        self._id_length = unsigned(header, 5, 2)
        self._huge_tree = unsigned(header, 22)
        self._huge = None  # of huge objects (address, length) by identity, once it is needed
        self._width, self._smallest = unsigned(header, 110, 2), unsigned(header, 112)
        self._largest_piece = unsigned(header, 120)
        self._offset_width = (unsigned(header, 128, 2) + 7) // 8
        self._root, self._root_rows = unsigned(header, 132), unsigned(header, 140, 2)
        if not self._width or not self._smallest:
            raise ValueError("a heap in it has blocks of no size")

    def object(self, identity: bytes) -> bytes:
        """Return the bytes of the object with this identity, which comes from a B-tree's record.

        Raises:
            ValueError: if there is no such object, or the heap is damaged.
        """
        identity = identity[: self._id_length]  # the record may be longer
        # The upper four bits of the first byte are the kind of object; the lower four are 0, but for a tiny
        # object, whose bytes follow at once: for that they are its length less 1.
        first = unsigned(identity, 0, 1)
        if first == MANAGED << 4:
            offset = unsigned(identity, 1, self._offset_width)
            length = int.from_bytes(identity[1 + self._offset_width :], "little")
            return self._file.read(self._address(offset, length), length)
        if first == HUGE << 4:
            return self._huge_object(identity[1:])
        if first >> 4 == TINY:
            length = (first & 15) + 1
            return identity[1 : 1 + length]
        raise ValueError("a heap in it has an object of an unknown kind")

    def _huge_object(self, identity: bytes) -> bytes:
        """Return the bytes of a huge object.

        A long identity holds its address and length; a short one is a number to be looked up in a B-tree.
        """
        if len(identity) >= 16:
            return self._file.read(unsigned(identity, 0), unsigned(identity, 8))
        if self._huge is None:
            huge = records(self._file, self._huge_tree, HUGE_RECORD)
            self._huge = {
                record[16:]: (unsigned(record, 0), unsigned(record, 8)) for record in huge
            }
        wanted = identity + bytes(8 - len(identity)) if len(identity) < 8 else identity[:8]
        if wanted not in self._huge:
            raise ValueError("a heap in it lacks an object")
        return self._file.read(*self._huge[wanted])

    def _address(self, offset: int, length: int) -> int:
        """Return the address in the file of a managed object, given its offset in the heap and its length."""
        # From the root down to the block that holds the offset in one piece (rows 0); `offset` counts from
        # the beginning of `block`.
        block, rows = self._root, self._root_rows
        size = self._smallest
        for _ in range(MOST_TABLES):
            if not rows:
                return self._within_piece(block, size, offset, length)
            row, size, before = self._row(offset)
            column = (offset - before) // size
            if row >= rows or column >= self._width:
                raise ValueError("an object of a heap in it is beyond the heap")
            block = self._child(block, row * self._width + column)
            offset -= before + column * size
            rows = self._rows_of(size)
        raise ValueError("a heap in it is nested too deeply")

    def _within_piece(self, block: int, size: int, offset: int, length: int) -> int:
        """Return block + offset, for a block in one piece; ValueError if the object is not inside it."""
        begins_with(self._file.read(block, 5), b"FHDB\0")
        if offset + length > size:
            raise ValueError("an object of a heap in it reaches beyond its block")
        return block + offset

    def _row(self, offset: int) -> tuple[int, int, int]:
        """Return (row of the table that an offset is in, size of its blocks, bytes in the rows before it)."""
        first_row = self._smallest * self._width  # bytes
        row = (offset // first_row).bit_length()
        size = self._smallest << max(row - 1, 0)
        return row, size, size * self._width if row else 0

    def _rows_of(self, size: int) -> int:
        """Return how many rows a block of this size has, if it is a table; 0 if it is stored in one piece."""
        if size <= self._largest_piece:
            return 0
        return (size // (self._smallest * self._width)).bit_length()

    def _child(self, block: int, place: int) -> int:
        """Return the address of block number `place` of the table at address `block`."""
        start = 13 + self._offset_width  # bytes of the table's header; then addresses of 8 bytes
        table = self._file.read(block, start + 8 * (place + 1))
        return unsigned(begins_with(table, b"FHIB\0"), start + 8 * place)
