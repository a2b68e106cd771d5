"""Test a model on digits it has never seen: loss, accuracy, confusion matrix, worst mistakes."""

from __future__ import annotations

try:
    from tinycnn.utils.start import end_on_interrupt
except ModuleNotFoundError:
    raise SystemExit(
        "error: this Python lacks tinycnn. In the project's folder: python -m pip install -e ."
    ) from None
if __name__ == "__main__":  # before anything else is imported
    end_on_interrupt()

import argparse
import sys
from typing import TYPE_CHECKING

from tinycnn.utils.cli import Parser, add_model, file_name, run, say

if TYPE_CHECKING:  # imported in the functions, after `run` has installed its handlers of signals
    import numpy as np

EXAMPLES = """examples:
  tinycnn evaluate                               mnist.h5, or else the bundled model
  tinycnn evaluate --model my.h5 --data sample   2,000 test digits that came along, offline
"""
MOST_MISTAKES = 40  # in the picture of mistakes


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line.

    Args:
        argv: the words after the script's name; None: those that Python was started with.
    """
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    add_model(parser)
    parser.add_argument(
        "--data",
        default="auto",
        help="auto (MNIST, or the sample offline), mnist, sample, or a folder",
    )
    parser.add_argument(
        "--mistakes", type=file_name, default="mistakes.png", help="default: mistakes.png"
    )
    return parser.parse_args(argv)


def losses_of(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of every digit, (n,).

    Args:
        probabilities: (n, 10).
        labels: the true digits, (n,).
    """
    import numpy as np

    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    # A probability of 0 stands for one too small for float32.
    return -np.log(np.maximum(of_label, np.finfo(np.float32).tiny))


def table(counts: np.ndarray) -> str:
    """Return a confusion matrix as text, with the count and the recall of each digit.

    Args:
        counts: int (10, 10): a row for each true digit, a column for each predicted one.
    """
    heads = "".join(f"{digit:6}" for digit in range(10))
    lines = ["true \\ taken for", f"      {heads}   total  recall"]
    for digit, row in enumerate(counts):
        cells = "".join(f"{count or '.':>6}" for count in row)
        total = row.sum()
        recall = f"{row[digit] / total:7.2%}" if total else "-"
        lines.append(f"{digit:6}{cells}{total:8}{recall:>8}")
    return "\n".join(lines)


def write_mistakes(
    path: str, images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray
) -> None:
    """Write a picture of the wrongly recognised digits, those with the largest loss first.

    Args:
        path: of the picture file.
        images: uint8 (n, 28, 28).
        labels: the true digits, (n,).
        probabilities: (n, 10).
    """
    import numpy as np

    from tinycnn.utils import plots

    taken_for = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(taken_for != labels)
    if not len(wrong):
        say(f"no mistakes at all: {path} is not written")
        return
    order = np.argsort(-losses_of(probabilities[wrong], labels[wrong]), kind="stable")
    worst = wrong[order][:MOST_MISTAKES]
    captions = [f"{labels[i]} -> {taken_for[i]}  {probabilities[i].max():.1%}" for i in worst]
    plots.save_picture(plots.contact_sheet(images[worst], captions), path)
    say(f"wrote {path}: the worst {len(worst)} of {len(wrong)} mistakes, true -> taken for")


def main(argv: list[str] | None = None) -> None:
    """Run the script: load model and digits, predict, print the results, write the mistakes."""
    options = arguments(argv)
    import numpy as np

    from tinycnn import datasets
    from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model, probabilities
    from tinycnn.utils import plots

    plots.check_picture(options.mistakes)  # a bad name is noticed before the work, not after it
    model, name = load_digit_model(options.model, options.force, compile=False)
    say(f"model: {name}")
    digit_input, note = digit_input_of(model, name, options.scale)
    if note:
        say(note)
    digits = datasets.load(options.data)
    if digits.note:
        print(digits.note, file=sys.stderr)

    x = digit_input.prepare(digits.x_test)  # (n, 28, 28, 1), or as the model wants it
    labels = digits.y_test.astype(np.int64)
    shares = probabilities(model, name, x)  # (n, 10)
    loss = losses_of(shares, labels).mean()
    accuracy = np.mean(shares.argmax(axis=1) == labels)
    say(f"test loss {loss:.4f}, test accuracy {accuracy:.2%} ({digits.name}, {len(x):,} digits)")
    print("\n" + table(plots.confusion_matrix(labels, shares.argmax(axis=1))) + "\n")
    write_mistakes(options.mistakes, digits.x_test, labels, shares)


if __name__ == "__main__":
    run(main)
