"""What lies beside the paper: one pane at a time, made when it is first asked for."""

import importlib
import tkinter as tk
from tkinter import ttk

from gui.drawing.drawing import Items
from gui.recognition.worker import Answer, Worker
from gui.widgets.theme import Look, Theme

PANES = {  # each pane's name, and the module whose `Pane` it is
    "inside": "gui.inside.pane",
    "kernels": "gui.inside.kernels_pane",
    "learning": "gui.learning.pane",
}
BELOW = {"why": "gui.inside.why_pane"}  # the same of what lies in a row below the paper
BUTTONS = {  # the commands that open and shut them
    "inside": "show_inside",
    "kernels": "show_kernels",
    "learning": "show_learning",
    "why": "show_why",
}


class BasePane(ttk.Frame):
    """A view beside the paper. What it does not care for, it leaves as it is here.

    It asks `window.worker` for jobs "name.job", where name is its own, and `job_done(value)` or, if
    it failed, `failed(sentence)` is called with what came of it.

    Args:
        parent: where it lies.
        window: with the drawing, the worker, the view and its look.
    """

    def __init__(self, parent: tk.Misc, window: object) -> None:
        super().__init__(parent)
        self.window = window
        self.workers: list[Worker] = []  # of its own, started; they are stopped with the window

    way_back: int | None = None  # the digit whose loss is followed back; None: forward
    follows_layers = False  # whether it shows what every layer makes of each drawing

    @property
    def look(self) -> Look:
        """Fonts and lengths."""
        return self.window.view.look

    def opened(self) -> None:
        """It is seen from now on."""

    def shut(self) -> None:
        """It is not seen any more."""

    def show_drawing(self, version: int, items: Items) -> None:
        """The drawing has changed; called while the pane is open, amid a stroke too."""

    def show_model(self) -> None:
        """Another model reads from now on; called while the pane is open or shut."""

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""

    def failed(self, sentence: str) -> None:
        """Say what went wrong with a job of this pane."""
        self.window.view.say(sentence, wrong=True)


class Side:
    """The panes of a window.

    Args:
        window: that they belong to.
    """

    def __init__(self, window: object) -> None:
        self._window = window
        self._panes: dict[str, BasePane] = {}
        self.name = ""  # of the open pane
        self.below = ""  # of the one in a row below the paper

    @property
    def pane(self) -> BasePane | None:
        """The open pane."""
        return self._panes.get(self.name)

    @property
    def open(self) -> list[BasePane]:
        """The open pane, and the one below the paper."""
        return [self._panes[name] for name in (self.name, self.below) if name]

    @property
    def label(self) -> int | None:
        """The digit that a pane shows the way back from; None: it shows the way forward."""
        return next((pane.way_back for pane in self.open if pane.way_back is not None), None)

    @property
    def follows_layers(self) -> bool:
        """Whether an open pane shows what every layer makes of each drawing."""
        return any(pane.follows_layers for pane in self.open)

    @property
    def workers(self) -> list[Worker]:
        """Those that the panes have started."""
        return [worker for pane in self._panes.values() for worker in pane.workers]

    def toggle(self, name: str) -> None:
        """Open a pane in the place of another, or shut it."""
        if self.pane is not None:
            self._shut(self.pane)
        self.name = "" if name == self.name else name
        if self.name:
            self._make(name, PANES[name])
        self._window.view.put_beside(self.pane)
        self._press_buttons()
        if self.pane is not None:
            self.pane.opened()
            self._window.show_drawing_beside()

    def toggle_below(self, name: str) -> None:
        """Open a pane in a row below the paper, or shut it."""
        self.below = "" if name == self.below else name
        pane = self._make(name, BELOW[name])
        self._window.view.put_below(pane if self.below else None)
        self._press_buttons()
        if not self.below:
            self._shut(pane)
            return
        pane.opened()
        self._window.show_drawing_beside()

    def _shut(self, pane: BasePane) -> None:
        """Let a pane rest, and leave the keys to what is seen."""
        pane.shut()
        root = self._window.root
        if str(root.tk.call("focus")).startswith(f"{pane}."):
            root.focus_set()

    def _press_buttons(self) -> None:
        """Let it be seen which panes are open."""
        for name, button in BUTTONS.items():
            self._window.view.controls.press(button, pressed=name in (self.name, self.below))

    def _make(self, name: str, module: str) -> BasePane:
        """Return a pane, which is made the first time."""
        if name not in self._panes:
            made = importlib.import_module(module).Pane(self._window.view.body, self._window)
            self._panes[name] = made
            made.colour(self._window.view.look.theme)
        return self._panes[name]

    def show_drawing(self, version: int, items: Items) -> None:
        """Tell the open panes that the drawing has changed."""
        for pane in self.open:
            pane.show_drawing(version, items)

    def show_model(self) -> None:
        """Tell every pane that another model reads."""
        for pane in self._panes.values():
            pane.show_model()

    def colour(self, theme: Theme) -> None:
        """Let every pane take on the colours of a theme."""
        for pane in self._panes.values():
            pane.colour(theme)

    def take(self, answer: Answer) -> None:
        """Hand the answer to a job "name.job" to the pane of that name."""
        name, _, job = answer.job.partition(".")
        if answer.error is not None:
            self._panes[name].failed(answer.error)
        else:
            getattr(self._panes[name], f"{job}_done")(answer.value)
