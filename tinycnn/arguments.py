"""What `fit`, `evaluate` and `predict` receive, made uniform or refused; and the form of what they return."""

import numpy as np

from tinycnn.callbacks import Callback
from tinycnn.checks import whole


def plain_array(what: str, values: object) -> np.ndarray:
    """Return an array of numbers, or say why these are none."""
    if np.ma.is_masked(values):
        raise ValueError(f"{what} must not have masked values: fill them first, with .filled(...).")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{what} must be an array: {error}") from error
    if array.dtype.kind not in "buif":
        raise ValueError(f"{what} must be numbers. Received: an array of {array.dtype}")
    return array


def batch_or(default: int, value: int | None, name: str = "batch_size") -> int:
    """Return the size of batches that was asked for, or the default for None."""
    return default if value is None else whole(name, value)


def callback_list(callbacks: list[Callback] | Callback | None) -> list[Callback]:
    """Return callbacks as a list."""
    if isinstance(callbacks, list | tuple | None):
        return list(callbacks or ())
    return [callbacks]


def validation_pair(data: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y), or say that validation_data is something else."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError("validation_data must be a pair (x, y).")
    return data[0], data[1]


def split(data: tuple, share: float) -> tuple[tuple, tuple | None]:
    """Cut off the last `share` of the samples for validation."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        raise ValueError(f"validation_split must lie in 0 to below 1. Received: {share!r}")
    x, y = data
    kept = int(len(x) * (1 - share))
    if share == 0:
        return data, None
    if kept in (0, len(x)):
        raise ValueError(f"validation_split={share} leaves no samples on one side of {len(x)}.")
    return (x[:kept], y[:kept]), (x[kept:], y[kept:])


def verbosity(verbose: int | str) -> int:
    """Return 0, 1 or 2."""
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"verbose must be 0, 1, 2 or 'auto'. Received: verbose={verbose!r}")
    return 1 if verbose == "auto" else int(verbose)


def results(logs: dict[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    """Return loss and metrics as Keras does: a number, a list, or by name."""
    if return_dict:
        return logs
    return list(logs.values()) if len(logs) > 1 else logs["loss"]
