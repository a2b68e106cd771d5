"""All that the worker can be asked for: recognition, and what the panes beside the paper need."""

import copy
import functools
import os

from gui.drawing.drawing import Items
from gui.recognition.quality import Lent, state_of
from gui.recognition.recogniser import Recogniser


class Jobs(Recogniser):
    """Recognition by the names of its methods; what a pane asks for begins with the pane's name and a dot."""

    _file = (0, 0)  # what the file of the model was like when it was loaded

    @functools.cached_property
    def learning(self) -> object:
        """What the pane "learning" asks for: see `LearningJobs`."""
        from gui.learning.jobs import LearningJobs

        return LearningJobs(self)

    @functools.cached_property
    def inside(self) -> object:
        """Jobs of the pane that looks into the model: see `gui.inside.jobs`."""
        from gui.inside.jobs import Inside

        return Inside(self)

    @functools.cached_property
    def why(self) -> object:
        """Jobs of what lies over the paper: see `gui.inside.why_jobs`."""
        from gui.inside.why_jobs import Why

        return Why(self)

    @functools.cached_property
    def kernels(self) -> object:
        """Jobs of the pane that shows kernels: see `gui.inside.kernel_jobs`."""
        from gui.inside.kernel_jobs import Kernels

        return Kernels(self)

    def load(self, path: str | None) -> str:
        """Do what `Recogniser.load` does, and remember what the file was like."""
        from tinycnn.pretrained.digit_model import OWN

        file = state_of(path or OWN)
        said = super().load(path)
        self._file = file
        return said

    def lend(self, serial: int) -> Lent | None:
        """Return a copy of the model that reads, to be tried on simulated drawings; None if there is none."""
        if self.model is None:
            return None
        learnt, copied = self.model is not self.opened, copy.deepcopy(self.model)
        anew = os.path.isfile(self.name) and state_of(self.name) != self._file
        return Lent(serial, copied, self.name, self.input, self.scale, learnt, anew)

    def save_view(self, path: str, items: Items, label: int | None) -> str:
        """Write one picture of all that the window can show of the net: guesses, why, layers, kernels.

        Args:
            path: of the picture; it is returned.
            items: the drawing.
            label: the digit of the way back, whose gradients are shown, too; None: without them.

        Raises:
            PictureError: it cannot be written there.
            ValueError: nothing is drawn, or there is no model yet.
        """
        from gui.inside.export import view
        from tinycnn.utils.plots import save_picture

        if self.model is None:
            raise ValueError("There is no view to save yet: the model is being loaded.")
        digit = self.last_digit(items) if items else None
        save_picture(view(self.model, self.name, items, label, self.input, digit), path)
        return path
