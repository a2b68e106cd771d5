"""Train the net that the package contains (tinycnn/pretrained/mnist.h5), by a fixed recipe.

Each epoch uses new random variations of all digits, so that the net also reads what people draw.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import hashlib
import json
import math
import pathlib
import platform
import sys
from typing import Any

import numpy as np

import tinycnn
from tinycnn import saving
from tinycnn.preprocessing.augmentation import augment
from tinycnn.pretrained.nets import compact_net
from tinycnn.utils import atomic
from tinycnn.utils.cli import Parser, run, say

# How the net is trained; also written to its record. Texts are carried out by `train`.
RECIPE: dict[str, Any] = {
    "data": "all 60,000 training digits of MNIST, deformed and drawn over anew in every epoch by "
    "tinycnn.augmentation.augment",
    "seed": 0,
    "epochs": 18,
    "strength": "1 in the first 12 epochs, then 0.5",
    "batch_size": 128,
    "optimizer": "Adam, learning rate 0.002, cosine to 0 over all epochs",
    "loss": "categorical cross-entropy, label smoothing 0.05",
    "choice": "none: the weights after the last epoch; the test digits are read once, after it",
}
STRONG_EPOCHS, MILD = 12, 0.5  # epochs with augmentation at strength 1, and the strength after them
LEARNING_RATE, SMOOTHING = 0.002, 0.05


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = Parser(description=__doc__, epilog="example: python scripts/train_bundled.py")
    parser.add_argument("--data", default="mnist", help="mnist, or a folder with its four files")
    parser.add_argument(
        "--output", type=pathlib.Path, default=pathlib.Path("tinycnn/pretrained/mnist.h5")
    )
    return parser.parse_args()


def train(x: np.ndarray, y: np.ndarray) -> tinycnn.Sequential:
    """Return the compact net after training by `RECIPE`; print loss and accuracy of each epoch.

    Args:
        x: images, uint8 (n, 28, 28).
        y: digits, (n,).
    """
    tinycnn.utils.set_random_seed(RECIPE["seed"])
    rng = np.random.default_rng(RECIPE["seed"])
    model = compact_net()
    optimizer = tinycnn.optimizers.Adam(LEARNING_RATE)
    smoothed = tinycnn.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING)
    model.compile(optimizer, smoothed, metrics=["accuracy"])
    size, epochs = RECIPE["batch_size"], RECIPE["epochs"]
    steps = epochs * math.ceil(len(x) / size)

    def follow_cosine(batch: int, logs: dict | None) -> None:
        # Before each batch: the learning rate falls from its start to 0 along half a cosine wave.
        share_done = optimizer.iterations / steps
        optimizer.learning_rate = LEARNING_RATE * (1 + math.cos(math.pi * share_done)) / 2

    schedule = tinycnn.callbacks.LambdaCallback(on_train_batch_begin=follow_cosine)
    targets = tinycnn.utils.to_categorical(y, 10)
    for epoch in range(epochs):  # one call of fit for each, because each has images of its own
        new = augment(x, y, rng, strength=1.0 if epoch < STRONG_EPOCHS else MILD)[..., None]
        history = model.fit(
            new, targets, size, epoch + 1, verbose=0, callbacks=[schedule], initial_epoch=epoch
        ).history
        loss, accuracy = history["loss"][0], history["accuracy"][0]
        print(f"epoch {epoch + 1}/{epochs}: loss {loss:.4f}, accuracy {accuracy:.2%}", flush=True)
    return model


def main() -> None:
    """Run the script: load MNIST, train, test once, write the net and a record of how it was made."""
    options = arguments()
    saving.check_target(options.output)
    record_file = options.output.with_suffix(".json")
    atomic.check(record_file)
    digits = tinycnn.datasets.load(options.data)
    if digits.name != "mnist":
        sys.exit(f"error: the bundled net is trained on MNIST itself, not on {digits.name!r}")
    model = train(digits.x_train, digits.y_train)

    x_test = digits.x_test[..., None] / np.float32(255)
    y_test = tinycnn.utils.to_categorical(digits.y_test, 10)
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    written = pathlib.Path(
        atomic.save_somewhere(
            lambda name: model.save(name, include_optimizer=False), options.output
        )
    )
    record = {
        "command": "python scripts/train_bundled.py",
        "recipe": RECIPE,
        "test_accuracy": round(accuracy, 4),
        "sha256": hashlib.sha256(written.read_bytes()).hexdigest(),
        "trained_with": f"tinycnn {tinycnn.__version__}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}",
    }
    with atomic.replacing(record_file) as file:
        file.write((json.dumps(record, indent=2) + "\n").encode())
    say(f"test accuracy {accuracy:.2%}; wrote {written} and its record")


if __name__ == "__main__":
    run(main)
