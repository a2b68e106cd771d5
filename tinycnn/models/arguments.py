"""Checks of the arguments of `fit`, `evaluate` and `predict`, and the form of what they return."""

import numpy as np

from tinycnn.callbacks import Callback
from tinycnn.utils.validation import check_int, check_number, plain

VERBOSITY = {"auto": 1, 0: 0, 1: 1, 2: 2}  # accepted values of `verbose`: what they mean


def batch_or(default: int, value: int | None, name: str = "batch_size") -> int:
    """Return `value` as an int after checking it, or `default` if it is None.

    Args:
        default: a batch size.
        value: what the caller passed, from 1, or None.
        name: of the argument, for the error.

    Raises:
        ValueError, TypeError: if it is no whole number from 1.
    """
    return default if value is None else check_int(name, value)


def callback_list(callbacks: list[Callback] | Callback | None) -> list[Callback]:
    """Return callbacks as a new list: empty for None, of one for a single callback."""
    if isinstance(callbacks, list | tuple | None):
        return list(callbacks or ())
    return [callbacks]


def validation_pair(data: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y) from the argument validation_data; raise ValueError if that is no pair."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError("validation_data must be a pair (x, y).")
    return data[0], data[1]


def split(data: tuple, share: float) -> tuple[tuple, tuple | None]:
    """Split data into a part to train on and the last samples, to validate on.

    Args:
        data: (x, y).
        share: how much to validate on, from 0 to 1: the argument validation_split of `fit`.

    Raises:
        ValueError: if one of the parts would be empty, but for a share of 0.

    Returns:
        (x, y) to train on, and (x, y) to validate on, which is None for a share of 0.
    """
    checked = check_number("validation_split", share, 0, 1)
    # np.float32(0.2) is a little more than 0.2, but 0.2 is meant: the number that it is printed as.
    share = float(str(share)) if isinstance(share, np.generic | np.ndarray) else checked
    x, y = data
    kept = int(len(x) * (1 - share))
    if share == 0:
        return data, None
    if kept in (0, len(x)):
        raise ValueError(f"validation_split={share} leaves no samples on one side of {len(x)}.")
    return (x[:kept], y[:kept]), (x[kept:], y[kept:])


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
