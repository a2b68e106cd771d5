"""Batches that nets for drawings learn from: varied digits, drawn digits, and what is no digit."""

import math
from collections.abc import Collection

import numpy as np

from tinycnn.preprocessing.augmentation import augment
from tinycnn.preprocessing.deformation import deform
from tinycnn.preprocessing.drawn import (
    NO_DIGIT,
    digit_styles,
    drawn_digits,
    drawn_others,
    other_styles,
)
from tinycnn.preprocessing.drawn.choice import check_names
from tinycnn.preprocessing.mnist_format import BOX, centre, fit_box
from tinycnn.preprocessing.stroke_width import thicken
from tinycnn.pretrained.digit_input import SIDE, USUAL, DigitInput
from tinycnn.utils.py_dataset import PyDataset
from tinycnn.utils.rng import current_seed, rng_at
from tinycnn.utils.validation import check_int

# Of a batch: digits of the data set made thicker; drawn digits, as the window draws them and by thick pens;
# what is no digit, by both kinds of pens. The rest are digits of the data set.
THICKENED, DRAWN, DRAWN_THICK, OTHERS, OTHERS_THICK = 0.05, 0.19, 0.05, 0.15, 0.02
PEN = (0.08, 0.36)  # from which to which width thick pens go, as shares of a digit's longer side
THICKENED_TO = (0.15, 0.36)  # the same for digits of the data set: most of MNIST's have 0.11
STRONG, MILD = 1.0, 0.5  # the variation in the first two thirds of all epochs, and after them
STRONG_SHARE = 2 / 3

Digits = tuple[np.ndarray, np.ndarray]  # images float32 (n, 28, 28), 0 to 1, and labels int (n,)


class DrawingBatches(PyDataset):
    """Batches of digits and drawings, all of them varied or drawn anew whenever they are shown.

    Drawings are looser than most people's: so a net also learns to read styles that are not among them.

    What is no digit is to be taken for each of the ten with the same probability: so a net learns to be sure
    of none. That needs no eleventh answer, and every net of ten digits can learn it.

    Args:
        x: digits of a data set, uint8 (n, 28, 28), some foreground in each.
        y: what they are, int (n,), 0 to 9.
        batch_size: samples in a batch; in an epoch each of x is shown once.
        epochs: how many there will be; in the last third of them x is varied half as much, and drawings are
            half as loose.
        digit_input: how the model wants its digits.
        without: styles, of `digit_styles` and `other_styles`, that are not drawn.

    Raises:
        ValueError: for an unknown style, other shapes or labels, no digits or an empty batch at once; for
            images without foreground when their batch is made.

    Example:
        >>> from tinycnn import datasets
        >>> digits = datasets.load("sample")
        >>> batches = DrawingBatches(digits.x_train, digits.y_train, batch_size=32, epochs=1)
        >>> batches.on_epoch_begin()
        >>> [array.shape for array in batches[0]]
        [(32, 28, 28, 1), (32, 10)]

    Source: Hendrycks et al., "Deep Anomaly Detection with Outlier Exposure", 2019, for what is no digit.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int,
        epochs: int,
        digit_input: DigitInput = USUAL,
        without: Collection[str] = (),
    ):
        super().__init__()
        _check(x, y)
        check_int("batch_size", batch_size, 1)
        self.x, self.y, self.epochs, self.digit_input = x, y, epochs, digit_input
        check_names("without", without, [*digit_styles(), *other_styles()])
        self.without = [set(without) & set(names) for names in (digit_styles(), other_styles())]
        self.counts = counts(batch_size)
        self.of_x = batch_size - sum(
            self.counts
        )  # how many digits of x are in a batch, as they come
        self.seed, self.epoch, self.order = current_seed(), -1, np.arange(len(x))

    def __len__(self) -> int:
        return math.ceil(len(self.x) / self.of_x)

    def __getitem__(self, index: int) -> Digits:
        """Return a batch: images as the model wants them (n, ...), and probabilities (n, 10)."""
        rng = rng_at(self.seed, "drawings", self.epoch, index)
        varied = strength(self.epoch, self.epochs)
        thickened, drawn, drawn_thick, others, others_thick = self.counts
        chosen = self.order[index * self.of_x :][: self.of_x]
        again = rng.integers(len(self.x), size=thickened)
        no_digits, no_others = self.without
        parts = [
            (augment(self.x[chosen], self.y[chosen], rng, varied), self.y[chosen]),
            (deform(made_thicker(self.x[again], rng), rng, varied), self.y[again]),
            *(
                (images / np.float32(255), labels)
                for images, labels, _ in (
                    drawn_digits(rng, drawn, without=no_digits, loose=varied),
                    drawn_digits(rng, drawn_thick, without=no_digits, pen=PEN, loose=varied),
                    drawn_others(rng, others, without=no_others, loose=varied),
                    drawn_others(rng, others_thick, without=no_others, pen=PEN, loose=varied),
                )
            ),
        ]
        images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return self.digit_input.prepare(255 * images), targets(labels)

    def on_epoch_begin(self) -> None:
        """Shuffle the digits of x."""
        self.epoch += 1
        self.order = rng_at(self.seed, "shuffle", self.epoch).permutation(len(self.x))


def _check(x: np.ndarray, y: np.ndarray) -> None:
    """Raise ValueError unless x, y are some digits."""
    if not len(x) or x.shape != (len(y), SIDE, SIDE):
        raise ValueError(
            f"x must be digits (n, 28, 28), n from 1, and y their labels (n,). "
            f"Received: {x.shape} and {np.shape(y)}"
        )
    if y.min() < 0 or y.max() >= NO_DIGIT:
        raise ValueError(f"labels must be 0 to 9. Received: {y.min()} to {y.max()}")


def counts(batch_size: int) -> list[int]:
    """Return how many samples of a batch are thickened, drawn, drawn thick, no digits and thick no digits."""
    shares = (THICKENED, DRAWN, DRAWN_THICK, OTHERS, OTHERS_THICK)
    return [round(share * batch_size) for share in shares]


def strength(epoch: int, epochs: int) -> float:
    """Return how much digits are varied in an epoch, counted from 0, of so many: see `augment`."""
    return STRONG if epoch < STRONG_SHARE * epochs else MILD


def made_thicker(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return digits, uint8 (n, 28, 28), as thick pens would have drawn them: float32 (n, 28, 28), 0 to 1."""
    widths = rng.uniform(*THICKENED_TO, len(images)) * BOX
    thick = [
        centre(fit_box(thicken(image, width))) for image, width in zip(images, widths, strict=True)
    ]
    return np.array(thick, np.float32).reshape(images.shape) / np.float32(255)


def targets(labels: np.ndarray) -> np.ndarray:
    """Return the probabilities to learn, float32 (n, 10): 1 for a digit's own, 1/10 each for `NO_DIGIT`.

    Example:
        >>> targets(np.array([1, NO_DIGIT]))[:, :3].tolist()
        [[0.0, 1.0, 0.0], [0.10000000149011612, 0.10000000149011612, 0.10000000149011612]]
    """
    of_label = np.eye(NO_DIGIT + 1, NO_DIGIT, dtype=np.float32)
    of_label[NO_DIGIT] = 1 / NO_DIGIT
    return of_label[labels]
