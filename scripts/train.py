"""Train the classic convolutional net on handwritten digits and keep it as mnist.h5."""

try:
    from tinycnn.utils.start import end_on_interrupt
except ModuleNotFoundError:
    raise SystemExit(
        "error: this Python lacks tinycnn. In the project's folder: python -m pip install -e ."
    ) from None
if __name__ == "__main__":  # before anything else is imported
    end_on_interrupt()

import argparse
import pathlib
import sys
from typing import Any

from tinycnn.utils.cli import Parser, file_name, run, say, whole_number

EXAMPLES = """examples:
  python scripts/train.py                           MNIST (downloaded once), 6 epochs
  python scripts/train.py --data sample --epochs 3  the 12,000 digits that came along, offline
  python scripts/train.py --data my-folder          four MNIST files of your own
"""


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "--data",
        default="auto",
        help="auto (MNIST, or the sample offline), mnist, sample, or a folder",
    )
    parser.add_argument("--epochs", type=whole_number(), default=6, help="default: 6")
    parser.add_argument("--batch-size", type=whole_number(), default=128, help="default: 128")
    parser.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=0, help="same seed, same net; default: 0"
    )
    parser.add_argument("--threads", type=whole_number(1, 1024), help="default: one for each CPU")
    parser.add_argument("--output", type=file_name, default="mnist.h5", help="default: mnist.h5")
    return parser.parse_args()


def compiled_net() -> Any:
    """Return the net of Keras's old MNIST example, compiled: two convolutions and two dense layers."""
    from tinycnn.pretrained.nets import classic_net

    model = classic_net()
    model.compile("adadelta", "categorical_crossentropy", metrics=["accuracy"])
    return model


def draw_curves(history: dict[str, list[float]], path: str) -> bool:
    """Write a picture of loss and accuracy by epoch; return False if the file could not be written.

    Without matplotlib no picture is written, which is no failure.

    Args:
        history: {name: [one number an epoch]}.
        path: of the picture file.
    """
    from tinycnn.utils import plots
    from tinycnn.utils.errors import PictureError

    try:
        plots.write_curves(history, path)
    except ImportError as error:
        print(f"no picture of the curves: {error}")
    except PictureError as error:
        say(f"error: no picture of the curves: {error}", sys.stderr)
        return False
    else:
        say(f"wrote {path}")
    return True


def main() -> int:
    """Run the script: load digits, train the net, save it with its history, and test it."""
    options = arguments()
    import numpy as np  # imported here, after `run` has installed its handlers of signals

    from tinycnn import datasets, ops, saving, utils
    from tinycnn.callbacks import CSVLogger, ModelCheckpoint
    from tinycnn.utils import atomic

    output = pathlib.Path(options.output)
    # Braces are doubled, because ModelCheckpoint takes its filepath for a format string.
    checkpoint = ModelCheckpoint(str(output).replace("{", "{{").replace("}", "}}"))
    beside = output.with_suffix("")  # mnist.h5 -> mnist-history.csv, mnist-curves.png
    history_file, curves_file = f"{beside}-history.csv", f"{beside}-curves.png"
    saving.check_target(output)  # a bad name is noticed before the work, not after it
    atomic.check(history_file)
    atomic.check(curves_file)
    if output.exists():
        say(f"{output} is there and will be replaced after the first epoch")
    utils.set_random_seed(options.seed)
    if options.threads:
        ops.set_num_threads(options.threads)

    digits = datasets.load(options.data)
    if digits.note:
        print(digits.note, file=sys.stderr)
    x_train, x_test = (x[..., None] / np.float32(255) for x in (digits.x_train, digits.x_test))
    y_train, y_test = (utils.to_categorical(y, 10) for y in (digits.y_train, digits.y_test))
    say(f"data: {digits.name}, {len(x_train):,} training and {len(x_test):,} test digits")

    model = compiled_net()
    model.summary()
    logger = CSVLogger(history_file)
    history = model.fit(
        x_train,
        y_train,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_data=(x_test, y_test),
        callbacks=[checkpoint, logger],
    )
    say(f"wrote {checkpoint.written} and {logger.table.path}")
    if checkpoint.written != str(output):  # another program wrote `output`: its curves stay, too
        curves_file = f"{pathlib.Path(checkpoint.written).with_suffix('')}-curves.png"
    failed = not draw_curves(history.history, curves_file)

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    say(
        f"test loss {loss:.4f}, test accuracy {accuracy:.2%} ({digits.name}, {len(x_test):,} digits)"
    )
    return int(failed)


if __name__ == "__main__":
    run(main)
