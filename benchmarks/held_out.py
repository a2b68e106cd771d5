"""How well nets read styles of drawing that they have never seen: `python -m benchmarks.held_out`.

All styles, of digits and of what is no digit, are dealt out into groups: the first to the first group, the
second to the second, and so on, so that each group has about one style of every digit. For each group a net
is trained without the styles of that group, much as the bundled one is (scripts/train_bundled.py) but for
fewer epochs and without batch normalization; then it reads new drawings of these styles alone.

Drawings to train on are made once for all groups, so that an epoch takes no longer than its steps.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import math
import sys

import numpy as np

import tinycnn
from benchmarks.calibration import sure_digits
from benchmarks.drawings import THRESHOLD, predicted
from tinycnn import datasets
from tinycnn.optimizers.schedules import CosineDecay
from tinycnn.preprocessing.augmentation import augment
from tinycnn.preprocessing.drawn import digit_styles, drawn_digits, drawn_others, other_styles
from tinycnn.preprocessing.drawn.choice import check_names
from tinycnn.pretrained import calibration, drawing_batches
from tinycnn.pretrained.drawing_batches import PEN, made_thicker, targets
from tinycnn.pretrained.nets import compact_net
from tinycnn.utils.cli import run, whole_number

LEARNING_RATE, SMOOTHING, BATCH = 0.002, 0.05, 128


class Pool:
    """Drawings to train on, for three epochs or as many as `times` says.

    parts: (images, labels, styles) of each kind.
    """

    def __init__(self, x, y, rng, times=3):
        share = len(x) / (BATCH - sum(counts())) * times
        thickened, drawn, drawn_thick, others, others_thick = (
            math.ceil(count * share) for count in counts()
        )
        again = rng.integers(len(x), size=thickened)
        thick = np.uint8(255 * made_thicker(x[again], rng))
        self.times = times
        self.parts = [
            (thick, y[again], np.full(thickened, "")),
            drawn_digits(rng, drawn, loose=1),
            drawn_digits(rng, drawn_thick, pen=PEN, loose=1),
            drawn_others(rng, others, loose=1),
            drawn_others(rng, others_thick, pen=PEN, loose=1),
        ]

    def epoch(self, rng, without):
        """Return the drawings of an epoch: images float32 (n, 28, 28) and labels; no styles `without`."""
        images, labels = [], []
        for of_kind, what, styles in self.parts:
            left = np.flatnonzero(~np.isin(styles, without))
            chosen = rng.choice(left, len(what) // self.times, replace=False)
            images.append(of_kind[chosen] / np.float32(255))
            labels.append(what[chosen])
        return np.concatenate(images), np.concatenate(labels)


def counts():
    """Return how many samples of a batch are of each kind, as in `DrawingBatches`."""
    return drawing_batches.counts(BATCH)


def train(x, y, pool, without, epochs):
    """Return a net trained on varied digits x, y and on the pool's drawings of other styles."""
    tinycnn.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    model = compact_net()
    size = len(x) + len(pool.epoch(rng, without)[0])
    rate = CosineDecay(LEARNING_RATE, epochs * math.ceil(size / BATCH))
    smoothed = tinycnn.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING)
    model.compile(tinycnn.optimizers.Adam(rate), smoothed)
    for epoch in range(epochs):
        images, labels = pool.epoch(rng, without)
        varied = augment(x, y, rng, drawing_batches.strength(epoch, epochs))
        images, labels = np.concatenate([varied, images]), np.concatenate([y, labels])
        model.fit(
            images[..., None], targets(labels), BATCH, epoch + 1, verbose=0, initial_epoch=epoch
        )
    images, labels = pool.epoch(rng, without)
    digits = labels < 10
    shares = predicted(model, images[digits] * 255)
    calibration.scale(model, calibration.temperature(shares, labels[digits]))
    return model


def tested(model, left_out, count, seed):
    """Return {style: share of `count` drawings read right}, and {style: share called a sure digit}."""
    right, sure = {}, {}
    for style in left_out:
        rng = np.random.default_rng(seed)
        if style in digit_styles():
            others = set(digit_styles()) - {style}
            images, labels, _ = drawn_digits(rng, count, without=others)
            right[style] = float(np.mean(predicted(model, images).argmax(axis=1) == labels))
        else:
            images, _, _ = drawn_others(rng, count, without=set(other_styles()) - {style})
            sure[style] = float(sure_digits(predicted(model, images), THRESHOLD).mean())
    return right, sure


def main():
    """Train one net for each group, and print how well it reads each style that it has not seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="auto", help="as in scripts/train.py")
    parser.add_argument("--groups", type=whole_number(2), default=10, help="default: 10")
    parser.add_argument("--styles", nargs="+", help="leave out these alone, one by one: no groups")
    parser.add_argument("--epochs", type=whole_number(), default=5, help="of each; default: 5")
    parser.add_argument("--drawings", type=whole_number(), default=500, help="of a style; 500")
    parser.add_argument(
        "--seed", type=whole_number(0), default=2026, help="of these drawings; default: 2026"
    )
    options = parser.parse_args()
    if options.styles:
        check_names("--styles", options.styles, [*digit_styles(), *other_styles()])
    digits = datasets.load(options.data)
    if digits.note:
        print(digits.note, file=sys.stderr)
    pool = Pool(digits.x_train, digits.y_train, np.random.default_rng(options.seed + 1))
    right, sure = {}, {}
    groups = [[style] for style in options.styles or ()] or dealt(options.groups)
    for number, left_out in enumerate(groups, 1):
        model = train(digits.x_train, digits.y_train, pool, left_out, options.epochs)
        new_right, new_sure = tested(model, left_out, options.drawings, options.seed)
        right |= new_right
        sure |= new_sure
        print(f"group {number} of {len(groups)}: {summary(new_right, new_sure)}", flush=True)
    report(right, sure)


def dealt(count):
    """Return all styles in so many groups."""
    return [[*digit_styles()[i::count], *other_styles()[i::count]] for i in range(count)]


def summary(right, sure):
    """Return in a line how a group was read: see `tested`."""
    parts = []
    if right:
        worst = min(right, key=right.get)
        parts.append(
            f"{np.mean([*right.values()]):.2%} right, the worst {right[worst]:.1%} ({worst})"
        )
    if sure:
        parts.append(f"{np.mean([*sure.values()]):.1%} of no digits sure")
    return "; ".join(parts)


def report(right, sure):
    """Print the mean over all styles, the worst ones, and what was called a sure digit."""
    print()
    for style in sorted(right, key=right.get)[:15]:
        print(f"{right[style]:8.2%}  {style}")
    if right:
        shares = np.array([*right.values()])
        print(
            f"{shares.mean():8.2%}  mean of {len(right)} styles of digits, none of them seen before"
        )
        print(f"{(shares >= 0.95).mean():8.2%}  of them are read with 95 % and more\n")
    for style in sorted(sure, key=sure.get, reverse=True)[:15]:
        print(f"{sure[style]:8.2%}  {style}: a sure digit")
    if sure:
        print(f"{np.mean([*sure.values()]):8.2%}  mean of {len(sure)} that are no digits")


if __name__ == "__main__":
    run(main)
