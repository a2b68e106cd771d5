"""Train the compact net that the package brings along, with a fixed recipe and without choosing."""

import argparse
import hashlib
import json
import math
import pathlib
import platform
import sys

import numpy as np

import tinycnn
from tinycnn import saving
from tinycnn.console import run

RECIPE = {
    "data": "all 60,000 training digits of MNIST",
    "seed": 0,
    "epochs": 14,
    "batch_size": 128,
    "optimizer": "Adam, learning rate 0.002, cosine to 0 over all epochs",
    "loss": "categorical cross-entropy, label smoothing 0.05",
    "choice": "none: the weights after the last epoch",
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: python scripts/train_bundled.py"
    )
    parser.add_argument("--data", default="mnist", help="mnist, or a folder with its four files")
    parser.add_argument(
        "--output", type=pathlib.Path, default=pathlib.Path("tinycnn/pretrained/mnist.h5")
    )
    return parser.parse_args()


def compact_net() -> tinycnn.Sequential:
    """Return a net of 126,666 weights: half a megabyte."""
    from tinycnn.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D

    return tinycnn.Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(16, 3, activation="relu", kernel_initializer="he_normal"),
            Conv2D(32, 3, activation="relu", kernel_initializer="he_normal"),
            MaxPooling2D(2),
            Dropout(0.25),
            Conv2D(64, 3, activation="relu", kernel_initializer="he_normal"),
            MaxPooling2D(2),
            Dropout(0.25),
            Flatten(),
            Dense(64, activation="relu", kernel_initializer="he_normal"),
            Dropout(0.5),
            Dense(10, activation="softmax"),
        ]
    )


def main() -> None:
    """Load MNIST, train by the recipe, test once, and write the net and its record."""
    options = arguments()
    saving.check_target(options.output)
    digits = tinycnn.datasets.load(options.data)
    if digits.name != "mnist":
        sys.exit(f"error: the bundled net is trained on MNIST itself, not on {digits.name!r}")
    x_train, x_test = (x[..., None] / np.float32(255) for x in (digits.x_train, digits.x_test))
    y_train, y_test = (tinycnn.utils.to_categorical(y, 10) for y in (digits.y_train, digits.y_test))

    tinycnn.utils.set_random_seed(RECIPE["seed"])
    model = compact_net()
    optimizer = tinycnn.optimizers.Adam(0.002)
    loss = tinycnn.losses.CategoricalCrossentropy(label_smoothing=0.05)
    model.compile(optimizer, loss, metrics=["accuracy"])

    steps = RECIPE["epochs"] * math.ceil(len(x_train) / RECIPE["batch_size"])

    def follow_cosine(batch: int, logs: dict | None) -> None:
        optimizer.learning_rate = 0.001 * (1 + math.cos(math.pi * optimizer.iterations / steps))

    schedule = tinycnn.callbacks.LambdaCallback(on_train_batch_begin=follow_cosine)
    size, epochs = RECIPE["batch_size"], RECIPE["epochs"]
    model.fit(x_train, y_train, batch_size=size, epochs=epochs, callbacks=[schedule])

    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    model.save(options.output, include_optimizer=False)
    record = {
        "command": "python scripts/train_bundled.py",
        "recipe": RECIPE,
        "test_accuracy": round(accuracy, 4),
        "sha256": hashlib.sha256(options.output.read_bytes()).hexdigest(),
        "trained_with": f"tinycnn {tinycnn.__version__}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}",
    }
    options.output.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"test accuracy {accuracy:.2%}; wrote {options.output} and its record")


if __name__ == "__main__":
    run(main)
