"""`ReduceLROnPlateau`: smaller steps once a loss or metric no longer gets better."""

from tinycnn.callbacks.base import Logs
from tinycnn.callbacks.monitor import Monitor
from tinycnn.utils.validation import check_int, check_number, check_supported


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by a factor when a loss or metric has not got better for some epochs.

    The learning rate that an epoch was trained with stands in its logs as "learning_rate".

    Args:
        monitor, mode, min_delta: see `Monitor`.
        factor: what the learning rate is multiplied with, 0 to 1 (exclusive).
        patience: for how many epochs it must not have got better.
        verbose: 1 to print when it reduces.
        cooldown: for how many epochs after that it does not count.
        min_lr: the learning rate does not become less than this.

    Raises:
        ValueError: for a value that is out of range.
        TypeError: when it would reduce, if the optimizer's learning rate is a schedule.

    Example:
        >>> ReduceLROnPlateau(factor=0.5, patience=2).monitor
        'val_loss'
    """

    adds = ("learning_rate",)
    backed_up = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **options: object,
    ):
        check_supported("ReduceLROnPlateau", options, {})
        super().__init__(monitor, mode, min_delta)
        self.factor = check_number("factor", factor, 0, 1)
        if self.factor == 1:
            raise ValueError(f"factor must be below 1. Received: factor={factor!r}")
        self.patience = check_int("patience", patience, low=0)
        self.cooldown = check_int("cooldown", cooldown, low=0)
        self.min_lr, self.verbose = check_number("min_lr", min_lr, 0), verbose
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset: no best value, nothing waited."""
        self.best, self.wait, self.cooldown_counter = None, 0, 0

    def in_cooldown(self) -> bool:
        """Return whether epochs do not count now."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the learning rate into the logs; reduce it after `patience` epochs that were not better."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        value = self.current(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter, self.wait = self.cooldown_counter - 1, 0
        if self.improves(value, self.best):
            self.best, self.wait = value, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def _reduce(self, epoch: int) -> bool:
        """Reduce the learning rate; return whether it was not at `min_lr` already."""
        rate = float(self.model.optimizer.learning_rate)
        if rate <= self.min_lr:
            return False
        new = max(rate * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose:
            print(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        return True
