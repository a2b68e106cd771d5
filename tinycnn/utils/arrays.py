"""Arrays and sizes as compiled code can bear them, or a ValueError that says what was received instead."""

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
    """Return a C-contiguous, writeable array of exactly this shape and dtype, or say what is wrong.

    Args:
        name: of the array, for the message.
        array: float32 or float64, native byte order; copied if it is not laid out as kernels need it.
        shape: the sizes it must have; None where any will do, or for any shape at all.
        dtype: the dtype it must have; None: float32 or float64.
        any_order: leave the order of the numbers in memory as it is.

    Raises:
        ValueError: with name, wanted and received.
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
    """Return an array that an optimizer can change in place, or say why not.

    Raises:
        ValueError: with name and what was received.
    """
    checked = check_array(name, array, shape, dtype)
    if not array.flags.carray:
        raise ValueError(
            f"{name} must be C-contiguous, aligned and writeable, because it is changed in place. "
            f"Received: strides={array.strides}, writeable={array.flags.writeable}"
        )
    return checked


def check_ints(name: str, sizes: Sequence, shape: tuple[int, ...]) -> tuple:
    """Return whole numbers of this shape, such as (2,) or (2, 2), as tuples of int, as compiled code needs.

    Raises:
        ValueError: with name and what was received.

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
    """Return the shape of an array that is not there, four whole numbers from 0, as int.

    Raises:
        ValueError: with name and what was received.
    """
    shape = check_ints(name, sizes, (4,))
    if min(shape) < 0:
        raise ValueError(f"{name} must not be negative. Received: {sizes!r}")
    return shape
