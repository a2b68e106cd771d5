"""`Monitor`: the base of the callbacks that watch whether a loss or metric gets better."""

import numpy as np

from tinycnn.callbacks.base import Callback, Logs
from tinycnn.utils.validation import check_number
from tinycnn.utils.warning import warn


class Monitor(Callback):
    """Base of the callbacks that compare a loss or metric with its best value so far.

    Args:
        monitor: the name of the loss or metric, such as "val_loss".
        mode: whether smaller ("min") or larger ("max") is better; "auto": "max" for names with "acc".
        min_delta: a change must be larger than this to count.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max'. Received: mode={mode!r}")
        self.monitor = monitor
        self.larger_is_better = mode == "max" or (mode == "auto" and "acc" in monitor)
        self.min_delta = abs(check_number("min_delta", min_delta))

    def current(self, logs: Logs | None) -> float | None:
        """Return the number in `logs` that is watched; None if it is not there.

        It warns then, but not for one that other epochs have: validation need not run in each.
        """
        if logs is not None and self.monitor in logs:
            return logs[self.monitor]
        if self.monitor not in (self.log_names or ()):
            warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not there. "
                f"There are: {', '.join(logs or {}) or 'none'}"
            )
        return None

    def improves(self, value: float, best: float | None) -> bool:
        """Return whether `value` is better than `best` by more than min_delta; NaN never is.

        With best None every number is better.
        """
        if best is None:
            return not np.isnan(value)
        if self.larger_is_better:
            return value - self.min_delta > best
        return value + self.min_delta < best
