"""A training with all that must go on: dropout, batch normalization, Adam, three callbacks and a schedule.

    python -m tests.support.resumed_training --output DIGESTS [--threads 2]

It goes on where it was killed, and writes three SHA-256 in the end: of weights, optimizer and history.
"""

import argparse
import hashlib
import json

import numpy as np

from tinycnn import callbacks, datasets, ops, utils
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from tinycnn.models import Sequential
from tinycnn.utils import atomic, cli

DIGITS = 640


def net():
    utils.set_random_seed(1)
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(8, 5, strides=2, use_bias=False),
            BatchNormalization(),
            Flatten(),
            Dropout(0.4),
            Dense(32, activation="relu"),
            Dropout(0.2),
            Dense(10, activation="softmax"),
        ]
    )


def schedule(epoch, rate):
    return rate * 0.9  # hangs on what was before


def hooks(folder):
    return [
        callbacks.BackupAndRestore(folder, save_freq=3, delete_checkpoint=False),
        callbacks.LearningRateScheduler(schedule),
        callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1, min_delta=0.2),
        callbacks.EarlyStopping("val_loss", patience=3, min_delta=0.05, restore_best_weights=True),
    ]


def digests(model, history):
    slots = [a for name in sorted(model.optimizer.slots) for a in model.optimizer.slots[name]]
    parts = {
        "weights": b"".join(weight.tobytes() for weight in model.get_weights()),
        "optimizer": b"".join(slot.tobytes() for slot in slots)
        + f"{model.optimizer.iterations} {model.optimizer.learning_rate}".encode(),
        "history": json.dumps([history.history, history.epoch], sort_keys=True).encode(),
    }
    return {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    ops.set_num_threads(options.threads)
    digits = datasets.load("sample")
    x = (digits.x_train[:DIGITS, ..., np.newaxis] / 255).astype(np.float32)
    y, model = digits.y_train[:DIGITS], net()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    data = {"validation_data": (x[:200], y[:200]), "epochs": 12, "batch_size": 64, "verbose": 0}
    history = model.fit(x, y, **data, callbacks=hooks(f"{options.output}-backup"))
    with atomic.replacing(options.output) as file:
        file.write(json.dumps(digests(model, history)).encode())


if __name__ == "__main__":
    cli.run(main)
