"""What users pass: made uniform, or refused with the name and the value that was received."""

import numpy as np


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
        if isinstance(value, np.ndarray) or value not in allowed:
            raise ValueError(
                f"{owner}: {name} is only there with the value {neutral[name]!r}. "
                f"Received: {name}={value!r}"
            )


def whole(name: str, value: int, low: int = 1) -> int:
    """Return a whole number from `low`, or say what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be a whole number from {low}. Received: {name}={value!r}")
    return int(value)


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
