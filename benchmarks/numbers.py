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
from gui.drawing.number import digits_of
from gui.recognition.recogniser import prepare
from tinycnn.preprocessing.drawn import drawn_digit

PITCH = 1.0, 1.5  # from digit to digit, and from row to row, of a digit's height
PEN = 0.03  # of the canvas: for the eye alone


def drawn_number(rng):
    """Return a number of 2 to 6 digits as the window gets it: its digits, and strokes on the canvas."""
    length = int(rng.integers(2, 7))
    needed = np.array([length * PITCH[0], PITCH[1]])
    row = row_of(length, 0, needed, PITCH, rng, by_generator, touching=False)
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
    """Print how many of `count` drawn numbers are told apart and read whole.

    Args:
        classify: see `tinycnn.pretrained.reading.read_rows`.
        count, seed: of the numbers.
    """
    rng = np.random.default_rng(seed)
    apart, whole = 0, 0
    for _ in range(count):
        digits, items = drawn_number(rng)
        found = digits_of(items)
        apart += len(found) == len(digits)
        answers = classify(np.stack([prepare(one) for one in found])).argmax(axis=1)
        whole += answers.tolist() == digits
    print(f"{apart / count:8.2%} of {count:,} drawn numbers: as many digits as were drawn")
    print(f"{whole / count:8.2%} of {count:,} drawn numbers: every digit read\n")


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
