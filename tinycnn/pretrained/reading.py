"""Reading all digits of a picture: of the ways to take its pieces together, the surest."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tinycnn.preprocessing.mnist_format import place_picture
from tinycnn.preprocessing.placement import Placement, moved
from tinycnn.preprocessing.several import Candidate, find_candidates

SURE = 0.5  # a digit of less probability is not read
_ONE = 32  # pixels a side: no larger picture is taken for several digits

Classify = Callable[[np.ndarray], np.ndarray]


class Digit(NamedTuple):
    """A digit in a picture.

    digit: 0 to 9.
    probability: that it is this one.
    box: (top, left, bottom, right) in pixels of the picture.
    image: uint8 (28, 28), what was read.
    placement: from pixels of the picture to those of the image; see `Candidate`.
    """

    digit: int
    probability: float
    box: tuple[int, int, int, int]
    image: np.ndarray
    placement: Placement = moved(0, 0)


def read_picture(picture: np.ndarray, classify: Classify) -> list[list[Digit]]:
    """Return what `read_rows` does; a digit that is alone is prepared as `to_mnist` does.

    That looks longer for one that is faint, or came apart. A picture of up to 32 pixels a side is one digit.

    Args:
        picture, classify: see `read_rows`.

    Raises:
        ValueError: the array is no picture, or has no foreground.

    Example:
        >>> picture = np.full((90, 60), 255, np.uint8)
        >>> picture[10:70, 25:32] = 0  # a 1
        >>> [[one]] = read_picture(picture, lambda images: np.tile(np.eye(10)[1], (len(images), 1)))
        >>> one.digit, one.box
        (1, (10, 25, 70, 32))
    """
    height, width = picture.shape[:2]
    box = 0, 0, height, width
    if max(height, width) > _ONE:
        rows = read_rows(picture, classify)
        if sum(map(len, rows)) > 1:
            return rows
        box = rows[0][0].box
    image, placement = place_picture(picture)
    share = classify(image[None])[0]
    return [[Digit(int(share.argmax()), float(share.max()), box, image, placement)]]


def read_rows(picture: np.ndarray, classify: Classify) -> list[list[Digit]]:
    """Return the digits of a picture, row by row from top to bottom, in a row from left to right.

    Args:
        picture: see `tinycnn.preprocessing.to_mnist`.
        classify: returns the probabilities (n, 10) of images, uint8 (n, 28, 28).

    Raises:
        ValueError: the array is no picture, or has no foreground.
    """
    rows = find_candidates(picture)
    shares = classify(np.stack([one.image for row in rows for one in row]))
    digits, start = [], 0
    for row in rows:
        digits.append(_surest(row, shares[start : start + len(row)]))
        start += len(row)
    return digits


def _surest(row: list[Candidate], shares: np.ndarray) -> list[Digit]:
    """Return the digits of a row: those candidates that take every piece once, and cost least together.

    Args:
        row: the candidates.
        shares: their probabilities, (n, 10).
    """
    # For the first k pieces: the least cost, and the digits
    best: list[tuple[float, list[Digit]]] = [(0.0, [])]
    best += [(np.inf, [])] * max(one.last for one in row)
    for one, share in sorted(zip(row, shares, strict=True), key=lambda pair: pair[0].first):
        cost, before = best[one.first]
        digit = int(share.argmax())
        cost += one.cost - float(np.log(max(share[digit], 1e-6)))
        if cost < best[one.last][0]:
            found = Digit(digit, float(share[digit]), one.box, one.image, one.placement)
            best[one.last] = cost, [*before, found]
    return best[-1][1]
