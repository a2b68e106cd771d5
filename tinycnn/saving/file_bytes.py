"""The bytes of an untrusted file, in pieces that lie inside it, and with an end to all work.

What an HDF5 file says of itself may lead in circles or name a piece again and again. So every piece
that is read, and every entry in it, is counted, and a file that asks for too many is refused.
"""

from collections.abc import Iterator
from typing import BinaryIO

LONGEST_PIECE = 2**22  # bytes
LONGEST_BLOCK = 2**18
MOST_STEPS = 500_000  # the bundled net takes 1,300, 450 Dense layers up to 290,000
STEPS_A_PIECE = 4
BYTES_A_STEP = 256


class FileBytes:
    """A file opened for reading, of which only pieces inside it are given.

    Args:
        stream: opened for reading in binary, seekable.
        size: its length in bytes.
        base: how many of them stand before the HDF5 file, which counts its addresses from there.
    """

    def __init__(self, stream: BinaryIO, size: int, base: int = 0):
        self.base = base
        self.size = size - base
        self._stream = stream
        self._steps_left = MOST_STEPS

    def read(self, address: int, length: int) -> bytes:
        """Return a piece of the file.

        Raises:
            ValueError: if it is not in the file, or is too long.
        """
        if length > LONGEST_PIECE:
            raise ValueError(f"a piece of it takes {length} bytes, {LONGEST_PIECE} are the most")
        self.count(STEPS_A_PIECE + length // BYTES_A_STEP)
        self.check_inside(address, length)
        self._stream.seek(self.base + address)
        data = self._stream.read(length)
        if len(data) != length:
            raise ValueError(f"it ends at byte {address + len(data)}")
        return data

    def read_into(self, address: int, buffer: memoryview) -> None:
        """Fill a buffer from the file; ValueError if so much is not in the file."""
        self.check_inside(address, buffer.nbytes)
        self._stream.seek(self.base + address)
        if self._stream.readinto(buffer) != buffer.nbytes:
            raise ValueError("it ends amid its numbers")

    def blocks(self, address: int, length: int) -> Iterator[memoryview]:
        """Yield a long piece in blocks, each of which is gone when the next one is asked for."""
        buffer = memoryview(bytearray(min(length, LONGEST_BLOCK)))
        for start in range(address, address + length, LONGEST_BLOCK):
            block = buffer[: address + length - start]
            self.read_into(start, block)
            yield block

    def check_inside(self, address: int, length: int) -> None:
        """Raise ValueError if a piece is not in the file."""
        if address + length > self.size:
            raise ValueError(f"it names {length} bytes at {address}, beyond its end {self.size}")

    def count(self, steps: int) -> None:
        """Raise ValueError once the work asked for is more than any model takes."""
        self._steps_left -= steps
        if self._steps_left < 0:
            raise ValueError(f"it takes more than {MOST_STEPS} steps to read")


def unsigned(data: bytes, start: int, width: int = 8) -> int:
    """Return the little-endian number in `width` bytes.

    Raises:
        ValueError: if they are not all there.

    Example:
        >>> unsigned(bytes([0, 1, 2]), 1, 2)
        513
    """
    field = data[start : start + width]
    if len(field) != width:
        raise ValueError("a piece of it is cut short")
    return int.from_bytes(field, "little")


def begins_with(data: bytes, signature: bytes) -> bytes:
    """Return the data; ValueError if it begins with something else."""
    if not data.startswith(signature):
        raise ValueError(f"{data[: len(signature)]!r} is where {signature!r} is needed")
    return data
