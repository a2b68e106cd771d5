"""A training that tests run under mpiexec: `python -m tests.support.mpi_training NET [KEY=VALUE ...]`.

Rank 0 prints the SHA-256 of the weights, of what `predict` returns, and of losses and metrics. The options
make one rank different, or let it end.
"""

import hashlib
import json
import os
import signal
import sys

import numpy as np

from tinycnn import datasets, distribution, ops, utils
from tinycnn.callbacks import BackupAndRestore, LambdaCallback
from tinycnn.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
    ReLU,
)
from tinycnn.models import Sequential
from tinycnn.pretrained import nets


def small():
    """Return a net with everything that could hang on the number of ranks, and data for it."""
    model = Sequential(
        [
            Input((10, 10, 1)),
            Conv2D(4, 3, activation="relu"),
            Conv2D(4, 3, use_bias=False),
            BatchNormalization(),
            ReLU(),
            MaxPooling2D(),
            Dropout(0.3),
            Flatten(),
            Dense(16, activation="tanh", kernel_regularizer="l2"),
            BatchNormalization(momentum=0.8),
            Dense(10, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(0)
    data = rng.random((83, 10, 10, 1), np.float32), rng.integers(0, 10, 83)
    return model, data, {"batch_size": 20, "epochs": 2, "sample_weight": rng.random(83)}


def classic():
    digits = datasets.load("sample")
    data = (digits.x_train / 255).astype(np.float32)[..., None], digits.y_train
    return nets.classic_net(), data, {"batch_size": 128, "epochs": 2}


def main(net, *words):
    given = {key: json.loads(value) for key, value in (word.split("=") for word in words)}
    distribution.set_distribution(distribution.DataParallel())
    rank = distribution.rank()
    ops.set_num_threads(given.get("threads", [1] * 8)[rank])
    utils.set_random_seed(0)
    model, (x, y), options = {"small": small, "classic": classic}[net]()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    if given.get("other") == rank:
        options |= given["options"]
        x = x + np.float32(given.get("shift", 0))

    def at_batch(batch, logs):
        if model.optimizer.iterations == given.get("step") and rank == given["rank"]:
            if given["way"] == "error":
                raise OSError("no such file")
            os.kill(os.getpid(), getattr(signal, given["way"]))

    begin = LambdaCallback(on_train_begin=lambda logs: print("begin", flush=True))
    hooks = [LambdaCallback(on_train_batch_begin=at_batch)]
    if "backup" in given:
        options["epochs"] = given["epochs"]
        hooks += [begin, BackupAndRestore(given["backup"], save_freq=3)]
    history = model.fit(
        x, y, verbose=2, callbacks=hooks, validation_data=(x[:33], y[:33]), **options
    )
    outputs, results = model.predict(x[:61], verbose=0), model.evaluate(x, y, verbose=0)
    found = [b"".join(w.tobytes() for w in model.weights), outputs.tobytes()]
    found.append(repr([history.history, results]).encode())
    if rank == 0:
        print(*(hashlib.sha256(one).hexdigest() for one in found))


if __name__ == "__main__":
    main(*sys.argv[1:])
