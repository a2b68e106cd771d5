"""The buttons and sliders, each with its tooltip."""

import tkinter as tk
from functools import partial
from tkinter import ttk

from gui.recognition.top_guesses import NO_DIGIT
from gui.widgets.commands import BY_NAME, keys_of
from gui.widgets.theme import Look
from gui.widgets.tooltip import Tooltip

THINNEST, THICKEST = 0.02, 0.2  # diameter of the pen, as a share of the canvas's side
LEAST, MOST = NO_DIGIT, 0.99  # of the probability below which a guess is "not sure"


class Controls:
    """Makes buttons and sliders, and keeps what must be changed later.

    Args:
        window: has a method for every command.
        look: fonts and lengths.
        mac: whether keys are named as on a Mac.
    """

    def __init__(self, window: object, look: Look, *, mac: bool) -> None:
        self._window = window
        self._look = look
        self._mac = mac
        self.buttons: dict[str, ttk.Widget] = {}
        self.sliders: dict[str, ttk.Scale] = {}  # each by the command that raises it

    def button(self, parent: tk.Misc, name: str) -> ttk.Widget:
        """Make the button of a command."""
        command = BY_NAME[name]
        action = getattr(self._window, name)
        self.buttons[name] = ttk.Button(parent, text=command.label, command=action)
        self._explain(self.buttons[name], command.tip, name)
        return self.buttons[name]

    def choice(self, parent: tk.Misc, name: str, variable: tk.StringVar) -> ttk.Widget:
        """Make the button of a tool, which stays pressed while the tool is in hand."""
        command = BY_NAME[name]
        self.buttons[name] = ttk.Radiobutton(
            parent,
            text=command.label,
            style="Toolbutton",
            variable=variable,
            value=name,
            command=getattr(self._window, name),
        )
        self._explain(self.buttons[name], command.tip, name)
        return self.buttons[name]

    def slider(
        self,
        parent: tk.Misc,
        variable: tk.DoubleVar,
        ends: tuple[float, float],
        tip: str,
        names: tuple[str, str],
    ) -> ttk.Scale:
        """Make a slider from one end to the other, with the commands that move it by keys."""
        scale = ttk.Scale(
            parent,
            from_=ends[0],
            to=ends[1],
            length=self._look.pixels(70),
            variable=variable,
        )
        scale.bind("<Button-1>", _go_there)
        for keys, name in zip((("Left", "Down"), ("Right", "Up")), names, strict=True):
            for key in keys:
                scale.bind(f"<{key}>", partial(self._step, name))
        self.sliders[names[1]] = scale
        self._explain(scale, tip, *names)
        return scale

    def _step(self, name: str, event: tk.Event) -> str:
        """Move a slider as its key does; Tk's own step, a whole 1, must not come on top."""
        getattr(self._window, name)()
        return "break"

    def enable(self, name: str, *, possible: bool) -> None:
        """Let a button be pressed, or not."""
        self.buttons[name].state(["!disabled" if possible else "disabled"])

    def press(self, name: str, *, pressed: bool) -> None:
        """Let a button look as if it were held down, or not."""
        self.buttons[name].state(["selected" if pressed else "!selected"])

    def _explain(self, widget: tk.Widget, tip: str, *names: str) -> None:
        keys = ", ".join(keys_of(BY_NAME[name], mac=self._mac) for name in names)
        Tooltip(widget, f"{tip} ({keys})", self._look)


def _go_there(event: tk.Event) -> None:
    """Bring a slider's knob to the mouse, from where it can be pulled; Tk would step by a whole 1."""
    scale = event.widget
    if "slider" not in str(scale.identify(event.x, event.y)):
        scale.set(scale.get(event.x, event.y))
        scale.update_idletasks()  # now the knob lies under the mouse, which takes hold of it
