"""lookup3, the 32-bit checksum at the end of the newer structures of an HDF5 file.

Bob Jenkins's lookup3 in its little-endian form with the initial value 0
(https://burtleburtle.net/bob/c/lookup3.c); HDF5 File Format Specification, "Checksum".
"""

from tinycnn.saving.file_bytes import FileBytes, unsigned

MASK = 2**32 - 1  # keeps numbers at 32 bits
# The algorithm's rotations, in bits: of the mixing after 12 bytes, and of the last one.
MIX = (4, 6, 8, 16, 19, 4)
FINAL = (14, 11, 25, 16, 4, 14, 24)
BYTES_A_STEP = 4  # the work of so many bytes counts as a step: see `FileBytes.count`


def lookup3(data: bytes) -> int:
    """Return the checksum of some bytes, from 0 to 2**32 - 1.

    Example:
        >>> hex(lookup3(b"Four score and seven years ago"))
        '0x17770551'
    """
    a = b = c = (0xDEADBEEF + len(data)) & MASK
    if not data:
        return c
    # Twelve bytes at a time, zeros behind the last ones; those from `last` on are mixed by FINAL.
    last = (len(data) - 1) // 12 * 12
    padded = data + bytes(last + 12 - len(data))
    for start in range(0, last + 12, 12):
        a = (a + int.from_bytes(padded[start : start + 4], "little")) & MASK
        b = (b + int.from_bytes(padded[start + 4 : start + 8], "little")) & MASK
        c = (c + int.from_bytes(padded[start + 8 : start + 12], "little")) & MASK
        if start != last:
            for shift in MIX:
                a, b, c = b, (c + b) & MASK, ((a - c) & MASK) ^ _rotated(c, shift)
    for shift in FINAL:
        a, b, c = b, ((c ^ b) - _rotated(b, shift)) & MASK, a
    return b


def _rotated(value: int, shift: int) -> int:
    """Return a 32-bit number with its bits rotated to the left."""
    return (value << shift | value >> 32 - shift) & MASK


def without_checksum(file: FileBytes, data: bytes) -> bytes:
    """Return `data` without its last 4 bytes, which must be the checksum of the others.

    Raises:
        ValueError: if they are not, or `file` has taken too many steps: see `FileBytes.count`.
    """
    file.count(len(data) // BYTES_A_STEP)
    if lookup3(data[:-4]) != unsigned(data, len(data) - 4, 4):
        raise ValueError("a checksum in it is wrong")
    return data[:-4]
