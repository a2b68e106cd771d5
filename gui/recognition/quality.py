"""How well the model that reads does on simulated drawings, and the one it could give way to. No Tk in here.

It has a worker of its own, with copies of the models, so that no drawing ever waits for it. Everything heavy
is imported inside of the methods.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from gui.recognition.recogniser import BUNDLED, loaded
from gui.recognition.top_guesses import NO_DIGIT, percent
from tinycnn.utils.errors import FileError

if TYPE_CHECKING:
    import numpy as np

    from tinycnn.pretrained.digit_input import DigitInput

COUNT = (
    300  # simulated drawings, `drawing_accuracy.DRAWINGS`, which is too heavy for the open window
)
READ = 50  # of them at a time: the window must get its turn in between
CANNOT_READ = (FileError, OSError, ValueError, MemoryError)


@dataclasses.dataclass(frozen=True, eq=False)
class Lent:
    """A copy of the model that reads, to be tried elsewhere.

    serial: of the question.
    model, name, input: see `Recogniser`.
    scale: what models from files take for background and foreground; None: it is found out.
    learnt: whether it has learnt since it was opened.
    anew: whether its file was written anew since then.
    """

    serial: int
    model: object
    name: str
    input: DigitInput
    scale: tuple[float, float] | None
    learnt: bool
    anew: bool = False


@dataclasses.dataclass(frozen=True)
class Quality:
    """What is known of the model that reads, and of the one that is offered in its place.

    serial: of the question.
    share: of the simulated drawings that it reads; None: not known yet, or it cannot read.
    other: the name of the other model; None: there is none, or it is not known yet.
    other_share: see `share`.
    done: whether this is all that will be known.
    """

    serial: int = 0
    share: float | None = None
    other: str | None = None
    other_share: float | None = None
    done: bool = False

    @property
    def sentence(self) -> str:
        """What is said behind the name of the model that reads.

        Example:
            >>> Quality(share=0.91).sentence, Quality().sentence
            ('reads 91 % of 300 simulated drawings', '')
        """
        if self.share is None:
            return ""
        return f"reads {percent(self.share)} of {COUNT} simulated drawings"


class Measurer:
    """Lets models read simulated drawings, the same for all, which are drawn once."""

    def __init__(self) -> None:
        self._images: list[np.ndarray] = []  # uint8 (10, 28, 28) each
        self._digits: list[np.ndarray] = []
        self._own = ""  # the file of the person's own model that read last
        self._known = Quality()
        self._steps: Iterator[None] = iter(())
        self._figures: dict[tuple, float | None] = {}  # of other models, None: it cannot be read

    def measure(self, lent: Lent) -> Quality:
        """Go on with a question for a moment, and return what is known by now: ask again until it is done."""
        if lent.serial != self._known.serial:
            self._known, self._steps = Quality(lent.serial), self._answer(lent)
        if next(self._steps, self) is self:
            self._know(done=True)
        return self._known

    def _know(self, **facts: object) -> None:
        self._known = dataclasses.replace(self._known, **facts)

    def _answer(self, lent: Lent) -> Iterator[None]:
        """Find out everything, in steps."""
        other = self._other(lent)
        key = other, *state_of(other)
        figure = self._figures.get(key)
        if (
            other in (BUNDLED, self._own) or figure is not None
        ):  # of any other file nothing is known
            self._know(other=other or None, other_share=figure)
        yield
        yield from self._draw()
        self._know(share=(yield from self._share(lent.model, lent.name, lent.input)))
        if other and key not in self._figures:
            yield
            self._figures[key] = yield from self._share_of_file(other, lent.scale)
        figure = self._figures.get(key)
        if figure is None and lent.anew:  # it is no model any more
            self._know(other=BUNDLED, other_share=self._figures.get((BUNDLED, *state_of(BUNDLED))))
        else:
            self._know(other=other if figure is not None else None, other_share=figure)

    def _other(self, lent: Lent) -> str:
        """Return the name of the model that is offered; "": none.

        It is the bundled one, for that one's own, and for a file's model what is in the file by now.
        """
        from tinycnn.pretrained.digit_model import OWN

        if lent.learnt:
            return ""  # it would be lost
        if lent.name != BUNDLED:
            self._own = lent.name
            return lent.name if lent.anew else BUNDLED
        own = self._own or OWN
        return own if os.path.isfile(own) else ""

    def _draw(self) -> Iterator[None]:
        """Draw what is not drawn yet."""
        from tinycnn.pretrained.drawing_accuracy import PART, simulated

        while len(self._images) * PART < COUNT:
            images, digits = simulated(len(self._images))
            self._images.append(images)
            self._digits.append(digits)
            yield

    def _share_of_file(self, name: str, scale: tuple[float, float] | None) -> Generator:
        """Return what `_share` does of a model that is loaded for that."""
        try:
            model, _, taken = loaded(None if name == BUNDLED else name, scale)
        except CANNOT_READ:
            return None
        return (yield from self._share(model, name, taken))

    def _share(self, model: object, name: str, taken: DigitInput) -> Generator:
        """Return the share of the drawings that a model takes for the right digit; None if it diverged."""
        import numpy as np

        from tinycnn.pretrained.digit_model import probabilities

        images, digits = np.concatenate(self._images), np.concatenate(self._digits)
        right = 0
        for start in range(0, COUNT, READ):
            several = slice(start, start + READ)
            try:
                shares = probabilities(model, name, taken.prepare(images[several]))  # (n, 10)
            except CANNOT_READ:
                return None
            found = (shares.argmax(axis=1) == digits[several]) & (shares.max(axis=1) >= NO_DIGIT)
            right += int(found.sum())
            yield
        return right / COUNT


def state_of(name: str) -> tuple[int, int]:
    """Return what changes when a file is written anew."""
    try:
        state = os.stat(name)
    except OSError:
        return 0, 0  # the bundled model, or no file
    return state.st_mtime_ns, state.st_size
