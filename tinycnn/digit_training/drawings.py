"""`tinycnn train --augment`: batches of digits, drawings, and what is no digit."""

import argparse

import numpy as np

from tinycnn import pretrained
from tinycnn.datasets import Digits
from tinycnn.digit_training.results import DIGITS
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.pretrained.drawing_batches import DrawingBatches, counts
from tinycnn.utils.cli import say

TRIED = 300  # images of others, evenly spaced
LEAST = 0.5  # of them the bundled net must read as labelled: any hand's digits, but no clothes
SMALLEST = 4  # samples in a batch: of fewer none would be drawn, or none no digit


def drawing_batches(
    options: argparse.Namespace, digits: Digits, wanted: DigitInput
) -> DrawingBatches:
    """Return the batches that a model learns drawings from, and say what is in them.

    Args:
        options: of the command line.
        digits: those that are varied.
        wanted: how the model wants its digits.

    Raises:
        ValueError: if the batches are too small, the data are no digits, or one of them is blank.
    """
    if options.batch_size < SMALLEST:
        raise ValueError(
            f"with --augment each step learns digits, drawings and what is no digit: "
            f"--batch-size must be {SMALLEST} or more. Received: {options.batch_size}"
        )
    check_digits(digits)
    # No more than there are digits, as without drawings: those would be drawn for hours.
    size = min(options.batch_size, max(len(digits.x_train), SMALLEST))
    thickened, drawn, drawn_thick, others, others_thick = counts(size)
    no_digits = others + others_thick
    say(
        f"augmented: of {size} samples a step {drawn + drawn_thick} are drawn digits, {thickened} thickened "
        f"ones, and {no_digits} no digits, which no answer is right for: accuracy counts them as wrong"
    )
    return DrawingBatches(digits.x_train, digits.y_train, size, options.epochs, wanted)


def check_digits(digits: Digits) -> None:
    """Raise ValueError unless all training images show something, and what they show are digits."""
    x, y, name = digits.x_train, digits.y_train, digits.name
    blank = np.flatnonzero(~x.any(axis=(1, 2)))
    if len(blank):
        raise ValueError(
            f"--augment varies digits, but training image {blank[0]:,} of {name}, from 0, is blank. "
            "Take it out of the file, or leave out --augment."
        )
    if name in DIGITS:
        return
    tried = np.linspace(0, len(x) - 1, min(TRIED, len(x))).astype(int)
    shown = DigitInput().prepare(x[tried])
    right = np.mean(pretrained.load().predict(shown, verbose=0).argmax(axis=1) == y[tried])
    if right < LEAST:
        raise ValueError(
            f"--augment is for handwritten digits, and {name} seems to hold something else: the bundled "
            f"net reads {right:.0%} of {len(tried)} training images as they are labelled. "
            "Leave out --augment."
        )
