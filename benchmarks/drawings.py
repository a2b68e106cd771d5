"""A model's accuracy on drawn and on deformed digits: `python -m benchmarks.drawings`.

The drawings are variations of the strokes in `tests/support/drawn_digits.py`, which no net is trained on. The
deformed digits are MNIST's test images after Pillow has turned, slanted, thickened or thinned them.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import collections

import numpy as np
from PIL import Image, ImageFilter

from tinycnn import datasets, preprocessing, pretrained
from tinycnn.pretrained.digit_model import load_digit_model
from tinycnn.utils.cli import run, whole_number

ENLARGED = 112  # 4 times 28: there a filter of 3 or 5 changes a line by a fraction of a pixel


def drawings(count, seed):
    """Return `count` random drawings: images uint8 (n, 28, 28), digits (n,), and a list of "digit style"."""
    from tests.support.drawn_digits import drawn

    rng = np.random.default_rng(seed)
    made = [drawn(rng) for _ in range(count)]  # (digit, style, strokes)
    images = np.array([preprocessing.strokes_to_mnist(strokes) for _, _, strokes in made])
    return images, np.array([d for d, _, _ in made]), [f"{d} {style}" for d, style, _ in made]


def rotated(picture, degrees):
    """Return a Pillow image rotated counter-clockwise."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC)


def slanted(picture, slant):
    """Return a Pillow image sheared sideways, its top to the right for a slant (a tangent) above 0."""
    middle = ENLARGED / 2
    coefficients = (1, slant, -slant * middle, 0, 1, 0)
    return picture.transform(
        picture.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
    )


DEFORMATIONS = {
    "as they are": lambda picture: picture,
    "turned 15 degrees left": lambda picture: rotated(picture, 15),
    "turned 15 degrees right": lambda picture: rotated(picture, -15),
    "slanted 0.3 right": lambda picture: slanted(picture, 0.3),
    "slanted 0.3 left": lambda picture: slanted(picture, -0.3),
    "1 pixel thicker": lambda picture: picture.filter(ImageFilter.MaxFilter(5)),
    "1/2 pixel thinner": lambda picture: picture.filter(ImageFilter.MinFilter(3)),
}


def deformed(images, change):
    """Return images uint8 (n, 28, 28) changed at four times their size, then prepared by `to_mnist`.

    Args:
        images: uint8 (n, 28, 28).
        change: function of a Pillow image that returns another: see `DEFORMATIONS`.
    """
    new = np.empty_like(images)
    for place, image in enumerate(images):
        large = Image.fromarray(image).resize((ENLARGED, ENLARGED), Image.Resampling.BICUBIC)
        new[place] = preprocessing.to_mnist(np.asarray(change(large)))
    return new


def read(model, images):
    """Return the digits that the model predicts for images uint8 (n, 28, 28): (n,)."""
    return model.predict(images[..., None] / np.float32(255), verbose=0).argmax(axis=1)


def report_drawings(model, count, seed):
    """Print the accuracy on `count` drawings for each style, the worst first, with the mistakes."""
    images, digits, styles = drawings(count, seed)
    answers = read(model, images)
    table = collections.defaultdict(list)
    for style, right, answer in zip(styles, answers == digits, answers.tolist(), strict=True):
        table[style].append((right, answer))
    shares = {style: np.mean([right for right, _ in rows]) for style, rows in table.items()}
    for style in sorted(shares, key=shares.get):
        wrong = collections.Counter(answer for right, answer in table[style] if not right)
        mistakes = ", ".join(f"{number} as {digit}" for digit, number in wrong.items())
        print(f"{shares[style]:8.2%} of {len(table[style]):3d}  {style:16s} {mistakes}")
    print(f"{np.mean(answers == digits):8.2%} of {count:,} drawings (seed {seed})")


def report_deformed(model, digits, count):
    """Print the accuracy on the first `count` test images after each of `DEFORMATIONS`."""
    for name, change in DEFORMATIONS.items():
        answers = read(model, deformed(digits.x_test[:count], change))
        print(f"{np.mean(answers == digits.y_test[:count]):8.2%} {digits.name} test digits, {name}")


def main():
    """Run the command: report on drawings, then on deformed digits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="model file; default: the bundled model")
    parser.add_argument("--data", default="auto", help="as in scripts/train.py")
    parser.add_argument("--drawings", type=whole_number(), default=2000, help="default: 2000")
    parser.add_argument("--seed", type=int, default=2026, help="of the drawings; default: 2026")
    parser.add_argument("--digits", type=whole_number(), default=2000, help="test digits to deform")
    options = parser.parse_args()
    model = load_digit_model(options.model)[0] if options.model else pretrained.load()
    report_drawings(model, options.drawings, options.seed)
    report_deformed(model, datasets.load(options.data), options.digits)


if __name__ == "__main__":
    run(main)
