"""Validation of what users pass: returned in one form, or an error with name and value received."""

import math
import numbers
import sys

import numpy as np

LARGEST = sys.float_info.max
DEEPEST = 64  # axes that an array can have
MOST_PARAMETERS = 250_000_000  # of a layer, and of a model from a file


def check_supported(owner: str, options: dict[str, object], supported: dict[str, object]) -> None:
    """Raise for every option that is unknown, or known but set to something that is not there.

    Args:
        owner: whose options, for the message.
        options: name to value, as received.
        supported: name to its default, the one supported value, which may come as a pair; None always may.

    Raises:
        TypeError: for an unknown name.
        ValueError: for a value that is not there.
    """
    for name, value in options.items():
        if name not in supported:
            raise TypeError(f"{owner} has no option {name!r}. Received: {name}={value!r}")
        if value is None:
            continue
        shape = getattr(value, "shape", ())  # of a NumPy array, a tensor, a DataFrame
        if shape != ():
            kind = "array" if isinstance(value, np.ndarray) else type(value).__name__
            raise ValueError(
                f"{owner}: {name} is not there. Received: {name}={kind}(...) of shape {shape}"
            )
        if not _is_supported(value, supported[name]):
            raise ValueError(
                f"{owner}: {name} is only there with the value {supported[name]!r}. "
                f"Received: {name}={value!r}"
            )


def _is_supported(value: object, default: object) -> bool:
    value = tuple(value) if isinstance(value, list) else value
    try:
        return bool(value in (default, (default,) * 2))
    except (ValueError, TypeError, RuntimeError):  # arrays within it are neither equal nor unequal
        return False


def plain(value: object) -> object:
    """Return the number in an array without axes; anything else as it is."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def is_int(value: object) -> bool:
    """Tell whether this is a whole number, Python's or NumPy's; True and False are none."""
    return isinstance(plain(value), numbers.Integral) and not isinstance(plain(value), bool)


def check_int(name: str, value: int, low: int = 1, high: int = 2**31 - 1) -> int:
    """Return a whole number in a range, or say what is wrong with it."""
    if type(value) is int and low <= value <= high:
        return value
    if not is_int(value) or not low <= int(value) <= high:
        raise ValueError(
            f"{name} must be a whole number from {low} to {high}. Received: {name}={value!r}"
        )
    return int(value)


def check_number(name: str, value: float, low: float = -LARGEST, high: float = LARGEST) -> float:
    """Return a number in a range as a float, Python's or NumPy's, or say what is wrong with it."""
    if type(value) is float and low <= value <= high:
        return value
    bare = plain(value)
    real = isinstance(bare, numbers.Real) and not isinstance(bare, bool)
    # A float16 would have the limits rounded to float16 to be compared with them.
    bare = float(bare) if isinstance(bare, np.floating) else bare
    if not real or not low <= bare <= high:
        wanted = "finite number" if high == LARGEST else f"number in {low:g} to {high:g}"
        raise ValueError(f"{name} must be a {wanted}. Received: {name}={value!r}")
    return float(bare)


def as_array(name: str, values: object) -> np.ndarray:
    """Return an array, or something that turns into one, as an array; or say why it does not."""
    try:
        masked = _is_masked(values)
        array = None if masked else np.asarray(values)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # whatever another library's object raises when asked for numbers
        cause = str(error).rstrip(".")
        kind = type(values).__name__
        raise ValueError(f"{name} must be an array: {cause}. Received: {kind}") from error
    if masked:
        raise ValueError(f"{name} must not have masked values: fill them first, with .filled(...).")
    return array


def _is_masked(values: object, depth: int = 0) -> bool:
    """Tell whether a value is masked in an array, or in one of several in a list, which NumPy forgets."""
    if depth > DEEPEST:
        raise ValueError(f"lists within lists, more than {DEEPEST} deep")
    if isinstance(values, list | tuple):
        return any(_is_masked(value, depth + 1) for value in values)
    return isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values)


def plain_array(name: str, values: object) -> np.ndarray:
    """Return an array of numbers, or say why these are none."""
    array = values if type(values) is np.ndarray else as_array(name, values)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must be numbers. Received: an array of {array.dtype}")
    return array


def check_name(name: str, value: str) -> str:
    """Return a name that a group of a file can have, too, or say what is wrong with it."""
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise ValueError(f"{name} must be 1 to 200 printable letters. Received: {name}={value!r}")
    if "/" in value or value in (".", ".."):
        raise ValueError(f"{name} must not hold '/' or be dots. Received: {name}={value!r}")
    return value


def check_pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    """Return two whole numbers from 1, given one or two."""
    several = isinstance(value, tuple | list) or (isinstance(value, np.ndarray) and value.ndim)
    values = value if several else (value, value)
    if len(values) != 2:
        raise ValueError(f"{name} must be one or two whole numbers. Received: {name}={value!r}")
    return check_int(name, values[0]), check_int(name, values[1])


def check_bool(name: str, value: bool) -> bool:
    """Return True or False, and nothing that merely counts as such."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False. Received: {name}={value!r}")
    return bool(value)


def affordable(layer: str, shapes: dict[str, tuple[int, ...]], dtype: str) -> None:
    """Raise ValueError for a layer with more weights than any machine that this is for should make.

    Args:
        layer: its name.
        shapes: of its weights, by name.
        dtype: of its weights.
    """
    count = sum(math.prod(shape) for shape in shapes.values())
    if count > MOST_PARAMETERS:
        size = count * np.dtype(dtype).itemsize
        raise ValueError(
            f"Layer {layer} would have {count:,} weights, {size:,} bytes, and {MOST_PARAMETERS:,} "
            f"weights are the most. Use a smaller one, or smaller inputs. Received: {shapes}"
        )
