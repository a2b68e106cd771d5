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

from tinycnn.utils.cli import Parser, file_name, run, say

if TYPE_CHECKING:  # read in the functions, when `run` has begun to tidy up after signals
    import numpy as np

EXAMPLES = """examples:
  python scripts/evaluate.py                               mnist.h5, or else the bundled model
  python scripts/evaluate.py --model my.h5 --data sample   2,000 test digits that came along, offline
"""
MOST_MISTAKES = 40  # on the contact sheet


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "--model",
        type=file_name,
        help="model file; default: mnist.h5, or else the bundled model",
    )
    parser.add_argument(
        "--data",
        default="auto",
        help="auto (MNIST, or the sample offline), mnist, sample, or a folder",
    )
    parser.add_argument(
        "--mistakes", type=file_name, default="mistakes.png", help="default: mistakes.png"
    )
    parser.add_argument(
        "--force", action="store_true", help="run a model even if it takes very long or much memory"
    )
    return parser.parse_args(argv)


def losses_of(shares: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of every digit, (n,), from probabilities (n, 10) and labels (n,)."""
    import numpy as np

    right = shares[np.arange(len(labels)), labels].astype(np.float64)
    return -np.log(np.maximum(right, np.finfo(np.float32).tiny))  # a probability of 0 underflowed


def table(counts: np.ndarray) -> str:
    """Return the confusion matrix (10, 10) as text, with each digit's number and recall."""
    heads = "".join(f"{digit:6}" for digit in range(10))
    lines = ["true \\ taken for", f"      {heads}   total  recall"]
    for digit, row in enumerate(counts):
        cells = "".join(f"{count or '.':>6}" for count in row)
        total = row.sum()
        recall = f"{row[digit] / total:7.2%}" if total else "-"
        lines.append(f"{digit:6}{cells}{total:8}{recall:>8}")
    return "\n".join(lines)


def write_mistakes(path: str, images: np.ndarray, labels: np.ndarray, shares: np.ndarray) -> None:
    """Write the contact sheet: the digits taken for another, the largest loss first."""
    import numpy as np

    from tinycnn.utils import plots

    taken_for = shares.argmax(axis=1)
    wrong = np.flatnonzero(taken_for != labels)
    if not len(wrong):
        say(f"no mistakes at all: {path} is not written")
        return
    order = np.argsort(-losses_of(shares[wrong], labels[wrong]), kind="stable")
    worst = wrong[order][:MOST_MISTAKES]
    captions = [f"{labels[i]} -> {taken_for[i]}  {shares[i].max():.1%}" for i in worst]
    plots.save_picture(plots.contact_sheet(images[worst], captions), path)
    say(f"wrote {path}: the worst {len(worst)} of {len(wrong)} mistakes, true -> taken for")


def main(argv: list[str] | None = None) -> None:
    """Load model and digits, predict, count, and show what went wrong."""
    options = arguments(argv)
    import numpy as np

    from tinycnn import datasets
    from tinycnn.pretrained.digit_model import load_digit_model, probabilities
    from tinycnn.utils import plots

    plots.check_picture(options.mistakes)  # a bad name is noticed before the work, not after it
    model, name = load_digit_model(options.model, options.force)
    say(f"model: {name}")
    digits = datasets.load(options.data)
    if digits.note:
        print(digits.note, file=sys.stderr)

    x = digits.x_test[..., None] / np.float32(255)  # (n, 28, 28, 1)
    labels = digits.y_test.astype(np.int64)
    shares = probabilities(model, name, x)  # (n, 10)
    loss = losses_of(shares, labels).mean()
    accuracy = np.mean(shares.argmax(axis=1) == labels)
    say(f"test loss {loss:.4f}, test accuracy {accuracy:.2%} ({digits.name}, {len(x):,} digits)")
    print("\n" + table(plots.confusion_matrix(labels, shares.argmax(axis=1))) + "\n")
    write_mistakes(options.mistakes, digits.x_test, labels, shares)


if __name__ == "__main__":
    run(main)
