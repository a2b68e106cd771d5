"""Which digits excite a map most: a search through many, bit by bit. No Tk."""

import dataclasses
import time

import numpy as np

from gui.inside.kernel_messages import MOST, Exciting
from tinycnn import models
from tinycnn.pretrained.digit_input import USUAL, DigitInput

TOGETHER = 4  # digits in one pass: some milliseconds


@dataclasses.dataclass(frozen=True, eq=False)
class Best:
    """The strongest digits of every map of a layer so far, strongest first.

    values: (k, maps), how strong; minus infinity where there is none yet.
    digits: (k, maps), which of the digits.
    places: (k, maps), where in the map that is, counted row by row.
    """

    values: np.ndarray
    digits: np.ndarray
    places: np.ndarray

    @classmethod
    def none(cls, maps: int) -> "Best":
        """Return what is known at first."""
        zeros = np.zeros((MOST, maps), int)
        return cls(np.full((MOST, maps), -np.inf), zeros, zeros)

    def with_more(self, y: np.ndarray, first: int) -> "Best":
        """Return what is known after some more digits.

        Args:
            y: a layer's output for them, (n, ..., maps).
            first: which of the digits the first one is.
        """
        flat = y.reshape(len(y), -1, y.shape[-1])  # (n, places, maps)
        places = flat.argmax(axis=1)  # (n, maps)
        values = np.take_along_axis(flat, places[:, None], axis=1)[:, 0]
        digits = np.broadcast_to(np.arange(first, first + len(y))[:, None], places.shape)
        new = np.nan_to_num(values.astype(np.float64), nan=-np.inf), digits, places
        old = self.values, self.digits, self.places
        joined = [np.concatenate(pair) for pair in zip(old, new, strict=True)]
        order = np.argsort(-joined[0], axis=0, kind="stable")[:MOST]
        return Best(*(np.take_along_axis(array, order, axis=0) for array in joined))


class Search:
    """Goes through digits, and keeps for every map of every layer those that excite it most.

    Args:
        model: built; it is only read.
        images: uint8 (n, 28, 28), 0 to 255.
        taken: how the model wants its digits.
    """

    def __init__(
        self, model: models.Sequential, images: np.ndarray, taken: DigitInput = USUAL
    ) -> None:
        self.model, self.images, self._input = model, images, taken
        self.done = 0  # digits so far
        self._best = [Best.none(layer.output_shape[-1]) for layer in model.layers]

    @property
    def margin(self) -> int:
        """Pixels that the model's input has around a digit."""
        return self._input.margin

    @property
    def finished(self) -> bool:
        """Whether there are no more digits."""
        return self.done == len(self.images)

    def advance(self, seconds: float) -> None:
        """Take some more digits, at least a few, for about so long."""
        end = time.perf_counter() + seconds
        while not self.finished:
            self._take_some()
            if time.perf_counter() >= end:
                return

    def _take_some(self) -> None:
        some = self.images[self.done : self.done + TOGETHER]
        x = self._input.prepare(some, self.model.dtype)  # (n, 28, 28, 1)
        with np.errstate(all="ignore"):  # a net that diverged has no strongest digits
            outputs = self.model.activations(x)
        self._best = [
            best.with_more(y, self.done) for best, y in zip(self._best, outputs, strict=True)
        ]
        self.done += len(some)

    def of_map(self, layer: int, place: int) -> list[Exciting]:
        """Return the digits that excite a map, strongest first; none that leave it at 0 or below.

        Args:
            layer: its place in `model.layers`.
            place: of the map, or the unit.
        """
        best, shape = self._best[layer], self.model.layers[layer].output_shape[1:-1]
        found = []
        for rank in range(MOST):
            value, where = float(best.values[rank, place]), int(best.places[rank, place])
            if value > 0:
                position = tuple(int(i) for i in np.unravel_index(where, shape)) if shape else ()
                found.append(Exciting(int(best.digits[rank, place]), value, position))
        return found
