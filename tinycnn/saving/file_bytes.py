"""Reading pieces of an untrusted HDF5 file: only inside the file, and with a limit on all work together.

Addresses in a damaged or hostile file may lead in circles, or name a piece again and again. So every piece
that is read, and every entry in it, counts as steps, and a file that takes too many is refused.
"""

from collections.abc import Iterator
from typing import BinaryIO

LONGEST_PIECE = 2**22  # bytes that `read` returns at most
LONGEST_BLOCK = 2**18  # bytes of a block of `blocks`
MOST_STEPS = 500_000  # of a file; the bundled net takes 1,300 steps, 450 Dense layers up to 290,000
# A piece counts as so many steps, and one more for so many bytes.
STEPS_A_PIECE = 4
BYTES_A_STEP = 256


class FileBytes:
    """A file opened for reading; each method raises ValueError for a piece that is not inside the file.

    Args:
        stream: opened for reading in binary, seekable.
        size: its length in bytes.
        base: where in it the HDF5 file begins; all addresses count from there.
    """

    def __init__(self, stream: BinaryIO, size: int, base: int = 0):
        self.base = base
        self.size = size - base
        self._stream = stream
        self._steps_left = MOST_STEPS

    def read(self, address: int, length: int) -> bytes:
        """Return `length` bytes from `address` on.

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
        """Fill a buffer with the bytes from `address` on; ValueError if the file has fewer."""
        self.check_inside(address, buffer.nbytes)
        self._stream.seek(self.base + address)
        if self._stream.readinto(buffer) != buffer.nbytes:
            raise ValueError("it ends amid its numbers")

    def blocks(self, address: int, length: int) -> Iterator[memoryview]:
        """Yield the `length` bytes from `address` on in blocks of up to 256 KiB.

        All blocks use the same buffer: a block is valid only until the next one is asked for.
        """
        buffer = memoryview(bytearray(min(length, LONGEST_BLOCK)))
        for start in range(address, address + length, LONGEST_BLOCK):
            block = buffer[: address + length - start]
            self.read_into(start, block)
            yield block

    def check_inside(self, address: int, length: int) -> None:
        """Raise ValueError if the file ends before address + length."""
        if address + length > self.size:
            raise ValueError(f"it names {length} bytes at {address}, beyond its end {self.size}")

    def count(self, steps: int) -> None:
        """Add to the steps that reading has taken; ValueError once they are more than MOST_STEPS."""
        self._steps_left -= steps
        if self._steps_left < 0:
            raise ValueError(f"it takes more than {MOST_STEPS} steps to read")


def unsigned(data: bytes, start: int, width: int = 8) -> int:
    """Return the little-endian unsigned number in the `width` bytes of data from `start` on.

    Raises:
        ValueError: if data ends before.

    Example:
        >>> unsigned(bytes([0, 1, 2]), 1, 2)
        513
    """
    field = data[start : start + width]
    if len(field) != width:
        raise ValueError("a piece of it is cut short")
    return int.from_bytes(field, "little")


def begins_with(data: bytes, signature: bytes) -> bytes:
    """Return `data` as it is; ValueError if it does not begin with the signature."""
    if not data.startswith(signature):
        raise ValueError(f"{data[: len(signature)]!r} is where {signature!r} is needed")
    return data
