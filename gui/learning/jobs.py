"""What the pane asks of the window's worker, which alone touches the net that reads. No Tk in here.

Everything heavy is imported inside of the methods: they run on the worker, behind the open window.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from gui.drawing.drawing import Items
from gui.learning import own_digits
from gui.learning.steps import Change, Steps, first_kernels, view
from gui.learning.training import Snapshot
from gui.recognition.recogniser import Recogniser, described

if TYPE_CHECKING:
    from tinycnn.pretrained.digit_input import DigitInput

TAUGHT = " with your digits"  # behind a net's name


class LearningJobs:
    """Puts a net that learns in the place of the loaded one, and back.

    Args:
        recogniser: that reads with it.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        # The model that was there before, its name, and how it wants its digits.
        self._loaded: tuple[object, str, DigitInput] | None = None
        self._put: object = None  # what this has put in its place
        self._steps: Steps | None = None

    @property
    def _replaced(self) -> bool:
        """Whether the net that reads is one that this has put there."""
        return self._put is not None and self._recogniser.model is self._put

    def step(self, items: Items, digit: int, rate: float, times: int) -> tuple[Change, str]:
        """Let a copy of the net that reads learn from a drawing, and read with it from now on.

        Args:
            items: the drawing.
            digit: what it is, 0 to 9.
            rate: the optimizer's learning rate.
            times: how many steps.

        Returns:
            What has changed, and the new net's name.

        Raises:
            ValueError: nothing is drawn, or no model is loaded yet.
        """
        if self._steps is None or self._recogniser.model is not self._steps.model:
            self._steps = Steps(self._require_model())
        steps, name = self._steps, base_name(self._recogniser.name)
        change = steps.take(self._sample(items), digit, rate, times)
        return change, self._place(steps.model, stepped_name(name, steps.count))

    def undo(self, items: Items, digit: int | None) -> tuple[Change, str] | None:
        """Take the last step back; return as `step` does, None if there was none."""
        steps = self._steps
        if steps is None or self._recogniser.model is not steps.model:
            return None
        before = self._seen(steps.model, items, digit)
        if not steps.undo():
            return None
        after = self._seen(steps.model, items, digit)
        name = base_name(self._recogniser.name)
        change = Change(before, after, steps.count)
        return change, self._place(steps.model, stepped_name(name, steps.count))

    def restore(self) -> str | None:
        """Read with the loaded model again, which nothing has touched; return its name, None if it reads."""
        if not self._replaced:
            return None
        recogniser = self._recogniser
        recogniser.model, recogniser.name, recogniser.input = self._loaded
        self._put = self._steps = None
        return described(*self._loaded)

    def look(self, items: Items, digit: int | None) -> tuple[Change, float] | None:
        """Return what is to be seen of the net that reads, as a change of nothing, and its learning rate.

        None as long as there is no net.
        """
        model = self._recogniser.model
        if model is None:
            return None
        now = self._seen(model, items, digit)
        steps = self._steps
        count = steps.count if steps is not None and model is steps.model else 0
        return Change(now, now, count), model.optimizer.learning_rate if model.optimizer else 1.0

    def adopt(self, model: object, name: str) -> str:
        """Read with one of the project's own nets from now on; return its name and size."""
        from tinycnn.pretrained.digit_input import USUAL

        return self._place(model, name, USUAL)

    def update(self, reader: object, snapshot: Snapshot) -> tuple[int, list, bool]:
        """Give a reader the weights of its net in training.

        Returns:
            The number of steps that led there, the first kernels, and whether it is this net that reads.
        """
        reader.set_weights(snapshot.weights)
        reads = self._recogniser.model is reader
        self._recogniser.learnt += reads
        return snapshot.step, first_kernels(reader.layers), reads

    def adopt_taught(self, model: object) -> str:
        """Read with a net that has learnt the person's digits; return its name and size."""
        name = base_name(self._recogniser.name).removesuffix(
            TAUGHT
        )  # which may be so for the second time
        return self._place(model, f"{name}{TAUGHT}")

    def lend(self) -> tuple[object, DigitInput]:
        """Return a copy of the net that reads, to be taught elsewhere, and how it wants its digits."""
        return copy.deepcopy(self._require_model()), self._recogniser.input

    def save(self, path: str) -> str:
        """Write the net that reads to an .h5 file; return its path.

        Raises:
            ModelFileError: it cannot be written there.
        """
        self._require_model().save(path)
        return path

    def keep(self, items: Items, digit: int, read_as: int | None) -> int:
        """Keep a drawing with what it is: see `own_digits.keep`."""
        return own_digits.keep(self._recogniser.prepared(items).tobytes(), digit, read_as)

    def count(self) -> int:
        """Return how many digits were kept."""
        return own_digits.count()

    def _place(self, model: object, name: str, taken: DigitInput | None = None) -> str:
        """Put a model in the place of the loaded one, which is remembered."""
        recogniser = self._recogniser
        if not self._replaced:
            self._loaded = recogniser.model, recogniser.name, recogniser.input
        self._put = recogniser.model = model
        recogniser.learnt += 1
        recogniser.name, recogniser.input = name, taken or recogniser.input
        return described(model, name, recogniser.input)

    def _sample(self, items: Items) -> object:
        """Return a drawing as the net that reads takes it, float32 (1, 28, 28, 1).

        Raises:
            ValueError: nothing is drawn.
        """
        if not items:
            raise ValueError("Draw a digit first.")
        return self._recogniser.input.prepare(self._recogniser.prepared(items)[None])

    def _seen(self, model: object, items: Items, digit: int | None) -> object:
        """Return a `View` of a model and a drawing; of empty paper where nothing is drawn."""
        import numpy as np

        if items:
            return view(model, self._sample(items), digit)
        blank = np.zeros((1, 28, 28), np.uint8)
        return view(model, self._recogniser.input.prepare(blank), None)

    def _require_model(self) -> object:
        if self._recogniser.model is None:
            raise ValueError("The model is still being loaded: try again in a moment.")
        return self._recogniser.model


def base_name(name: str) -> str:
    """Return a model's name without what it has learnt.

    Example:
        >>> base_name(stepped_name("mnist.h5", 3))
        'mnist.h5'
    """
    return name.partition(" after ")[0] if name.endswith((" step", " steps")) else name


def stepped_name(name: str, count: int) -> str:
    """Return a model's name with the steps that it has taken since.

    Example:
        >>> stepped_name("the bundled model", 1), stepped_name("the bundled model", 0)
        ('the bundled model after 1 step', 'the bundled model')
    """
    return f"{name} after {count} {'step' if count == 1 else 'steps'}" if count else name
