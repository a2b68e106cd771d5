"""How a model wants its digits: the shape of a picture, the range of its pixels, and how to find out."""

import contextlib
import dataclasses
from collections.abc import Callable

import numpy as np

from tinycnn.utils.errors import ModelFileError

SIDE = 28  # pixels a side of MNIST's pictures
# Input shapes that a digit fits into: {shape: pixels a side, channels}.
SHAPES = {
    (28, 28, 1): (28, 1),
    (28, 28): (28, 1),
    (784,): (28, 1),
    (28, 28, 3): (28, 3),
    (32, 32, 1): (32, 1),
    (32, 32): (32, 1),
    (32, 32, 3): (32, 3),
}
# (background, foreground): light on dark, then dark on light. The fifth is 0 to 1 less MNIST's mean of
# 0.1307, divided by its standard deviation of 0.3081.
RANGES = ((0, 1), (0, 255), (-1, 1), (-0.5, 0.5), (-0.4242, 2.8215))
RANGES += tuple((high, low) for low, high in RANGES[:4])
FIRST, ALL = 100, 500  # embedded digits that are read: with 0 to 1, and with every range
# Of them right, and the mean log of the right digit's probability: nothing else is tried.
ENOUGH = 0.9
SURE = -0.5
MARGIN = 0.02  # of them: closer shares of right ones say nothing
LEAST = 0.75  # of them right, for another range than 0 to 1: a half-trained model tells little
GAIN = 0.5  # of the mean log; or half the mistakes


@dataclasses.dataclass(frozen=True)
class DigitInput:
    """How a model wants its digits.

    Args:
        shape: of a sample, one of `SHAPES`.
        background, foreground: the numbers that MNIST's 0 and 255 become.

    Raises:
        ValueError: for another shape, or numbers that are the same.

    Example:
        >>> DigitInput((784,), -1, 1).prepare(np.full((3, 28, 28), 255, np.uint8)).max(axis=1)
        array([1., 1., 1.], dtype=float32)
    """

    shape: tuple[int, ...] = (28, 28, 1)
    background: float = 0.0
    foreground: float = 1.0

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            known = ", ".join(map(str, SHAPES))
            raise ValueError(f"digits have a shape of {known}. Received: {self.shape}")
        if self.background == self.foreground:
            raise ValueError(
                f"background and foreground are both {self.background:g}: they must differ"
            )

    @property
    def margin(self) -> int:
        """Pixels of background around a digit of 28 x 28, at each side."""
        return (SHAPES[self.shape][0] - SIDE) // 2

    def prepare(self, images: np.ndarray, dtype: np.dtype = np.float32) -> np.ndarray:
        """Return digits as the model takes them, (n, *shape).

        Args:
            images: uint8 (n, 28, 28), 0 background to 255 foreground.
            dtype: of the result.
        """
        if self.margin:
            images = np.pad(images, [(0, 0), (self.margin,) * 2, (self.margin,) * 2])
        x = images / np.dtype(dtype).type(255)
        if (self.background, self.foreground) != (0, 1):
            x = x * (self.foreground - self.background) + self.background
        if SHAPES[self.shape][1] > 1:
            x = np.repeat(x, SHAPES[self.shape][1])  # the same in every channel
        return x.reshape(len(images), *self.shape)

    def pixels(self, values: np.ndarray) -> np.ndarray:
        """Return numbers that belong to the model's input, (n, *shape), as those of the digits' pixels.

        Returns:
            (n, 28, 28): the sum over the channels.
        """
        inner = slice(self.margin, self.margin + SIDE)
        return self.as_picture(values).sum(axis=-1)[:, inner, inner]

    def as_picture(self, x: np.ndarray) -> np.ndarray:
        """Return samples (n, *shape) as pictures (n, h, w, c)."""
        side, channels = SHAPES[self.shape]
        return x.reshape(len(x), side, side, channels)

    @property
    def range(self) -> str:
        """The range of the pixels in words, from background to foreground.

        Example:
            >>> DigitInput(background=-1).range
            '-1 to 1'
        """
        return f"{self.background:g} to {self.foreground:g}"


USUAL = DigitInput()  # of the project's own nets


def find(
    shape: tuple[int, ...], read: Callable[[np.ndarray], np.ndarray]
) -> tuple[DigitInput, str]:
    """Find out which range of pixels a model was trained with: some embedded digits are read in each.

    Args:
        shape: of the model's input.
        read: returns the probabilities (n, 10) of samples (n, *shape).

    Returns:
        0 to 1 if the model reads well with that, or with none better; and in words why another one was
        chosen, "" if none was.

    Raises:
        ModelFileError: by `read`, with pixels from 0 to 1.
    """
    from tinycnn.datasets import sample

    images, labels = (array[:ALL] for array in sample.load_test_data())
    usual, *others = (DigitInput(shape, *ends) for ends in RANGES)
    right, log = score(read(usual.prepare(images[:FIRST])), labels[:FIRST])
    if right >= ENOUGH and log >= SURE:
        return usual, ""
    scores = {usual: score(read(usual.prepare(images)), labels)}
    for one in others:
        with contextlib.suppress(ModelFileError):  # its numbers grow too large for the model
            scores[one] = score(read(one.prepare(images)), labels)
    most = max(right for right, _ in scores.values())
    # Of those that read about as well the one that is neither too sure nor too unsure.
    near = [one for one, (right, _) in scores.items() if right >= most - MARGIN]
    best = max(near, key=lambda one: scores[one][1])
    (right, log), (usual_right, usual_log) = scores[best], scores[usual]
    clearly = 1 - right <= (1 - usual_right) / 2 or log >= usual_log + GAIN
    if best == usual or right < LEAST or not clearly:
        return usual, ""
    return best, (
        f"pixels from {best.range} (paper to ink): it reads {right:.0%} of {len(images)} embedded "
        f"digits so, {usual_right:.0%} with 0 to 1"
    )


def score(shares: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return the share of digits that were read right, and the mean log of the right one's probability."""
    right = shares[np.arange(len(labels)), labels].astype(np.float64)
    log = np.log(np.maximum(right, np.finfo(np.float32).tiny))
    return float((shares.argmax(axis=1) == labels).mean()), float(log.mean())
