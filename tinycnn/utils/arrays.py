"""Checks of arrays and sizes before they are passed to compiled code, which checks nothing itself."""

import itertools
from collections.abc import Sequence

import numpy as np

BOOLS = {bool, np.bool_}
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def check_array(
    name: str,
    array: np.ndarray,
    shape: tuple | None,
    dtype: np.dtype | None = None,
    any_order: bool = False,
) -> np.ndarray:
    """Return the array if it has this shape and dtype: C-contiguous, aligned and writeable.

    It is the array itself if it is so already, else a copy.

    Args:
        name: of the array, for the message.
        array: the array to check.
        shape: the shape it must have; None in the place of a size allows any size, None alone any shape.
        dtype: the dtype it must have, in native byte order; None: float32 or float64.
        any_order: whether another memory order than C is left as it is.

    Raises:
        ValueError: if shape or dtype is another; the message has name, wanted and received.
    """
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise ValueError(f"{name} must be a NumPy array. Received: {type(array).__name__}")
    if array.dtype not in ((dtype,) if dtype is not None else FLOATS):
        wanted = dtype or "float32 or float64"
        raise ValueError(f"{name} must be an array of {wanted}. Received: {array.dtype}")
    if shape is not None and array.shape != shape:
        wrong = array.ndim != len(shape)
        for want, have in zip(shape, array.shape, strict=False):
            wrong |= want is not None and want != have
        if wrong:
            raise ValueError(f"{name} must have the shape {shape}. Received: {array.shape}")
    ready = array.flags.behaved if any_order else array.flags.carray
    if ready and type(array) is np.ndarray:
        return array
    return np.require(array, None, ["A", "W", "E"] if any_order else ["C", "A", "W", "E"])


def check_in_place(
    name: str, array: np.ndarray, shape: tuple | None = None, dtype: np.dtype | None = None
) -> np.ndarray:
    """Return the array if an optimizer can change it in place: as `check_array`, but a copy is not made.

    Raises:
        ValueError: if shape or dtype is another, or the array is not C-contiguous, aligned and writeable.
    """
    checked = check_array(name, array, shape, dtype)
    if not array.flags.carray:
        raise ValueError(
            f"{name} must be C-contiguous, aligned and writeable, because it is changed in place. "
            f"Received: strides={array.strides}, writeable={array.flags.writeable}"
        )
    return checked


def check_ints(name: str, sizes: Sequence, shape: tuple[int, ...]) -> tuple:
    """Return whole numbers as a tuple of int, or for a shape (2, 2) as a tuple of two tuples.

    Args:
        name: of the numbers, for the message.
        sizes: a sequence of Python's or NumPy's integers, or of pairs of these.
        shape: how many there must be: (count,), or (2, 2) for two pairs.

    Raises:
        ValueError: for anything else; the message has name and what was received.

    Example:
        >>> check_ints("strides", [np.int8(2), 1], (2,))
        (2, 1)
    """
    try:
        array = np.asarray(sizes)
    except ValueError:  # pairs of different lengths
        array = np.empty(0)
    good = array.shape == shape and array.dtype.kind in "iu"
    if good:
        flat = sizes if len(shape) == 1 else itertools.chain.from_iterable(sizes)
        good = BOOLS.isdisjoint(map(type, flat))  # beside a number NumPy takes True for 1
    if not good:
        names = {(2,): "two whole numbers", (2, 2): "two pairs of whole numbers"}
        wanted = names.get(shape, f"{shape[0]} whole numbers")
        raise ValueError(f"{name} must be {wanted}. Received: {sizes!r}")
    plain = array.tolist()
    return tuple(plain) if len(shape) == 1 else tuple(map(tuple, plain))


def check_shape(name: str, sizes: Sequence) -> tuple[int, int, int, int]:
    """Return a shape (n, h, w, c) or (kh, kw, c, f), given as four whole numbers from 0, as a tuple of int.

    Raises:
        ValueError: for anything else; the message has name and what was received.
    """
    shape = check_ints(name, sizes, (4,))
    if min(shape) < 0:
        raise ValueError(f"{name} must not be negative. Received: {sizes!r}")
    return shape
