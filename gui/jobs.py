"""All that the worker can be asked for: recognition, and what the panes beside the paper need."""

import functools

from gui.recognition.recogniser import Recogniser


class Jobs(Recogniser):
    """Recognition by the names of its methods; what a pane asks for begins with the pane's name and a dot."""

    @functools.cached_property
    def inside(self) -> object:
        """Jobs of the pane that looks into the model: see `gui.inside.jobs`."""
        from gui.inside.jobs import Inside

        return Inside(self)
