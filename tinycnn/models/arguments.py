"""Checks of the arguments of `fit`, `evaluate` and `predict`, and the form of what they return."""

import numpy as np

from tinycnn.callbacks import Callback
from tinycnn.models.data import is_stream
from tinycnn.utils.validation import check_int, check_number, plain

VERBOSITY = {"auto": 1, 0: 0, 1: 1, 2: 2}  # accepted values of `verbose`: what they mean


def count_or_none(name: str, value: int | None) -> int | None:
    """Return the argument `name` as an int after checking that it is a whole number from 1, or None."""
    return None if value is None else check_int(name, value)


def callback_list(callbacks: list[Callback] | Callback | None) -> list[Callback]:
    """Return callbacks as a new list: empty for None, of one for a single callback."""
    if isinstance(callbacks, list | tuple | None):
        return list(callbacks or ())
    return [callbacks]


def validation_parts(data: object) -> tuple:
    """Return x, y, sample_weight from the argument validation_data, the last two None for batches.

    Raises:
        ValueError: if it is neither (x, y), (x, y, sample_weight) nor something that hands over batches.
    """
    if is_stream(data):
        return data, None, None
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise ValueError(
            "validation_data must be (x, y), (x, y, sample_weight), or hand over such batches. "
            f"Received: a {type(data).__name__}"
        )
    return (*data, None)[:3]


def check_freq(freq: int | list[int]) -> int | list[int]:
    """Return the argument validation_freq: a number from 1, or a list of epochs from 1."""
    if isinstance(freq, list | tuple | set):
        return [check_int("validation_freq", epoch) for epoch in freq]
    return check_int("validation_freq", freq)


def no_split(share: float) -> None:
    """Raise ValueError for a validation_split, which only arrays can be cut with."""
    if check_number("validation_split", share, 0, 1):
        raise ValueError(
            "validation_split cuts arrays, and x hands over batches: pass validation_data. "
            f"Received: validation_split={share!r}"
        )


def split(data: tuple, share: float) -> tuple[tuple, tuple | None]:
    """Split data into a part to train on and the last samples, to validate on.

    Args:
        data: (x, y, sample_weight), the last of them perhaps None.
        share: how much to validate on, from 0 to 1: the argument validation_split of `fit`.

    Raises:
        ValueError: if one of the parts would be empty, but for a share of 0.

    Returns:
        The same to train on, and to validate on, which is None for a share of 0.
    """
    checked = check_number("validation_split", share, 0, 1)
    # np.float32(0.2) is a little more than 0.2, but 0.2 is meant: the number that it is printed as.
    share = float(str(share)) if isinstance(share, np.generic | np.ndarray) else checked
    if share == 0:
        return data, None
    count = len(data[0])
    kept = int(count * (1 - share))
    if kept in (0, count):
        raise ValueError(f"validation_split={share} leaves no samples on one side of {count}.")
    first, last = slice(0, kept), slice(kept, count)
    return tuple(
        tuple(None if part is None else part[where] for part in data) for where in (first, last)
    )


def verbosity(verbose: int | str) -> int:
    """Return the argument `verbose` as 0, 1 or 2; "auto" is 1. Raise ValueError for anything else."""
    try:
        return VERBOSITY[verbose if type(verbose) in (int, str) else plain(verbose)]
    except (KeyError, TypeError):  # TypeError: what has no hash
        raise ValueError(
            f"verbose must be 0, 1, 2 or 'auto'. Received: verbose={verbose!r}"
        ) from None


def results(logs: dict[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    """Return loss and metrics in the form that Keras's `evaluate` has.

    Args:
        logs: {"loss": ..., metric: ...}.
        return_dict: True to return `logs` itself; False: a list of its values, or only the loss if there
            are no metrics.
    """
    if return_dict:
        return logs
    return list(logs.values()) if len(logs) > 1 else logs["loss"]
