"""Callbacks, by their Keras names: objects whose methods `fit` calls at certain points of the training."""

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

Logs = dict[str, float]  # {"loss": ..., metric: ..., "val_loss": ...}


class Callback:
    """Base: methods that `fit` calls, and that do nothing here; subclasses override some.

    Before the first call `fit` sets `self.model` and `self.params`.
    """

    def __init__(self):
        self.model = None
        self.params: dict = {}

    def set_model(self, model: object) -> None:
        """Set `self.model`, the model that is trained."""
        self.model = model

    def set_params(self, params: dict) -> None:
        """Set `self.params`: {"epochs": ..., "steps": batches in an epoch, "verbose": ...}."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called after the last epoch, with its numbers; not if an error ended the training."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before each epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after each epoch, with its mean loss and metrics."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each training step, counted from 0 in each epoch."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each training step, with the mean loss and metrics of the epoch so far."""


class CallbackList(Callback):
    """Several callbacks as one: each method calls that of all callbacks, in order."""

    def __init__(self, callbacks: Sequence[Callback], model: object, params: dict):
        super().__init__()
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(f"callbacks must be Callback objects. Received: {callback!r}")
            callback.set_params(params)
            callback.set_model(model)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Call this method of all callbacks."""
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Call this method of all callbacks."""
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Call this method of all callbacks."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Call this method of all callbacks."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call this method of all callbacks."""
        for callback in self.callbacks:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call this method of all callbacks."""
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs)


class History(Callback):
    """Collects the losses and metrics of every epoch; `fit` returns one.

    Its attribute `history` is {name: [one number an epoch]}, `epoch` is the list of the epochs' numbers.
    """

    def __init__(self):
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append this epoch's numbers."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class LambdaCallback(Callback):
    """Calls given functions in place of its methods.

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
    """Writes a row with epoch, loss and metrics to a CSV file after every epoch.

    A file that another program has changed meanwhile, or that has other columns, is not overwritten: the
    rows go to a file beside it, and a warning names that.

    Args:
        filename: of the CSV file.
        separator: between columns.
        append: True to keep the rows that are there, and write after them.

    Raises:
        FileError: when training begins, if the file cannot be written, or is no such table; after an
            epoch, if the rows cannot be written anywhere.
    """

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False):
        super().__init__()
        self.filename, self.separator, self.append = os.fspath(filename), separator, append

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check that the file can be written; the first row will replace it, or append to it."""
        self.table = Table(self.filename, self.separator, self.append)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a row: epoch, then the other numbers sorted by name."""
        self.table.add({"epoch": epoch, **dict(sorted((logs or {}).items()))})


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
        """Return the number in `logs` that is watched; None, with a warning, if it is not there."""
        if logs is None or self.monitor not in logs:
            warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not there. "
                f"There are: {', '.join(logs or {}) or 'none'}"
            )
            return None
        return logs[self.monitor]

    def improves(self, value: float, best: float | None) -> bool:
        """Return whether `value` is better than `best` by more than min_delta; NaN never is.

        With best None every number is better.
        """
        if best is None:
            return not np.isnan(value)
        if self.larger_is_better:
            return value - self.min_delta > best
        return value + self.min_delta < best


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
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(Monitor):
    """Saves the model after every epoch, or only after those with a better loss or metric.

    Args:
        filepath: may hold {epoch:02d} and names of losses and metrics, such as {val_loss:.2f}.
        monitor, mode: see `Monitor`.
        verbose: 1 to print when it saves.
        save_best_only: True to save only if the number is the best so far.
        save_weights_only: only False.
        save_freq: only "epoch".
        initial_value_threshold: with save_best_only, the first best value; None: none.

    Raises:
        FileError: for a filepath that does not end in .keras, .h5 or .hdf5, or that cannot be written when
            training begins. If it cannot be written later, the model is saved under another name, in the
            same folder, the current one or the one for temporary files; a warning names it.
        ValueError: for a filepath with a name that `logs` does not have, at the first save.
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
        saving.check_suffix(self.filepath, error=FileError)
        self.verbose, self.save_best_only = verbose, save_best_only
        self.best = initial_value_threshold

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check that the model's layers can be saved, and that the file can be written."""
        self._others, self._version = (), atomic.version(self.filepath)
        learning = self.model.objective.loss, self.model.optimizer
        saving.check_known(self.filepath, self.model.layers, learning)
        folder = os.path.dirname(self.filepath)
        if "{" not in self.filepath:
            saving.check_target(self.filepath)
        elif "{" not in folder:
            saving.check_target(next(atomic.other_names(self.filepath)))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save the model, with save_best_only only if it is the best; `self.written` is the file's path."""
        if self.save_best_only:
            value = self.current(logs)
            if value is None or not self.improves(value, self.best):
                return
            self.best = value
        path = self._path(epoch, logs or {})
        self.written = atomic.save_somewhere(self._save, path, self._others)
        if self.written != path:
            self._others = (self.written,)  # the next epochs go to the same file

    def _save(self, path: str) -> None:
        """Save the model; raise FileError if another program has written `filepath` since the last save."""
        is_own = path == self.filepath
        if is_own and atomic.version(path) not in (self._version, None):
            raise FileError(path, "another program has written it meanwhile")
        self.model.save(path)
        if is_own:
            self._version = atomic.version(path)

    def _path(self, epoch: int, logs: Logs) -> str:
        """Return `filepath` with epoch (from 1) and numbers filled in; print it if verbose."""
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
    """Shows a progress bar with loss, metrics and the time left for each epoch.

    Args:
        verbose: 1 for a bar (plain lines where standard output is no terminal), 2 for one line an epoch.
    """

    def __init__(self, verbose: int):
        super().__init__()
        self.verbose, self.bar = verbose, None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Make this epoch's bar."""
        from tinycnn.utils.progress import Bar

        total, epochs = self.params["steps"], self.params["epochs"]
        self.title = f"Epoch {epoch + 1}/{epochs}"
        self.bar = Bar(total, self.title, visible=self.verbose == 1)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self.bar.advance(logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Replace the bar by a line with the epoch's numbers."""
        self.bar.finish(logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the bar of an epoch that was interrupted."""
        if self.bar is not None:
            self.bar.close()
