"""How much accuracy is lost on pictures as people have them: `python -m benchmarks.preparation`.

MNIST's test digits are turned into photos, drawings and so on, prepared by `to_mnist`, and recognised by
the bundled model. The result is the difference to the accuracy on the digits themselves.

`digit` is always an image of MNIST, uint8 (28, 28), foreground bright.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import time

import numpy as np
from PIL import Image, ImageFilter
from tqdm import tqdm

from tinycnn.preprocessing import to_mnist
from tinycnn.preprocessing.stroke_width import measure_width, thicken
from tinycnn.utils.cli import run, whole_number

SIDE = 280  # pixels of the canvas that a digit is enlarged to, ten times MNIST's


def enlarged(digit, side=SIDE, method=Image.Resampling.BICUBIC):
    """Return the digit scaled to uint8 (side, side)."""
    return np.asarray(Image.fromarray(digit).resize((side, side), method))


def in_a_corner(digit):
    """Return a canvas, uint8 (280, 280), with the digit at 30 % of its size in the lower right corner."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    small = enlarged(digit, SIDE * 3 // 10)
    canvas[-len(small) :, -len(small) :] = small
    return canvas


def thicker(digit, times):
    """Return the digit dark on white, enlarged, with lines that many times as thick: uint8."""
    crop = enlarged(digit).astype(np.float32)
    wanted = min(measure_width(crop) * times, 9.0)
    return np.pad(np.where(thicken(crop, wanted) > 0.5, 0, 255), 30, constant_values=255)


def thinner(digit):
    """Return the digit dark on white, enlarged, with lines 10 pixels thinner, most half as thick: uint8."""
    eroded = Image.fromarray(enlarged(digit)).filter(ImageFilter.MinFilter(11))
    return np.pad(255 - np.asarray(eroded), 30, constant_values=255)


def photo(digit, rng, *, shadow=False, frame=False):
    """Return a simulated photo, uint8 (360, 480): a dark digit on noisy paper, the light weaker to the right.

    Args:
        digit: to show, at a random place.
        rng: random numbers.
        shadow: True to add the hard edge of a shadow.
        frame: True to add a dark border, as scans have it.
    """
    foreground = np.zeros((360, 480))
    top, left = rng.integers(30, 70), rng.integers(30, 190)
    foreground[top : top + 260, left : left + 260] = enlarged(digit, 260) / 255
    y, x = np.mgrid[:360, :480] / 360
    light = 0.9 - 0.3 * x / 1.34
    if shadow:
        turn = rng.uniform(0, 2 * np.pi)
        edge = np.cos(turn) * (x - 0.67) + np.sin(turn) * (y - 0.5) + rng.uniform(-0.2, 0.2)
        light = light - 0.3 / (1 + np.exp(-80 * np.clip(edge, -1, 1)))
    if frame:
        light[:15] = light[-15:] = light[:, :15] = light[:, -15:] = 0.15
    values = light * (1 - 0.8 * foreground) + rng.normal(0, 0.02, foreground.shape)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def pictures():
    """Return {kind of picture: function that makes such a picture of a digit}."""
    rng = np.random.default_rng(0)
    return {
        "as they are": lambda digit: digit,
        "280 pixels, smooth": enlarged,
        "280 pixels, square cells": lambda digit: enlarged(digit, method=Image.Resampling.NEAREST),
        "280 pixels, dark on light": lambda digit: 255 - enlarged(digit),
        "30 %, in a corner": in_a_corner,
        "30 %, dark on light": lambda digit: 255 - in_a_corner(digit),
        "pen half as thick": thinner,
        "pen 1.5 times as thick": lambda digit: thicker(digit, 1.5),
        "pen twice as thick": lambda digit: thicker(digit, 2.0),
        "photo": lambda digit: photo(digit, rng),
        "photo with a hard shadow": lambda digit: photo(digit, rng, shadow=True),
        "photo with a dark frame": lambda digit: photo(digit, rng, frame=True),
    }


def accuracy(model, images, labels):
    """Return how many percent of images, each uint8 (28, 28), the model recognises."""
    x = np.stack(images)[..., None] / np.float32(255)
    return 100 * float(np.mean(model.predict(x, verbose=0).argmax(axis=1) == labels))


def prepared(digits, picture_of):
    """Return pictures of all digits prepared by `to_mnist`, and the milliseconds that one took.

    Args:
        digits: uint8 (n, 28, 28).
        picture_of: makes a picture of a digit.
    """
    images, spent = [], 0.0
    for digit in tqdm(digits, leave=False, disable=None):  # nothing unless at a terminal
        picture = picture_of(digit)
        start = time.perf_counter()
        images.append(to_mnist(picture))
        spent += time.perf_counter() - start
    return images, 1000 * spent / len(digits)


def main():
    """Print accuracy and time for every kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="auto", help="as in scripts/train.py")
    parser.add_argument("--count", type=whole_number(), default=1000, help="digits; default: 1000")
    options = parser.parse_args()
    from tinycnn import datasets, pretrained

    digits = datasets.load(options.data)
    x, y = digits.x_test[: options.count], digits.y_test[: options.count]
    model = pretrained.load()
    originals = accuracy(model, list(x), y)
    print(f"{digits.name}, the first {len(x):,} test digits; unprepared: {originals:.2f} %")
    print(f"{'picture':26}{'accuracy':>10}{'points':>8}{'ms':>7}")
    for name, picture_of in pictures().items():
        images, milliseconds = prepared(x, picture_of)
        share = accuracy(model, images, y)
        print(f"{name:26}{share:8.2f} %{share - originals:+8.2f}{milliseconds:7.1f}", flush=True)


if __name__ == "__main__":
    run(main)
