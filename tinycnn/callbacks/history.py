"""`History`: what `fit` returns."""

from tinycnn.callbacks.base import Callback, Logs


class History(Callback):
    """Collects the losses and metrics of every epoch; `fit` returns one.

    Its attribute `history` is {name: [one number an epoch]}, `epoch` is the list of the epochs' numbers. One
    that is passed to `fit` as a callback is returned by it, and keeps what it has collected before.
    """

    backed_up = ("history", "epoch")

    def __init__(self):
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin the list of epochs anew."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append this epoch's numbers."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
