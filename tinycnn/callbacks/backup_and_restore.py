"""`BackupAndRestore`: a training that was interrupted goes on where it stood."""

import os

from tinycnn import __version__, distribution
from tinycnn.callbacks.base import Callback, Logs
from tinycnn.saving import backup
from tinycnn.utils.errors import FileError
from tinycnn.utils.validation import check_bool, check_int, check_supported
from tinycnn.utils.warning import warn

Difference = tuple[str, object, object]  # what, in the backup, now


def _differences(then: dict, now: dict) -> list[Difference]:
    """Return where two descriptions of a training differ."""
    names = sorted({*then, *now})
    return [(key, then.get(key), now.get(key)) for key in names if then.get(key) != now.get(key)]


def _optimizer(optimizer: object) -> dict[str, object]:
    """Return the class and the options of an optimizer, as texts; no learning rate but a schedule."""
    options = optimizer.get_config()
    rate = options.pop("learning_rate")
    options["learning_rate"] = rate if isinstance(rate, dict) else "a number"
    told = {f"optimizer, {key}": str(value) for key, value in options.items() if key != "name"}
    return {"optimizer": type(optimizer).__name__, **told}


class BackupAndRestore(Callback):
    """Keeps backups of a training, and lets the next `fit` go on there if this one does not come to its end.

    The training goes on to the same last bit as if nothing had happened: weights, optimizer, the numbers of
    the epoch so far, the order of the samples, dropout, the `History` and other callbacks (what an own one
    names in `backed_up`). Data that can be gone through only once, such as a generator, must begin anew;
    what was taken of them passes by. The backup before the newest is kept, in case that is torn.

    Args:
        backup_dir: a folder for the backups of this training alone; it is made.
        save_freq: "epoch", or also after how many training steps to save.
        double_checkpoint: True or False: two backups are always kept.
        delete_checkpoint: False to keep the backups when the training has ended; the next `fit` is then
            over at once.
        about: what else must be the same for a training to go on, {name: text or number}.

    Raises:
        FileError: when training begins, if no file can be made there, if the backups are damaged, or
            those of another training.

    Warns:
        UserWarning: if a backup cannot be written, once: the training goes on without.

    Example:
        >>> BackupAndRestore("backups", save_freq=100).save_freq
        100
    """

    comes_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
        *,
        about: dict[str, object] | None = None,
        **options: object,
    ):
        check_supported("BackupAndRestore", options, {"save_before_preemption": False})
        super().__init__()
        self.backup_dir = os.fspath(backup_dir)
        if not self.backup_dir:
            raise ValueError("backup_dir must name a folder. Received: ''")
        by_epoch = isinstance(save_freq, str) and save_freq == "epoch"
        self.save_freq = "epoch" if by_epoch else check_int("save_freq", save_freq)
        self.double_checkpoint = check_bool("double_checkpoint", double_checkpoint)
        self.delete_checkpoint = check_bool("delete_checkpoint", delete_checkpoint)
        self.about = dict(about or {})
        self._warned, self._found = False, None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Go on where the backup says, if there is one."""
        self._found = self._read()
        if self._found is None:
            self._save()  # so that a random seed, for one, is kept from the first
        else:
            self._check(self._found)
            self.model.progress.go_to(self.model, self._found["training"])

    def _read(self) -> dict | None:
        """Return what was backed up, None if there is nothing; of ranks that train together, rank 0 reads."""
        if distribution.rank() == 0:
            self._try_folder()
            found = backup.read(self.backup_dir)
            if distribution.distribution() is None:
                return found
        read = distribution.rank() == 0 and found is not None
        data = distribution.broadcast(backup.packed(found) if read else b"")
        return backup.unpacked(data) if data else None

    def _try_folder(self) -> None:
        """Raise FileError if the folder cannot be made."""
        there = os.path.isdir(self.backup_dir)
        try:
            os.makedirs(self.backup_dir, exist_ok=True)
            if not there:  # no empty folder stays of a training that ends before its first backup
                os.rmdir(self.backup_dir)
        except OSError as error:
            cause = f"no folder can be made there: {error.strerror or error}"
            raise FileError(self.backup_dir, cause, "Choose another backup_dir.") from error

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Take back what callbacks did now at the begin of an epoch that had begun before the backup."""
        found, self._found = self._found, None
        if found is not None and self.model.progress.batch:
            self.model.progress.put_back(self.model, found["training"])

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save after each `save_freq` training steps."""
        if self.save_freq == "epoch" or self.model.stop_training:
            return
        if self.model.optimizer.iterations % self.save_freq == 0:
            self._save()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save."""
        self._save()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the backups, unless they are to be kept."""
        if self.delete_checkpoint and distribution.rank() == 0:
            backup.remove(self.backup_dir)

    def _save(self) -> None:
        """Write a backup, on rank 0; warn if that fails for the first time."""
        if distribution.rank():
            return
        state = {"about": self._about(), "training": self.model.progress.state(self.model)}
        try:
            os.makedirs(self.backup_dir, exist_ok=True)
            backup.write(self.backup_dir, state)
        except (FileError, OSError) as error:
            if not self._warned:
                warn(f"No backup: {error} The training goes on, and tries again with the next.")
            self._warned = True

    def _about(self) -> dict[str, object]:
        """Return what must be the same for a training to go on."""
        model, shared = self.model, distribution.distribution()
        cut = {"shards of a batch": shared.shards} if shared else {}
        trained = [f"{weight.dtype} {weight.shape}" for weight in model.trainable_weights]
        return {
            "tinycnn": __version__,
            **self.about,
            **cut,
            "weights": [f"{weight.dtype} {weight.shape}" for weight in model.weights],
            "trained weights": trained,
            "steps in an epoch": self.params["steps"],
            "metrics": model.metrics_names,
            **_optimizer(model.optimizer),
        }

    def _check(self, found: dict) -> None:
        """Raise FileError if the backup is that of another training, or one of more epochs."""
        differing = _differences(found.get("about", {}), self._about())
        if differing:
            name, before, now = differing[0]
            raise FileError(
                self.backup_dir,
                f"it is the backup of another training: {name} was {before!r}, and is {now!r}",
                "Delete the folder to begin anew, or choose another one.",
            )
        at = found["training"]
        if at["epoch"] + (at["batch"] > 0) > self.params["epochs"]:
            raise FileError(
                self.backup_dir,
                f"it is that of a training in epoch {at['epoch'] + (at['batch'] > 0)}, and only "
                f"{self.params['epochs']} are asked for",
                "Ask for as many, or delete the folder to begin anew.",
            )
