"""The heaps of an HDF5 file, where texts of variable length lie, looked at before the library does.

The library loads a heap whole, whatever is asked of it, and on a damaged one it never returns.
Layout: HDF5 File Format Specification, section III.E, "Global Heap".
"""

from collections.abc import Iterator
from typing import BinaryIO

SIGNATURE = b"GCOL\x01"  # and its version
HEADER = 16  # bytes before a heap's first object, and before an object's text
MOST_BYTES = 2**24  # of all heaps together
BLOCK = 2**22


def largest_text(file: BinaryIO, size: int) -> int:
    """Return the length in bytes of the largest text of variable length; 0 if there is none.

    Args:
        file: an HDF5 file with lengths of 8 bytes.
        size: its length in bytes.

    Raises:
        ValueError: if a heap is damaged, or they hold more than 16 MiB.
    """
    largest, total = 0, 0
    for place in _heaps(file):
        file.seek(place + 8)
        length = int.from_bytes(file.read(8), "little")
        if not HEADER <= length <= size - place:
            continue  # these bytes are numbers that look like a heap; the library refuses it, too
        total += length
        if total > MOST_BYTES:
            raise ValueError(f"its texts take more than {MOST_BYTES} bytes")
        file.seek(place)
        largest = max(largest, _largest_object(file.read(length)))
    return largest


def _heaps(file: BinaryIO) -> Iterator[int]:
    """Yield where each heap begins; the file may be moved about meanwhile."""
    start = 0
    while True:
        file.seek(start)
        block = file.read(BLOCK)
        place = block.find(SIGNATURE)
        while place >= 0:
            yield start + place
            place = block.find(SIGNATURE, place + 1)
        if len(block) < BLOCK:
            return
        start += BLOCK - len(SIGNATURE) + 1


def _largest_object(heap: bytes) -> int:
    largest, place = 0, HEADER
    while place + HEADER <= len(heap):
        free = heap[place : place + 2] == b"\0\0"
        length = int.from_bytes(heap[place + 8 : place + 16], "little")
        step = length if free else HEADER + (length + 7) // 8 * 8
        if step < HEADER or place + step > len(heap):
            raise ValueError("a text in it reaches beyond its place")
        largest = largest if free else max(largest, length)
        place += step
    return largest
