"""`LearningRateScheduler`: a learning rate for every epoch, from a function."""

from collections.abc import Callable

import numpy as np

from tinycnn.callbacks.base import Callback, Logs


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch, and puts it into the epoch's logs as "learning_rate".

    Args:
        schedule: function(epoch from 0, learning rate so far) that returns the new learning rate, a float;
            a function(epoch) is taken, too.
        verbose: 1 to print each learning rate.

    Raises:
        ValueError: for something that is no function; before an epoch, if it returns anything but a float.
        TypeError: before an epoch, if the optimizer's learning rate is a schedule already.

    Example:
        >>> half = LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> half.schedule(0, 0.5)
        0.25
    """

    adds = ("learning_rate",)

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        super().__init__()
        if not callable(schedule):
            raise ValueError(f"schedule must be a function of the epoch. Received: {schedule!r}")
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set this epoch's learning rate."""
        optimizer = self.model.optimizer
        try:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        except TypeError:  # a function of the epoch alone; any other such error comes again
            rate = self.schedule(epoch)
        if not isinstance(rate, float | np.float32):
            raise ValueError(
                "LearningRateScheduler: schedule(epoch, learning_rate) must return a float. "
                f"Received: {rate!r}"
            )
        optimizer.learning_rate = float(rate)
        if self.verbose:
            print(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the learning rate into the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
