"""The commands that let another model read, and what is said of the one that does."""

import os

from gui.recognition.recogniser import BUNDLED
from gui.recognition.worker import Answer
from gui.widgets import file_dialogs
from gui.widgets.measuring import Measuring
from gui.widgets.view import View

NO_OTHER = (
    "There is no other model to change to: train one with “tinycnn train”, or open one. What has learnt in "
    "this window gives way to “As it was” alone."
)
SOON = "Which other model there is will be known in a moment."


class ModelCommands:
    """The part of a window's commands that is about its model."""

    view: View
    measuring: Measuring

    def open_model(self) -> None:
        """Ask for a model, and predict with it from now on."""
        if path := self.dialogs.ask(file_dialogs.model_to_open):
            self.load_model(path)

    def load_model(self, path: str | None) -> None:
        """Predict with a file's model from now on; None: with the bundled one."""
        if path is None:
            self.use_bundled_model()
            return
        self.view.say(f"Loading {os.path.basename(path)}…")
        self.view.models.asked(path)
        self.worker.submit("load", path)

    def use_bundled_model(self) -> None:
        """Go back to the model that comes along."""
        self.view.say("")
        self.worker.submit("load_bundled")

    def use_other_model(self) -> None:
        """Change between a person's own model and the bundled one."""
        self.measuring.look_again()
        quality = self.measuring.quality
        if quality.other is not None:
            self.load_model(None if quality.other == BUNDLED else quality.other)
        else:
            self.view.say(NO_OTHER if quality.done else SOON)

    def reads_with(self, name: str) -> None:
        """Say which model reads, and find out how well it does."""
        self.view.name_model(name)
        self.show_drawing_beside()
        self.measuring.begin()

    def _lend_done(self, answer: Answer) -> None:
        self.measuring.lent(answer.value)

    def _measure_done(self, answer: Answer) -> None:
        self.measuring.measured(answer.value)

    def _measure_failed(self, answer: Answer) -> None:
        """Nobody has asked for it: without a figure the model reads as well."""

    _lend_failed = _measure_failed
