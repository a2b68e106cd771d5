"""What the row "Why?" and the worker tell each other: plain values. No Tk, nothing heavy to import."""

import dataclasses

from gui.drawing.drawing import Items
from gui.inside.colours import Palette

GRADIENT, OCCLUSION = "gradient", "occlusion"


@dataclasses.dataclass(frozen=True)
class Question:
    """What shall be told of a drawing.

    towards_second: what would have to change for the second guess; False: what spoke for the first.
    method: `GRADIENT` or `OCCLUSION`.
    """

    towards_second: bool = False
    method: str = GRADIENT

    def meaning(self, first: int, second: int) -> tuple[str, str]:
        """Return what numbers above 0 and below 0 mean.

        Example:
            >>> Question().meaning(7, 9), Question(towards_second=True).meaning(7, 9)
            (('for a 7', 'against a 7'), ('more ink here: a 9', 'less ink here: a 9'))
        """
        if not self.towards_second:
            return f"for a {first}", f"against a {first}"
        if self.method == GRADIENT:
            return f"more ink here: a {second}", f"less ink here: a {second}"
        return f"for a {second}, not a {first}", f"for a {first}, not a {second}"


def asked_of(first: int, is_digit: bool) -> str:
    """Return what is asked of the first guess, which may be no digit that the window announces.

    Example:
        >>> asked_of(7, True), asked_of(7, False)
        ('Why a 7?', 'What is like a 7?')
    """
    return f"Why a {first}?" if is_digit else f"What is like a {first}?"


@dataclasses.dataclass(frozen=True)
class Overlay:
    """A picture that is laid over the paper.

    left, top: where, in pixels of the paper; beyond it is nothing.
    data: a PNG file with transparency; empty if there is nothing to see.
    """

    left: int
    top: int
    data: bytes


@dataclasses.dataclass(frozen=True)
class WhyWish:
    """What shall be laid over the paper.

    version, items: of the drawing; there are some.
    question: what is asked.
    side: of the paper, in pixels.
    legend: width and height of the legend.
    palette: colours.
    """

    version: int
    items: Items
    question: Question
    side: int
    legend: tuple[int, int]
    palette: Palette


@dataclasses.dataclass(frozen=True)
class Because:
    """What came of a wish.

    wish: what was asked for.
    guesses: the first and the second; None as long as there is no model.
    overlay: what to lay over the paper; None: ask again, there is more to be done.
    legend: a PPM file.
    is_digit: whether the first guess counts as one.
    """

    wish: WhyWish
    guesses: tuple[int, int] | None = None
    overlay: Overlay | None = None
    legend: bytes = b""
    is_digit: bool = True
