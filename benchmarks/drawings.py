"""A model's accuracy on drawn and on deformed digits: `python -m benchmarks.drawings`.

Drawings come from two generators. The simulated ones are variations of the strokes in
`tests/support/drawn_digits.py`, which no net is trained on. Those of `tinycnn.preprocessing.drawn` are for
training; a net that learnt them is judged by the first alone. Reported are styles, digits, how sure the
model can be, what is no digit, thick pens, MNIST's test images after Pillow has turned, slanted, thickened or
thinned them, drawn numbers, rendered pages, and rendered photos of every kind. With --samples a page of
drawings is written instead.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import collections
import sys
from typing import NamedTuple

import numpy as np

from benchmarks.calibration import calibration, sure_digits
from benchmarks.deformations import DEFORMATIONS, deformed, thickened
from benchmarks.numbers import report_numbers, report_pages
from benchmarks.photos import report_photos
from benchmarks.sample_page import sample_page
from gui.recognition.top_guesses import SURE
from tinycnn import datasets, preprocessing, pretrained
from tinycnn.models import Sequential
from tinycnn.preprocessing.drawn import drawn_digits, drawn_others
from tinycnn.preprocessing.drawn.others import SHAPES
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model, probabilities
from tinycnn.utils.cli import file_name, number, run, say, whole_number
from tinycnn.utils.plots import check_picture, save_picture

THRESHOLD = SURE  # below it the window calls an answer not sure
PENS = {"a fifth": 1 / 5, "a third": 1 / 3}  # of a digit's longer side


class ModelOfFile(NamedTuple):
    """A model of a file, which is asked as the bundled one is, whatever shape and range its input has."""

    model: Sequential
    name: str
    digit_input: DigitInput

    def predict(self, x, verbose):
        """Return the probabilities (n, 10) of images (n, 28, 28, 1), 0 to 1."""
        images = np.rint(255 * x[..., 0]).astype(np.uint8)
        return probabilities(self.model, self.name, self.digit_input.prepare(images))


def model_of(path):
    """Return the model of a file; the bundled one for None. How it wants its digits is said if unusual."""
    if path is None:
        return pretrained.load()
    model, name = load_digit_model(path, compile=False)
    digit_input, note = digit_input_of(model, name)
    if note:
        say(note)
    return ModelOfFile(model, name, digit_input)


def drawings(count, seed):
    """Return `count` simulated drawings: images uint8 (n, 28, 28), digits (n,), and "digit style" (n,)."""
    from tests.support.drawn_digits import drawn

    rng = np.random.default_rng(seed)
    made = [drawn(rng) for _ in range(count)]  # (digit, style, strokes)
    images = np.array([preprocessing.strokes_to_mnist(strokes) for _, _, strokes in made])
    styles = np.array([f"{digit} {style}" for digit, style, _ in made])
    return images, np.array([digit for digit, _, _ in made]), styles


def predicted(model, images):
    """Return the probabilities that a model gives images uint8 (n, 28, 28): (n, 10), or (n, 11)."""
    return model.predict(images[..., None] / np.float32(255), verbose=0)


def read(model, images):
    """Return the digits that the model predicts for images uint8 (n, 28, 28): (n,)."""
    return predicted(model, images).argmax(axis=1)


def report_groups(groups, answers, digits):
    """Print the accuracy of each group of drawings, the worst first, with the mistakes.

    Args:
        groups: str (n,), what each drawing belongs to.
        answers, digits: (n,), what was read and what was drawn.
    """
    shares = {group: np.mean((answers == digits)[groups == group]) for group in np.unique(groups)}
    for group in sorted(shares, key=shares.get):
        within = groups == group
        wrong = collections.Counter(answers[within & (answers != digits)].tolist())
        mistakes = ", ".join(f"{count} as {answer}" for answer, count in wrong.most_common())
        print(f"{shares[group]:8.2%} of {within.sum():4d}  {group:24s} {mistakes}")


def report_drawings(model, drawn, name):
    """Print the accuracy on (images, digits, styles) for each style, for each digit, and in all."""
    images, digits, styles = drawn
    answers = read(model, images)
    report_groups(styles, answers, digits)
    print()
    report_groups(digits.astype(str), answers, digits)
    print(f"\n{np.mean(answers == digits):8.2%} of {len(digits):,} {name}\n")


def report_calibration(model, sets, threshold):
    """Print how sure the model is of {name: (images, digits)}, and how sure it can be."""
    print("   right  confident  calibration error  unsure  right of the sure ones")
    for name, (images, digits) in sets.items():
        found = calibration(predicted(model, images), digits, threshold)
        print(
            f"{found.right:8.2%}{found.confident:11.2%}{found.error:19.2%}{found.unsure:8.2%}"
            f"{found.sure_right:24.2%}  {name}"
        )
    print(f"(sure: {threshold:g} and more)\n")


def report_others(model, count, seed, threshold):
    """Print how many of `count` drawings that are no digits are called a sure digit, by kind."""
    images, _, styles = drawn_others(np.random.default_rng(seed), count)
    sure = sure_digits(predicted(model, images), threshold)
    kinds = np.array([kind_of(style) for style in styles])
    for kind in np.unique(kinds):
        within = kinds == kind
        print(f"{sure[within].mean():8.2%} of {within.sum():4d}  {kind}: a sure digit")
    print(f"{sure.mean():8.2%} of {count:,} drawings that are no digits: a sure digit\n")


def kind_of(style):
    """Return "letters", "symbols" or the shape that a style of `drawn_others` is."""
    if style in SHAPES:
        return str(style)
    return "letters" if len(style.split()[0]) == 1 else "symbols"


def report_thick(model, digits, options):
    """Print the accuracy on MNIST's digits and on drawn ones by thick pens."""
    images, labels = digits.x_test[: options.digits], digits.y_test[: options.digits]
    for name, pen in PENS.items():
        right = read(model, thickened(images, pen)) == labels
        print(f"{right.mean():8.2%} {digits.name} test digits by a pen of {name}")
        rng = np.random.default_rng(options.seed)
        drawn, drawn_labels, _ = drawn_digits(rng, len(images), pen=(pen, pen))
        right = read(model, drawn) == drawn_labels
        print(f"{right.mean():8.2%} drawn digits by a pen of {name}")
    print()


def report_deformed(model, digits, count):
    """Print the accuracy on the first `count` test images after each of `DEFORMATIONS`."""
    for name, change in DEFORMATIONS.items():
        answers = read(model, deformed(digits.x_test[:count], change))
        print(f"{np.mean(answers == digits.y_test[:count]):8.2%} {digits.name} test digits, {name}")
    print()


def report_pictures(model, digits, options):
    """Print how numbers, pages and photos are read, as the window and `predict` read them."""

    def classify(images):
        return predicted(model, images)

    report_numbers(classify, options.numbers, options.seed)
    report_pages(classify, options.pages, options.seed)
    report_photos(classify, digits, options.photos, options.seed)


def report(options):
    """Print all reports."""
    digits, model = datasets.load(options.data), model_of(options.model)
    if digits.note:
        print(digits.note, file=sys.stderr)
    drawn = drawn_digits(np.random.default_rng(options.seed), options.drawings)
    simulated = drawings(options.drawings, options.seed)
    report_drawings(model, drawn, f"drawn digits (seed {options.seed})")
    report_drawings(model, simulated, f"simulated drawings (seed {options.seed})")
    sets = {"drawn digits": drawn[:2], "simulated drawings": simulated[:2]}
    sets[f"{digits.name} test digits"] = digits.x_test, digits.y_test
    report_calibration(model, sets, options.threshold)
    report_others(model, options.drawings, options.seed, options.threshold)
    report_thick(model, digits, options)
    report_deformed(model, digits, options.digits)
    report_pictures(model, digits, options)


def main():
    """Run the command: report, or write a page of samples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=file_name, help="model file; default: the bundled model")
    parser.add_argument("--data", default="auto", help="as in scripts/train.py")
    parser.add_argument("--drawings", type=whole_number(), default=2000, help="default: 2000")
    parser.add_argument(
        "--seed", type=whole_number(0), default=2026, help="of the drawings; default: 2026"
    )
    parser.add_argument("--digits", type=whole_number(), default=2000, help="test digits to deform")
    parser.add_argument("--numbers", type=whole_number(), default=200, help="drawn; default: 200")
    parser.add_argument("--pages", type=whole_number(), default=44, help="rendered; default: 44")
    parser.add_argument("--photos", type=whole_number(), default=20, help="of a kind; default: 20")
    parser.add_argument(
        "--threshold",
        type=number(0, 1),
        default=THRESHOLD,
        help=f"of a sure answer; default: {THRESHOLD}",
    )
    parser.add_argument(
        "--samples", type=file_name, metavar="FILE", help="write a page of samples, and end"
    )
    options = parser.parse_args()
    if options.samples is None:
        report(options)
    else:
        check_picture(options.samples)  # before the work
        save_picture(sample_page(options.seed), options.samples)
        say(f"wrote {options.samples}")


if __name__ == "__main__":
    run(main)
