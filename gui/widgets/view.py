"""Where everything lies in the window."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.recognition.top_guesses import percent
from gui.widgets.canvas import DrawingCanvas
from gui.widgets.controls import LEAST, MOST, THICKEST, THINNEST, Controls
from gui.widgets.keys_window import KeysWindow
from gui.widgets.prediction_panel import PredictionPanel
from gui.widgets.status_bar import StatusBar
from gui.widgets.theme import DARK, Look, Theme

SIDE = 480  # of the canvas at first, on a screen of 96 dots an inch
PEN = 0.07  # diameter of the pen at first, as a share of the canvas's side
THRESHOLD = 0.6  # a guess below this probability is "not sure"


class View:
    """The widgets of the window, and the values that a person sets with them.

    Args:
        root: an empty Tk window.
        window: has a method for every command.
        canvas: makes the canvas in a frame that it is given.
        theme: the colours at first.
        mac: whether keys are named as on a Mac.
    """

    def __init__(
        self,
        root: tk.Tk,
        window: object,
        canvas: Callable[[tk.Misc], DrawingCanvas],
        theme: Theme,
        *,
        mac: bool,
    ) -> None:
        self._root = root
        self.look = Look(root)
        self.tool = tk.StringVar(root, "take_pen")
        self.pen = tk.DoubleVar(root, PEN)
        self.threshold = tk.DoubleVar(root, THRESHOLD)
        self.controls = Controls(window, self.look, mac=mac)
        gap = self.look.pixels(10)
        body = ttk.Frame(root, padding=gap)
        body.pack(fill="both", expand=True)
        body.columnconfigure(0, weight=1)
        body.rowconfigure(1, weight=1)
        self._head(body).grid(row=0, column=0, columnspan=2, sticky="ew")
        field = ttk.Frame(body)
        field.grid(row=1, column=0, sticky="nsew", pady=gap)
        self.canvas = canvas(field)
        self.keys = KeysWindow(root, self.canvas, self.look, mac=mac)
        self._tools(body).grid(row=2, column=0, sticky="ew")
        self.prediction_panel = self._make_panel(body)
        self.prediction_panel.grid(
            row=1, column=1, rowspan=2, sticky="n", padx=(2 * gap, 0), pady=(gap, 0)
        )
        self.status_bar = StatusBar(body, self.look)
        self.status_bar.grid(row=3, column=0, columnspan=2, sticky="ew")
        self.threshold.trace_add("write", lambda *_: self._set_threshold())
        self._set_threshold()
        self.paint(theme)
        self._set_size(field)

    def paint(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.look.apply(self._root, theme)
        for part in (self.canvas, self.prediction_panel, self.keys):
            part.colour(theme)
        self.controls.buttons["change_theme"].configure(text="Light" if theme is DARK else "Dark")

    def say(self, sentence: str, *, wrong: bool = False) -> None:
        """Put a sentence into the status bar."""
        self.status_bar.say(sentence, wrong=wrong)

    def name_model(self, name: str) -> None:
        """Say which model predicts."""
        self.status_bar.name_model(name)

    def _side(self) -> int:
        """Return the canvas's side at first, no more than the screen has room for."""
        down = self._root.winfo_screenheight() - self.look.pixels(220)
        across = self._root.winfo_screenwidth() - self.look.pixels(340)
        return max(self.look.pixels(120), min(self.look.pixels(SIDE), down, across))

    def _set_size(self, field: ttk.Frame) -> None:
        """Let the person alone change the size from now on, down to where nothing is cut off."""
        self._root.withdraw()
        self._root.update_idletasks()
        self._root.minsize(self._root.winfo_reqwidth(), self._root.winfo_reqheight())
        field.configure(width=self._side(), height=self._side())
        self._root.update_idletasks()
        self._root.geometry(f"{self._root.winfo_reqwidth()}x{self._root.winfo_reqheight()}")
        self._root.deiconify()

    def _row(self, parent: tk.Misc, *widgets: ttk.Widget) -> None:
        for widget in widgets:
            widget.pack(side="left", padx=(0, self.look.pixels(6)))

    def _head(self, body: ttk.Frame) -> ttk.Frame:
        row = ttk.Frame(body)
        for name in ("open_picture", "save_drawing", "open_model"):
            self._row(row, self.controls.button(row, name))
        for name in ("show_keys", "change_theme"):
            button = self.controls.button(row, name)
            button.pack(side="right", padx=(self.look.pixels(6), 0))
        self.controls.buttons["change_theme"].configure(width=5)  # Light, or Dark
        return row

    def _tools(self, body: ttk.Frame) -> ttk.Frame:
        row = ttk.Frame(body)
        for name in ("take_pen", "take_eraser"):
            self._row(row, self.controls.choice(row, name, self.tool))
        width = self.controls.slider(
            row, self.pen, (THINNEST, THICKEST), "Width of the pen", ("thinner", "thicker")
        )
        self._row(row, ttk.Label(row, text="Width"), width)
        for name in ("undo", "redo", "clear"):
            self._row(row, self.controls.button(row, name))
        return row

    def _make_panel(self, body: ttk.Frame) -> PredictionPanel:
        panel = PredictionPanel(body, self.look)
        tip = "The probability below which a guess is called not sure"
        ends, names = (LEAST, MOST), ("lower_threshold", "raise_threshold")
        self._threshold_label = ttk.Label(panel.extra)
        self._threshold_label.pack(anchor="w")
        scale = self.controls.slider(panel.extra, self.threshold, ends, tip, names)
        scale.pack(anchor="w", fill="x", pady=(self.look.pixels(4), 0))
        return panel

    def _set_threshold(self) -> None:
        share = self.threshold.get()
        self._threshold_label.configure(text=f"Not sure below {percent(share)}")
        self.prediction_panel.set_threshold(share)
