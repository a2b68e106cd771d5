"""What is asked of the worker about why: one look at a time, an occlusion row by row. No Tk."""

from collections.abc import Iterator

import numpy as np

from gui.drawing.drawing import Picture
from gui.inside import why
from gui.inside.colours import palette
from gui.inside.mosaic import legend_strip, ppm
from gui.inside.why_messages import GRADIENT, Because, WhyWish
from gui.recognition.recogniser import Recogniser
from gui.recognition.top_guesses import NO_DIGIT
from gui.widgets.theme_colours import DARK, LIGHT
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.pretrained.digit_model import probabilities


class Why:
    """Finds out which pixels a guess hangs on.

    Args:
        recogniser: that has the model.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._covered: tuple[object, list[np.ndarray], Iterator[np.ndarray]] | None = None

    def look(self, wish: WhyWish) -> Because:
        """Return what to lay over the paper, or that it takes more looks."""
        model, name = self._recogniser.model, self._recogniser.name
        if model is None:
            return Because(wish)
        image, placement = why.place(wish.items, self._recogniser.last_digit(wish.items))
        taken = self._recogniser.input
        x = taken.prepare(image[None], model.dtype)  # (1, 28, 28, 1)
        shares = probabilities(model, name, x)[0]
        guesses, is_digit = first_two(shares), bool(shares.max() >= NO_DIGIT)
        if wish.question.method == GRADIENT:
            values = why.attribution(model, x, guesses, wish.question, taken)
        else:
            rows = self._cover_more(model, x, taken)
            if rows is None:
                return Because(wish, guesses)
            values = why.by_occlusion(rows, guesses, wish.question.towards_second, taken)
        colours, veil = wish.palette, 0.0
        if isinstance(wish.items[0], Picture):  # which keeps its own colours in any theme
            light = np.median(wish.items[0].grey) > 0.5
            colours, veil = palette(LIGHT if light else DARK), why.VEIL
        overlay = why.overlay(values, placement, wish.side, colours, veil)
        legend = ppm(legend_strip(True, wish.legend, colours))
        return Because(wish, guesses, overlay, legend, is_digit)

    def _cover_more(
        self, model: object, x: np.ndarray, taken: DigitInput
    ) -> list[np.ndarray] | None:
        """Cover one more row of the picture; return all rows at the end, else None."""
        key = model, x.tobytes()
        if self._covered is None or self._covered[0] != key:
            self._covered = key, [], why.covered_rows(model, x, taken)
        _, rows, more = self._covered
        row = next(more, None)
        if row is not None:
            rows.append(row)
            return None
        self._covered = None
        return rows


def first_two(shares: np.ndarray) -> tuple[int, int]:
    """Return the first and the second guess.

    Example:
        >>> first_two(np.array([0.1, 0.2, 0.7]))
        (2, 1)
    """
    first, second = np.argsort(-shares, kind="stable")[:2].tolist()
    return first, second
