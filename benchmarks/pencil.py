"""How well photos of faint pencil on noisy paper are read: `python -m benchmarks.pencil`.

Simulated photos of MNIST's test digits, for several contrasts of the pencil and strengths of the noise, are
prepared by `to_mnist` and recognised by the bundled model. For each combination it prints how many percent
are read right, refused (`to_mnist` raises), and read wrong.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import functools
import io

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.preparation import enlarged
from tinycnn.preprocessing import to_mnist
from tinycnn.utils.cli import run, whole_number

CONTRASTS = (0.08, 0.12, 0.2, 0.3, 0.8)  # of the paper's light, that the pencil takes away
NOISES = (0, 2, 5, 10, 20, 45)  # standard deviation, of 255 levels
SHAPE = (360, 480)  # rows and columns of a photo

# Arguments of `pencil_photo`.
BACKGROUNDS = {
    "grey paper, white noise": {"background": 0.7},
    "white paper, white noise": {"background": 1.0},
    "grey paper, grain of 2 pixels": {"background": 0.7, "grain": 2},
    "white paper, grain of 2 pixels": {"background": 1.0, "grain": 2},
    "grey paper, white noise, JPEG": {"background": 0.7, "quality": 60},
}


def background_noise(rng, noise, grain):
    """Return normal noise for a photo, float (360, 480), where 1 is full scale.

    Args:
        rng: random numbers.
        noise: its standard deviation, of 255 levels.
        grain: size of a grain in pixels; 0 or 1: each pixel has noise of its own.
    """
    height, width = (side // max(grain, 1) for side in SHAPE)
    values = Image.fromarray(rng.normal(0, 1, (height, width)).astype(np.float32))
    values = np.asarray(values.resize(SHAPE[::-1], Image.Resampling.BICUBIC))
    return values * (noise / 255 / values.std())


def pencil_photo(digit, rng, *, contrast, noise, background=0.7, grain=0, quality=None):
    """Return a simulated photo of a digit in pencil on paper: uint8 (360, 480).

    Args:
        digit: uint8 (28, 28), foreground bright.
        rng: random numbers for size, place, light and noise.
        contrast: share of the light that the pencil absorbs.
        noise: standard deviation of the paper's noise, of 255 levels.
        background: lightness of the paper; below 1 the light is weaker on one side, with 1 it is
            overexposed, and noise above white is clipped.
        grain: see `background_noise`.
        quality: of JPEG compression; None: none.
    """
    foreground = np.zeros(SHAPE, np.float32)
    side = int(rng.integers(150, 270))
    top, left = rng.integers(20, SHAPE[0] - side - 20), rng.integers(20, SHAPE[1] - side - 20)
    foreground[top : top + side, left : left + side] = enlarged(digit, side) / np.float32(255)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] / max(SHAPE)
    turn = rng.uniform(0, 2 * np.pi)
    light = background * (1 - 0.2 * (0.5 + np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.4)))
    if background == 1:
        light = np.ones(SHAPE)
    values = light * (1 - contrast * foreground) + background_noise(rng, noise, grain)
    picture = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return picture if quality is None else through_jpeg(picture, quality)


def through_jpeg(picture, quality):
    """Return a picture, uint8 (h, w), after JPEG compression and decompression."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file))


def outcomes(model, digits, labels, photo_of):
    """Return how many digits are read right, refused, and read wrong.

    Args:
        model: a digit model.
        digits: uint8 (n, 28, 28).
        labels: (n,).
        photo_of: makes the picture of a digit.
    """
    images, answered = [], []
    for digit, label in zip(digits, labels, strict=True):
        picture = photo_of(digit)
        try:
            images.append(to_mnist(picture))
        except ValueError:
            continue
        answered.append(label)
    if not images:
        return 0, len(digits), 0
    x = np.stack(images)[..., None] / np.float32(255)
    right = int(np.sum(model.predict(x, verbose=0).argmax(axis=1) == answered))
    return right, len(digits) - len(images), len(images) - right


def main():
    """Run the command: print a table for every kind of paper."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="sample", help="as in scripts/train.py; default: sample")
    parser.add_argument("--count", type=whole_number(), default=50, help="digits; default: 50")
    options = parser.parse_args()
    from tinycnn import datasets, pretrained

    digits = datasets.load(options.data)
    x, y = digits.x_test[: options.count], digits.y_test[: options.count]
    model = pretrained.load()
    print(f"{digits.name}, the first {len(x):,} test digits; right / refused / wrong, in percent")
    for name, background in BACKGROUNDS.items():
        print(f"\n{name}\n{'contrast':>10}" + "".join(f"{f'noise {n}':>15}" for n in NOISES))
        for contrast in CONTRASTS:
            cells = []
            for noise in tqdm(NOISES, leave=False, disable=None):
                how = {"contrast": contrast, "noise": noise, **background}
                photo_of = functools.partial(pencil_photo, rng=np.random.default_rng(0), **how)
                counts = outcomes(model, x, y, photo_of)
                cells.append("/".join(f"{100 * n / len(x):.0f}" for n in counts))
            print(f"{contrast:>10.0%}" + "".join(f"{cell:>15}" for cell in cells), flush=True)


if __name__ == "__main__":
    run(main)
