"""What is done after each epoch of a training."""

import argparse
from typing import Any

from tinycnn.callbacks import BackupAndRestore, CSVLogger, EarlyStopping, ModelCheckpoint
from tinycnn.saving.unfinished import Unfinished


class EpochsFromOne(CSVLogger):
    """Counts epochs as the lines on the screen and the curves do; Keras's own counts from 0."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write a row for this epoch, from 0, with its number from 1."""
        super().on_epoch_end(epoch + 1, logs)


def watchers(
    options: argparse.Namespace, history_file: str, unfinished: Unfinished
) -> dict[str, Any]:
    """Return the callbacks of the training by what they do: "save", "log", "go on", "stop" (--patience)."""
    # Braces are doubled, because ModelCheckpoint takes its filepath for a format string.
    path = options.output.replace("{", "{{").replace("}", "}}")
    early, folder = options.patience is not None, unfinished.folder
    callbacks: dict[str, Any] = {
        "save": ModelCheckpoint(path, save_best_only=early),
        "log": EpochsFromOne(history_file),
        "go on": BackupAndRestore(folder, delete_checkpoint=False, about=unfinished.options),
    }
    if early:
        callbacks["stop"] = EarlyStopping(patience=options.patience, restore_best_weights=True)
    return callbacks
