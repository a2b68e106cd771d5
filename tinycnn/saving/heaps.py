"""The heaps of an HDF5 file: a group's local heap has the names of its links; global heaps have long texts.

Layout: HDF5 File Format Specification, sections III.D, "Local Heaps", and III.E, "Global Heap".
"""

import struct

from tinycnn.saving.file_bytes import FileBytes, begins_with, unsigned
from tinycnn.saving.messages import decode_name

HEADER = 16  # bytes before a global heap's first object, and before an object's text
OBJECT = struct.Struct("<H6xQ")  # index and length of a text
REFERENCE = 16  # bytes of what stands for a text: its length, its heap's address, its index there
LONGEST_NAME = 1024  # bytes


def local_names(file: FileBytes, address: int, starts: list[int]) -> list[str]:
    """Return the names that begin at the offsets `starts` of the local heap at an address.

    Raises:
        ValueError: if it is no local heap, or a name does not end.
    """
    header = begins_with(file.read(address, 32), b"HEAP\0")
    names = file.read(unsigned(header, 24), unsigned(header, 8))
    ends = [names.find(b"\0", start, start + LONGEST_NAME) for start in starts]
    if -1 in ends:
        raise ValueError(f"a name in it does not end within {LONGEST_NAME} bytes")
    return [decode_name(names[start:end]) for start, end in zip(starts, ends, strict=True)]


class GlobalHeaps:
    """The texts of variable length in a file, which are stored in global heaps; each heap is read once."""

    def __init__(self, file: FileBytes):
        self._file = file
        self._texts = {}  # address of a heap: {index: (address, length) of a text}

    def text(self, reference: bytes) -> bytes:
        """Return the text, encoded, that a reference of 16 bytes, stored in an attribute, stands for.

        Raises:
            ValueError: if there is no such text, or it has another length than the reference says.
        """
        length, address = unsigned(reference, 0, 4), unsigned(reference, 4)
        if not length:
            return b""
        if address not in self._texts:
            self._texts[address] = self._look_through(address)
        start, stored = self._texts[address].get(unsigned(reference, 12, 4), (0, 0))
        if stored != length:
            raise ValueError(f"a text in it has {stored} bytes, and {length} are promised")
        return self._file.read(start, length).partition(b"\0")[0]

    def _look_through(self, address: int) -> dict[int, tuple[int, int]]:
        """Return (address, length) of each text in the heap at an address, by its index there."""
        header = begins_with(self._file.read(address, HEADER), b"GCOL\x01")
        heap = self._file.read(address, unsigned(header, 8))
        texts, start = {}, HEADER
        # One text after the other: a header, the text, padding to a multiple of 8 bytes.
        while start + HEADER <= len(heap):
            self._file.count(1)
            index, length = OBJECT.unpack_from(heap, start)
            step = HEADER + (length + 7) // 8 * 8 if index else length  # index 0: free space
            if step < HEADER or start + step > len(heap):
                raise ValueError("a text in it reaches beyond its place")
            texts.setdefault(index, (address + start + HEADER, length))
            start += step
        return texts
