"""How many drawn numbers are read as the window gets them, and how many digits of rendered pages."""

import collections
import os
import tempfile
from array import array

import numpy as np

from benchmarks.pages.__main__ import COUNTED, outcome
from benchmarks.pages.hand import drawn_with_a_mouse
from benchmarks.pages.page import pages, row_of
from gui.drawing.drawing import Stroke
from gui.recognition.writing import read_number
from tinycnn.preprocessing.drawn import drawn_digit

PITCH = 1.0, 1.5  # from digit to digit, and from row to row, of a digit's height
PEN = 0.03  # of the canvas: for the eye alone
SLANT = 0.2, 0.6  # columns for a row, by which a slanting number leans to the right

# How numbers are written: what `drawn_number` is told.
KINDS = {
    "upright": {},
    "slanting": {"slanting": True},
    "slanting, and touching": {"slanting": True, "touching": True},
}


def drawn_number(rng, *, slanting=False, touching=False):
    """Return a number of 2 to 6 digits as the window gets it: its digits, and strokes on the canvas.

    Args:
        rng: random numbers; the same state gives the same number.
        slanting: whether all of it leans to the right, so that frames of digits overlap.
        touching: whether two of five digits touch the one before, or nearly.
    """
    length = int(rng.integers(2, 7))
    needed = np.array([length * PITCH[0], PITCH[1]])
    row = row_of(length, 0, needed, PITCH, rng, by_generator, touching=touching)
    lean = np.array([[1, 0], [-rng.uniform(*SLANT) if slanting else 0, 1]])
    row = [(digit, [stroke @ lean for stroke in strokes]) for digit, strokes in row]
    points = np.concatenate([stroke for _, strokes in row for stroke in strokes])
    low, side = points.min(axis=0), 1.1 * np.ptp(points, axis=0).max()
    items = [
        Stroke(array("d", ((stroke - low) / side + 0.05).ravel().tolist()), PEN)
        for _, strokes in row
        for stroke in strokes
    ]
    return [digit for digit, _ in row], tuple(items)


def by_generator(rng, digit):
    """Return strokes of a digit by `tinycnn.preprocessing.drawn`."""
    return drawn_digit(rng, digit)[2]


def report_numbers(classify, count, seed):
    """Print how many of `count` drawn numbers of every kind are told apart and read whole.

    Args:
        classify: see `tinycnn.pretrained.reading.read_rows`.
        count, seed: of the numbers.
    """
    for kind, how in KINDS.items():
        rng = np.random.default_rng(seed)
        apart, whole = 0, 0
        for _ in range(count):
            digits, items = drawn_number(rng, **how)
            found = read_number(items, classify)
            apart += len(found) == len(digits)
            answers = classify(np.stack([one.image for one in found])).argmax(axis=1)
            whole += answers.tolist() == digits
        print(f"{apart / count:8.2%} of {count:,} drawn numbers, {kind}: as many digits as drawn")
        print(f"{whole / count:8.2%} of {count:,} drawn numbers, {kind}: every digit read")
    print()


def report_pages(classify, count, seed):
    """Print what became of the digits on rendered pages: see `benchmarks.pages`, which says it by kind.

    Args:
        classify: see `tinycnn.pretrained.reading.read_rows`.
        count, seed: of the pages.
    """
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for page in pages(count, seed, drawn_with_a_mouse):
            counts += outcome(page, classify, os.path.join(folder, "page.jpg"))
    for name in COUNTED:
        print(
            f"{counts[name] / counts['digits']:8.2%} of {counts['digits']:,} on {count} pages: {name}"
        )
    print()
