"""What users pass: made uniform, or refused with the name and the value that was received."""

import math
import numbers

import numpy as np

MOST_PARAMETERS = 250_000_000  # of a layer, and of a model from a file


def refuse(owner: str, options: dict[str, object], neutral: dict[str, object]) -> None:
    """Raise for every option that is unknown, or known but set to something that is not there.

    Args:
        owner: whose options, for the message.
        options: name to value, as received.
        neutral: name to the one value that changes nothing, which may come as a pair; None always does.

    Raises:
        TypeError: for an unknown name.
        ValueError: for a value that is not there.
    """
    for name, value in options.items():
        if name not in neutral:
            raise TypeError(f"{owner} has no option {name!r}. Received: {name}={value!r}")
        value = tuple(value) if isinstance(value, list) else value
        allowed = None, neutral[name], (neutral[name],) * 2
        if isinstance(value, np.ndarray):
            raise ValueError(
                f"{owner}: {name} is not there. Received: {name}=array(...) of shape {value.shape}"
            )
        if value not in allowed:
            raise ValueError(
                f"{owner}: {name} is only there with the value {neutral[name]!r}. "
                f"Received: {name}={value!r}"
            )


def whole(name: str, value: int, low: int = 1, high: int = 2**31 - 1) -> int:
    """Return a whole number in a range, or say what is wrong with it."""
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ValueError(
            f"{name} must be a whole number from {low} to {high}. Received: {name}={value!r}"
        )
    return int(value)


def number(name: str, value: float, low: float, high: float) -> float:
    """Return a number in a range as a float, or say what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not low <= value <= high:
        raise ValueError(
            f"{name} must be a number in {low:g} to {high:g}. Received: {name}={value!r}"
        )
    return float(value)


def label(name: str, value: str) -> str:
    """Return a name that a group of a file can have, too, or say what is wrong with it."""
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise ValueError(f"{name} must be 1 to 200 printable letters. Received: {name}={value!r}")
    if "/" in value or value in (".", ".."):
        raise ValueError(f"{name} must not hold '/' or be dots. Received: {name}={value!r}")
    return value


def pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    """Return two whole numbers from 1, given one or two."""
    values = value if isinstance(value, tuple | list) else (value, value)
    if len(values) != 2:
        raise ValueError(f"{name} must be one or two whole numbers. Received: {name}={value!r}")
    return whole(name, values[0]), whole(name, values[1])


def truth(name: str, value: bool) -> bool:
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
