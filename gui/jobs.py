"""All that the worker can be asked for: recognition, and what the panes beside the paper need."""

import functools

from gui.recognition.recogniser import Recogniser


class Jobs(Recogniser):
    """Recognition by the names of its methods; what a pane asks for begins with the pane's name and a dot."""

    @functools.cached_property
    def learning(self) -> object:
        """What the pane "learning" asks for: see `LearningJobs`."""
        from gui.learning.jobs import LearningJobs

        return LearningJobs(self)
