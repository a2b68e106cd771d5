"""Checks of arguments: each returns the argument in one form, or raises an error with its name and value."""

import math
import numbers
import sys

import numpy as np

LARGEST = sys.float_info.max
DEEPEST = 64  # NumPy's largest number of axes: lists nested deeper are refused
MOST_PARAMETERS = 250_000_000  # weights of a layer, or of a model from a file


def check_supported(owner: str, options: dict[str, object], supported: dict[str, object]) -> None:
    """Raise if one of Keras's options is given that this library does not have.

    Args:
        owner: the class that got the options, for the message.
        options: value by name, as received.
        supported: for each option of Keras that has no effect here, by name, the one value that is allowed,
            Keras's default. It may also be given as a pair, or be None.

    Raises:
        TypeError: for an unknown name.
        ValueError: for another value.
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
    """Return whether a value equals the default, or is a pair of it."""
    value = tuple(value) if isinstance(value, list) else value
    try:
        return bool(value in (default, (default,) * 2))
    except (ValueError, TypeError, RuntimeError):  # arrays within it are neither equal nor unequal
        return False


def plain(value: object) -> object:
    """Return the number in a NumPy array without axes, of shape (); any other value as it is."""
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def is_int(value: object) -> bool:
    """Return whether this is a whole number, Python's or NumPy's; True and False do not count."""
    return isinstance(plain(value), numbers.Integral) and not isinstance(plain(value), bool)


def check_int(name: str, value: int, low: int = 1, high: int = 2**31 - 1) -> int:
    """Return a whole number from low to high as int; ValueError, with the name, for anything else."""
    if type(value) is int and low <= value <= high:
        return value
    if not is_int(value) or not low <= int(value) <= high:
        raise ValueError(
            f"{name} must be a whole number from {low} to {high}. Received: {name}={value!r}"
        )
    return int(value)


def check_number(name: str, value: float, low: float = -LARGEST, high: float = LARGEST) -> float:
    """Return a number from low to high as float; ValueError, with the name, for all else, such as NaN."""
    if type(value) is float and low <= value <= high:
        return value
    bare = plain(value)
    real = isinstance(bare, numbers.Real) and not isinstance(bare, bool)
    # NumPy would round the limits to float16 before it compares them with a float16.
    bare = float(bare) if isinstance(bare, np.floating) else bare
    if not real or not low <= bare <= high:
        wanted = "finite number" if high == LARGEST else f"number in {low:g} to {high:g}"
        raise ValueError(f"{name} must be a {wanted}. Received: {name}={value!r}")
    return float(bare)


def as_array(name: str, values: object) -> np.ndarray:
    """Return values as a NumPy array: an array, nested lists, or another library's array.

    Raises:
        ValueError: if they do not turn into an array, or values are masked; the message has the name.
    """
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
    """Return whether any value is masked, in an array or in arrays in nested lists.

    `np.asarray` of a list of masked arrays drops their masks. `depth`: how many lists are round the values.
    """
    if depth > DEEPEST:
        raise ValueError(f"lists within lists, more than {DEEPEST} deep")
    if isinstance(values, list | tuple):
        return any(_is_masked(value, depth + 1) for value in values)
    return isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values)


def plain_array(name: str, values: object) -> np.ndarray:
    """Return values as an array of bool, integers or floats; ValueError, with the name, for anything else."""
    array = values if type(values) is np.ndarray else as_array(name, values)
    if array.dtype.kind not in "buif":
        kind = "array" if values is array else type(values).__name__
        raise ValueError(f"{name} must be numbers. Received: {kind} of {array.dtype}")
    return array


def check_name(name: str, value: str) -> str:
    """Return a name that can also be that of a group in an HDF5 file; ValueError for anything else.

    It has 1 to 200 printable characters, no "/", and is not "." or "..".
    """
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise ValueError(f"{name} must be 1 to 200 printable letters. Received: {name}={value!r}")
    if "/" in value or value in (".", ".."):
        raise ValueError(f"{name} must not hold '/' or be dots. Received: {name}={value!r}")
    return value


def check_pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    """Return two whole numbers from 1 as a tuple of int; a single one stands for two equal ones.

    Raises:
        ValueError: for anything else.
    """
    several = isinstance(value, tuple | list) or (isinstance(value, np.ndarray) and value.ndim)
    values = value if several else (value, value)
    if len(values) != 2:
        raise ValueError(f"{name} must be one or two whole numbers. Received: {name}={value!r}")
    return check_int(name, values[0]), check_int(name, values[1])


def check_bool(name: str, value: bool) -> bool:
    """Return a bool, Python's or NumPy's, as Python's; ValueError for anything else, such as 1."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False. Received: {name}={value!r}")
    return bool(value)


def affordable(layer: str, shapes: dict[str, tuple[int, ...]], dtype: str) -> None:
    """Raise ValueError if a layer would have more than MOST_PARAMETERS weights; return None otherwise.

    Args:
        layer: its name, for the message.
        shapes: the shapes of its weights, by name.
        dtype: the dtype of its weights.
    """
    count = sum(math.prod(shape) for shape in shapes.values())
    if count > MOST_PARAMETERS:
        size = count * np.dtype(dtype).itemsize
        raise ValueError(
            f"Layer {layer} would have {count:,} weights, {size:,} bytes, and {MOST_PARAMETERS:,} "
            f"weights are the most. Use a smaller one, or smaller inputs. Received: {shapes}"
        )


def of_one_output(value: object, output: str = "") -> object:
    """Return what stands for the only output in a list or a dict by outputs; anything else as it is.

    Args:
        value: loss or metrics, as Keras takes them; {"class_name": ...} describes one object.
        output: its name, "" if any will do.

    Raises:
        ValueError: for a dict with another name.

    Example:
        >>> of_one_output({"dense": "mse"}), of_one_output(["mse"]), of_one_output(["mse", "mae"])
        ('mse', 'mse', ['mse', 'mae'])
    """
    if isinstance(value, dict) and value and "class_name" not in value:
        if len(value) > 1 or (output and output not in value):
            there = f" {output}" if output else ""
            raise ValueError(f"There is one output{there}. Received: {list(value)}")
        return next(iter(value.values()))
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
