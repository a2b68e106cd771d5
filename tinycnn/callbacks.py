"""Callbacks: what happens beside the training loop, by their Keras names."""

import os
from collections.abc import Callable, Sequence

import numpy as np

from tinycnn import saving
from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError
from tinycnn.utils.printable import printable
from tinycnn.utils.table import Table
from tinycnn.utils.validation import check_int, check_number
from tinycnn.utils.warning import warn

Logs = dict[str, float]


class Callback:
    """Base: every hook does nothing. `self.model` and `self.params` are set before the first one."""

    def __init__(self):
        self.model = None
        self.params: dict = {}

    def set_model(self, model: object) -> None:
        """Receive the model."""
        self.model = model

    def set_params(self, params: dict) -> None:
        """Receive {"epochs", "steps", "verbose"}."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Be called before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Be called after the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Be called before each epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Be called after each epoch, with its losses and metrics."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Be called before each training step, counted from 0."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Be called after each training step, with the epoch's running means."""


class CallbackList(Callback):
    """Calls several callbacks as one."""

    def __init__(self, callbacks: Sequence[Callback], model: object, params: dict):
        super().__init__()
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(f"callbacks must be Callback objects. Received: {callback!r}")
            callback.set_params(params)
            callback.set_model(model)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Call all."""
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Call all."""
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Call all."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Call all."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call all."""
        for callback in self.callbacks:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call all."""
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs)


class History(Callback):
    """Collects the losses and metrics of every epoch; `fit` returns one.

    `history` maps each name to a list, `epoch` lists the epochs, `params` has their planned number.
    """

    def __init__(self):
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add this epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class LambdaCallback(Callback):
    """Calls plain functions.

    Args:
        on_epoch_begin, on_epoch_end: called with (epoch, logs).
        on_train_begin, on_train_end: called with (logs).
        on_train_batch_begin, on_train_batch_end: called with (batch, logs).

    Example:
        >>> shout = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
        >>> shout.on_epoch_end(3, {})
        3
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
    ):
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)


class CSVLogger(Callback):
    """Writes a row for every epoch into a CSV file, so that a stopped run keeps what it had.

    A table that another program writes meanwhile, or that has other columns, is not touched: the rows
    go to a file beside it, and a warning names it.

    Args:
        filename: of the file.
        separator: between columns.
        append: go on after the rows that are there.

    Raises:
        FileError: when training begins, if the file cannot be written, or is no table of a
            training; after an epoch, if it can be written nowhere any more.
    """

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False):
        super().__init__()
        self.filename, self.separator, self.append = os.fspath(filename), separator, append

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Make sure that the file can be written; it is replaced, or made, with the first row."""
        self.table = Table(self.filename, self.separator, self.append)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add a row."""
        self.table.add({"epoch": epoch, **dict(sorted((logs or {}).items()))})


class Monitor(Callback):
    """Base of the callbacks that watch one number and know whether it got better.

    Args:
        monitor: its name, such as "val_loss".
        mode: "min", "max", or "auto": max for names with "acc", else min.
        min_delta: a smaller change is no change.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max'. Received: mode={mode!r}")
        self.monitor = monitor
        self.larger_is_better = mode == "max" or (mode == "auto" and "acc" in monitor)
        self.min_delta = abs(check_number("min_delta", min_delta))

    def current(self, logs: Logs | None) -> float | None:
        """Return the watched number, or None with a warning that lists what there is."""
        if logs is None or self.monitor not in logs:
            warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not there. "
                f"There are: {', '.join(logs or {}) or 'none'}"
            )
            return None
        return logs[self.monitor]

    def improves(self, value: float, best: float | None) -> bool:
        """Return whether a number is better than the best so far; NaN never is."""
        if best is None:
            return not np.isnan(value)
        if self.larger_is_better:
            return value - self.min_delta > best
        return value + self.min_delta < best


class EarlyStopping(Monitor):
    """Stops training when a number no longer gets better.

    Args:
        monitor: its name.
        min_delta: a smaller change is no change.
        patience: how many epochs without a change to wait for.
        verbose: 1 to say when it stops.
        mode: see `Monitor`.
        baseline: a number that must be beaten from the start.
        restore_best_weights: go back to the best epoch's weights at the end.
        start_from_epoch: epochs not to look at.

    Example:
        >>> EarlyStopping(monitor="val_accuracy", patience=3).larger_is_better
        True
    """

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
        """Forget what an earlier training showed."""
        self.wait, self.stopped_epoch, self.best_epoch = 0, 0, 0
        self.best, self.best_weights = None, None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the number; stop after `patience` epochs without a change."""
        value = self.current(logs) if epoch >= self.start_from_epoch else None
        if value is None:
            return
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
        """Go back to the best weights if wanted."""
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(Monitor):
    """Saves the model after every epoch, or only when a number got better.

    Args:
        filepath: may hold {epoch:02d} and names of losses and metrics, such as {val_loss:.2f}.
        monitor: the watched name.
        verbose: 1 to say when it saves.
        save_best_only: only when the number got better.
        save_weights_only: only False.
        mode: see `Monitor`.
        save_freq: only "epoch".
        initial_value_threshold: a number that must be beaten from the start.

    Raises:
        FileError: for a filepath that does not end in .h5 or .hdf5, or that cannot be written when
            training begins. If it cannot be written later, the model is kept under another name, in
            the same folder, this one or that for temporary files; a warning names it.
        ValueError: for a filepath with a name that is not there, at the first save.
    """

    def __init__(
        self,
        filepath: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str = "epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode)
        if save_weights_only or save_freq != "epoch":
            raise ValueError(
                "ModelCheckpoint saves whole models after each epoch. Received: "
                f"save_weights_only={save_weights_only!r}, save_freq={save_freq!r}"
            )
        self.filepath = os.fspath(filepath)
        if not self.filepath.lower().endswith((".h5", ".hdf5")):
            raise FileError(self.filepath, "models are kept in .h5 files", "Choose such a name.")
        self.verbose, self.save_best_only = verbose, save_best_only
        self.best = initial_value_threshold

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Make sure before the first epoch that there is a place to save to."""
        self._others, self._version = (), atomic.version(self.filepath)
        learning = self.model.objective.loss, self.model.optimizer
        saving.check_known(self.filepath, self.model.layers, learning)
        folder = os.path.dirname(self.filepath)
        if "{" not in self.filepath:
            saving.check_target(self.filepath)
        elif "{" not in folder:
            saving.check_target(next(atomic.other_names(self.filepath)))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if it is time to."""
        if self.save_best_only:
            value = self.current(logs)
            if value is None or not self.improves(value, self.best):
                return
            self.best = value
        path = self._path(epoch, logs or {})
        self.written = atomic.save_somewhere(self._save, path, self._others)
        if self.written != path:
            self._others = (self.written,)  # the same after every epoch

    def _save(self, path: str) -> None:
        """Save, but never over what another program has put there meanwhile."""
        mine = path == self.filepath
        if mine and atomic.version(path) not in (self._version, None):
            raise FileError(path, "another program has written it meanwhile")
        self.model.save(path)
        if mine:
            self._version = atomic.version(path)

    def _path(self, epoch: int, logs: Logs) -> str:
        try:
            path = self.filepath.format(epoch=epoch + 1, **logs)
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            raise ValueError(
                f"filepath {self.filepath!r} may hold 'epoch' and {sorted(logs)}, but not {error}"
            ) from error
        if self.verbose:
            print(f"Epoch {epoch + 1}: saving model to {printable(path)}")
        return path


class ProgbarLogger(Callback):
    """Shows a progress bar with loss, metrics and the time left, or plain lines where no bar can live.

    Args:
        verbose: 1 for a bar (plain lines in pipes and dumb terminals), 2 for one line an epoch.
    """

    def __init__(self, verbose: int):
        super().__init__()
        self.verbose, self.bar = verbose, None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Begin a bar."""
        from tinycnn.utils.progress import Bar

        total, epochs = self.params["steps"], self.params["epochs"]
        self.title = f"Epoch {epoch + 1}/{epochs}"
        self.bar = Bar(total, self.title, visible=self.verbose == 1)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self.bar.advance(logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """End the bar with the epoch's numbers."""
        self.bar.finish(logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Take away the bar of an epoch that was interrupted."""
        if self.bar is not None:
            self.bar.close()
