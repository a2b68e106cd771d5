"""Train the net that the package contains (tinycnn/pretrained/mnist.h5), by a fixed recipe.

It learns digits of MNIST that are varied anew in every epoch, digits drawn by a generator, and what is no
digit, so that it also reads what people draw, and says where nothing is to be read.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import hashlib
import json
import pathlib
import platform
import sys
from typing import Any

import numpy as np

import tinycnn
from tinycnn import saving
from tinycnn.optimizers.schedules import CosineDecay
from tinycnn.pretrained import calibration
from tinycnn.pretrained.drawing_batches import DrawingBatches
from tinycnn.pretrained.folding import folded_weights
from tinycnn.pretrained.nets import compact_net, compact_net_to_train
from tinycnn.utils import atomic
from tinycnn.utils.cli import Parser, run, say

# How the net is trained; also written to its record. Texts are carried out by `train`.
RECIPE: dict[str, Any] = {
    "data": "all 60,000 training digits of MNIST, varied anew in every epoch; beside them, of each batch: "
    "23 % loosely drawn digits, 5 % digits of MNIST made thicker, 17 % what is no digit, as likely each of "
    "the ten: tinycnn.pretrained.drawing_batches",
    "net": "the compact net, with batch normalization while it learns, which is then folded into its weights",
    "seed": 0,
    "epochs": 20,
    "batch_size": 128,
    "optimizer": "Adam, learning rate 0.002, cosine to 0 over all epochs",
    "loss": "categorical cross-entropy, label smoothing 0.05",
    "calibration": "the scores divided by the temperature at which cross-entropy is least on the digits of "
    "100 batches of one more epoch",
    "choice": "none: the weights after the last epoch; the test digits are read once, after it",
}
LEARNING_RATE, SMOOTHING, CALIBRATION_BATCHES = 0.002, 0.05, 100


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = Parser(description=__doc__, epilog="example: python scripts/train_bundled.py")
    parser.add_argument("--data", default="mnist", help="mnist, or a folder with its four files")
    parser.add_argument(
        "--output", type=pathlib.Path, default=pathlib.Path("tinycnn/pretrained/mnist.h5")
    )
    return parser.parse_args()


def train(x: np.ndarray, y: np.ndarray) -> tinycnn.Sequential:
    """Return the compact net after training by `RECIPE`; show how it goes.

    Args:
        x: images, uint8 (n, 28, 28).
        y: digits, (n,).
    """
    tinycnn.utils.set_random_seed(RECIPE["seed"])
    learner, epochs = compact_net_to_train(), RECIPE["epochs"]
    batches = DrawingBatches(x, y, RECIPE["batch_size"], epochs)
    rate = CosineDecay(LEARNING_RATE, epochs * len(batches))
    smoothed = tinycnn.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING)
    learner.compile(tinycnn.optimizers.Adam(rate), smoothed)
    learner.fit(batches, epochs=epochs)
    model = compact_net()
    model.set_weights(folded_weights(learner))
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    calibrate(model, batches)
    return model


def calibrate(model: tinycnn.Sequential, batches: DrawingBatches) -> None:
    """Scale the model's scores, so that it says how often it is right about digits it has not seen yet."""
    batches.on_epoch_begin()
    shown = [batches[i] for i in range(min(CALIBRATION_BATCHES, len(batches)))]
    x, targets = (np.concatenate(arrays) for arrays in zip(*shown, strict=True))
    digits = targets.max(axis=1) == 1  # not 1/10 each, as of what is no digit
    found = calibration.temperature(
        model.predict(x[digits], verbose=0), targets[digits].argmax(axis=1)
    )
    calibration.scale(model, found)
    print(f"temperature {found:.3f}", flush=True)


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
