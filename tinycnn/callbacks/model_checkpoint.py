"""`ModelCheckpoint`: the model is saved while it is trained."""

import os

from tinycnn import saving
from tinycnn.callbacks.base import Logs
from tinycnn.callbacks.monitor import Monitor
from tinycnn.utils import atomic
from tinycnn.utils.errors import FileError
from tinycnn.utils.printable import printable
from tinycnn.utils.validation import check_bool, check_int, check_supported


class ModelCheckpoint(Monitor):
    """Saves the model after every epoch, or only after those with a better loss or metric.

    Args:
        filepath: may hold {epoch:02d} and names of losses and metrics, such as {val_loss:.2f}; with save_freq
            a number also {batch}. It ends as `tinycnn.saving.check_suffix` wants.
        monitor, mode: see `Monitor`.
        verbose: 1 to print when it saves.
        save_best_only: True to save only if the number is the best so far; in an epoch without that number
            nothing is saved.
        save_weights_only: True to save with `model.save_weights`, not with `model.save`.
        save_freq: "epoch", or after how many batches to save, counted on from epoch to epoch.
        initial_value_threshold: with save_best_only, the first best value; None: none.
        options: there are no others.

    Raises:
        FileError: for a filepath that ends otherwise, or that cannot be written when
            training begins. If it cannot be written later, the model is saved under another name, in the
            same folder, the current one or the one for temporary files; a warning names it.
        ValueError: for a filepath with a name that `logs` will not have, when training begins; at the first
            save if callbacks of your own come before this one, which may add names.
    """

    only_writes = True
    backed_up = ("best", "written", "_others", "_batches")

    def __init__(
        self,
        filepath: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        **options: object,
    ):
        check_supported("ModelCheckpoint", options, {"period": 1})
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        self.save_weights_only = check_bool("save_weights_only", save_weights_only)
        saving.check_suffix(self.filepath, self.save_weights_only, FileError)
        by_epoch = isinstance(save_freq, str) and save_freq == "epoch"
        self.save_freq = "epoch" if by_epoch else check_int("save_freq", save_freq)
        self.verbose, self.save_best_only = verbose, save_best_only
        self.best = initial_value_threshold

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Check that the model's layers can be saved, that the file can be written, and the names in it."""
        self._others, self._version = (), atomic.version(self.filepath)
        self._epoch = self._batches = 0
        self.written: str | None = None
        if not self.save_weights_only:
            learning = self.model.objective.loss, self.model.optimizer
            saving.check_known(self.filepath, self.model.layers, learning)
        self._check_names()
        folder = os.path.dirname(self.filepath)
        if "{" not in self.filepath:
            saving.check_target(self.filepath)
        elif "{" not in folder:
            saving.check_target(next(atomic.other_names(self.filepath)))

    def _check_names(self) -> None:
        """Raise ValueError for a name in `filepath` that is not there when it saves, as far as is known."""
        names = self.log_names
        if names is None:
            return
        if self.save_freq == "epoch":
            self._path(0, None, dict.fromkeys(names, 0.0))
        else:
            self._path(0, 0, {name: 0.0 for name in names if not name.startswith("val_")})

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch, for saves after a batch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save the model after each `save_freq` batches."""
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches == self.save_freq:
            self._batches = 0
            self._save_if_best(self._epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save the model, with save_best_only only if it is the best; `self.written` is the file's path."""
        if self.save_freq == "epoch":
            self._save_if_best(epoch, None, logs or {})

    def _save_if_best(self, epoch: int, batch: int | None, logs: Logs) -> None:
        """Save the model, after a batch or (None) after an epoch."""
        if self.save_best_only:
            value = self.current(logs)
            if value is None or not self.improves(value, self.best):
                return
            self.best = value
        path = self._path(epoch, batch, logs)
        if self.verbose:
            print(f"Epoch {epoch + 1}: saving model to {printable(path)}")
        self.written = atomic.save_somewhere(self._save, path, self._others)
        if self.written != path:
            self._others = (self.written,)  # the next saves go to the same file

    def _save(self, path: str) -> None:
        """Save the model; raise FileError if another program has written `filepath` since the last save."""
        is_own = path == self.filepath
        if is_own and atomic.version(path) not in (self._version, None):
            raise FileError(path, "another program has written it meanwhile")
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)
        if is_own:
            self._version = atomic.version(path)

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        """Return `filepath` with epoch, batch (both from 1) and numbers filled in."""
        counts = {"epoch": epoch + 1} if batch is None else {"epoch": epoch + 1, "batch": batch + 1}
        try:
            return self.filepath.format(**counts, **logs)
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            counted = " and ".join(map(repr, counts))
            raise ValueError(
                f"filepath {self.filepath!r} may hold {counted} and {sorted(logs)}, but not {error}"
            ) from error
