"""Fractal heaps, where newer HDF5 files keep many links or attributes, or large ones.

A heap is one range of bytes, cut into blocks: rows of a table, whose blocks double in size from the
third row on. Where they are too large to be held in one piece, a block is a table itself.
Layout: HDF5 File Format Specification, section III.G, "Fractal Heap".
"""

from tinycnn.saving.btrees import records
from tinycnn.saving.file_bytes import FileBytes, begins_with, unsigned
from tinycnn.saving.lookup3 import without_checksum

HEADER_SIZE = 146
MANAGED, HUGE, TINY = 0, 1, 2
HUGE_RECORD = 1  # the type of B-tree that knows the huge objects
MOST_TABLES = 64


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
        self._id_length = unsigned(header, 5, 2)
        self._huge_tree = unsigned(header, 22)
        self._huge = None
        self._width, self._smallest = unsigned(header, 110, 2), unsigned(header, 112)
        self._largest_piece = unsigned(header, 120)
        self._offset_width = (unsigned(header, 128, 2) + 7) // 8
        self._root, self._root_rows = unsigned(header, 132), unsigned(header, 140, 2)
        if not self._width or not self._smallest:
            raise ValueError("a heap in it has blocks of no size")

    def object(self, identity: bytes) -> bytes:
        """Return the object that an identity, from a B-tree's record, stands for."""
        identity = identity[: self._id_length]
        kind = unsigned(identity, 0, 1)
        if kind == MANAGED << 4:
            offset = unsigned(identity, 1, self._offset_width)
            length = int.from_bytes(identity[1 + self._offset_width :], "little")
            return self._file.read(self._address(offset, length), length)
        if kind == HUGE << 4:
            return self._huge_object(identity[1:])
        if kind >> 4 == TINY:
            return identity[1 : 2 + (kind & 15)]
        raise ValueError("a heap in it has an object of an unknown kind")

    def _huge_object(self, identity: bytes) -> bytes:
        """Return an object that lies by itself: its identity is its place, or a number in a tree."""
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
        """Return where in the file the managed object at an offset of the heap lies."""
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
        begins_with(self._file.read(block, 5), b"FHDB\0")
        if offset + length > size:
            raise ValueError("an object of a heap in it reaches beyond its block")
        return block + offset

    def _row(self, offset: int) -> tuple[int, int, int]:
        """Return the row of the table that an offset is in, its blocks' size, and the bytes before it."""
        first = self._smallest * self._width
        row = (offset // first).bit_length()
        size = self._smallest << max(row - 1, 0)
        return row, size, size * self._width if row else 0

    def _rows_of(self, size: int) -> int:
        """Return how many rows a block of a size has as a table; 0 if it is in one piece."""
        if size <= self._largest_piece:
            return 0
        return (size // (self._smallest * self._width)).bit_length()

    def _child(self, block: int, place: int) -> int:
        start = 13 + self._offset_width
        table = self._file.read(block, start + 8 * (place + 1))
        return unsigned(begins_with(table, b"FHIB\0"), start + 8 * place)
