"""Arrays with something round them that notices when a kernel reads or writes beside them.

`canary`: a pattern, which a stray write changes. `guard_pages`: memory that may not be touched at all; to
read one byte of it ends the process. Both put an array flush against one of its guards.
"""

import ctypes
import mmap

import numpy as np

PATTERN, MARGIN = 0xA5, 256  # a stray vector is 64 bytes


def canary(array, at_end):
    """Return a copy of an array between two patterns, and a function that tells if they are whole.

    `at_end` makes no difference here: both are beside the array.
    """
    buffer = np.full(2 * MARGIN + array.nbytes, PATTERN, np.uint8)
    return placed(array, buffer, MARGIN)


def placed(array, buffer, first):
    """Return a copy of an array at byte `first` of `room`, and a function that tells if the rest is whole."""
    last = first + array.nbytes
    copy = buffer[first:last].view(array.dtype).reshape(array.shape)
    copy[...] = array

    def intact():
        return (buffer[:first] == PATTERN).all() and (buffer[last:] == PATTERN).all()

    return copy, intact


def guard_pages(array, at_end):
    """Return the same between two pages that may not be touched, at the end or at the start of the rest."""
    page = mmap.PAGESIZE
    size = -(-array.nbytes // page) * page
    buffer = np.frombuffer(mmap.mmap(-1, size + 2 * page), np.uint8)
    for place in (0, page + size):
        protect(buffer.ctypes.data + place, page)
    inside = buffer[page : page + size]
    inside[...] = PATTERN
    return placed(array, inside, size - array.nbytes if at_end else 0)


def protect(address, length):
    """Forbid a page to be read or written."""
    mprotect = ctypes.CDLL(None, use_errno=True).mprotect
    mprotect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    if mprotect(address, length, 0):  # 0: PROT_NONE
        raise OSError(ctypes.get_errno(), "mprotect")


def rebuilt(value, fields):
    """Return a tuple of the type of `value`, a NamedTuple perhaps, with other fields."""
    return type(value)(*fields) if hasattr(value, "_fields") else tuple(fields)


def call(guard, at_end, function, arguments):
    """Call a function on copies of its arrays between guards, and copy back what it wrote."""
    copies = {}

    def inside(value):
        if isinstance(value, tuple):
            return rebuilt(value, map(inside, value))
        if not isinstance(value, np.ndarray):
            return value
        assert value.flags.c_contiguous
        key = value.ctypes.data, value.shape, value.dtype  # an array may be both read and written
        if key not in copies:
            copies[key] = value, *guard(value, at_end)
        return copies[key][1]

    result = function(*map(inside, arguments))
    for original, copy, intact in copies.values():
        assert intact(), f"{function.__name__} wrote beside an array {original.shape}"
        if not np.array_equal(original.view(np.uint8), copy.view(np.uint8)):
            original[...] = copy
    return result
