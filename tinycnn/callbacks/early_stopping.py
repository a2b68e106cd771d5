"""`EarlyStopping`: the training ends once a loss or metric no longer gets better."""

from tinycnn.callbacks.base import Logs
from tinycnn.callbacks.monitor import Monitor
from tinycnn.utils.validation import check_int


class EarlyStopping(Monitor):
    """Stops training when a loss or metric has not got better for some epochs.

    Args:
        monitor, min_delta, mode: see `Monitor`.
        patience: for how many epochs it must not have got better.
        verbose: 1 to print when it stops.
        baseline: an epoch counts as better only if it is also better than this number.
        restore_best_weights: True to set the weights of the best epoch at the end.
        start_from_epoch: epochs before this one are ignored.

    Example:
        >>> EarlyStopping(monitor="val_accuracy", patience=3).larger_is_better
        True
    """

    backed_up = ("wait", "stopped_epoch", "best_epoch", "best", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta)
        self.patience = check_int("patience", patience, low=0)
        self.start_from_epoch = check_int("start_from_epoch", start_from_epoch, low=0)
        self.verbose, self.baseline = verbose, baseline
        self.restore_best_weights = restore_best_weights

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset: no best value, nothing waited."""
        self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
        self.best, self.best_weights = None, None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare this epoch with the best; set `model.stop_training` after `patience` epochs."""
        value = self.current(logs) if epoch >= self.start_from_epoch else None
        if value is None:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Set the best weights if wanted."""
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
