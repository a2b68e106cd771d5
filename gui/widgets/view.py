"""Where everything lies in the window."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.recognition.top_guesses import percent
from gui.widgets.canvas import DrawingCanvas
from gui.widgets.controls import LEAST, MOST, THICKEST, THINNEST, Controls
from gui.widgets.keys_window import KeysWindow
from gui.widgets.model_menu import ModelMenu
from gui.widgets.prediction_panel import LEAST as LEAST_PANEL
from gui.widgets.prediction_panel import PredictionPanel
from gui.widgets.recent_strip import RecentStrip
from gui.widgets.settings import Settings
from gui.widgets.status_bar import StatusBar
from gui.widgets.theme import DARK, LIGHT, Look, Theme

SHARE = 0.62  # of the screen's height, that the canvas takes at first
LEAST_SIDE = 330  # of the canvas in the smallest window, on a screen of 96 dots an inch
PEN_TIP = "Width of the pen, for the eye alone: every line is read as thick as MNIST's"
PANE = 560  # of a pane beside the paper, least width on a screen of 96 dots an inch
LEAST_WITH_PANE = (
    1000  # of a window with a pane, if the screen is so wide: nothing of that is cut off
)


class View:
    """The widgets of the window, and the values that a person sets with them.

    Args:
        root: an empty Tk window.
        window: has a method for every command.
        canvas: makes the canvas in a frame that it is given.
        settings: the values at first.
        mac: whether keys are named as on a Mac.
    """

    def __init__(
        self,
        root: tk.Tk,
        window: object,
        canvas: Callable[[tk.Misc], DrawingCanvas],
        settings: Settings,
        *,
        mac: bool,
    ) -> None:
        self._root = root
        self.look = Look(root)
        self.tool = tk.StringVar(root, "take_pen")
        self.pen = tk.DoubleVar(root, settings.pen)
        self.threshold = tk.DoubleVar(root, max(LEAST, settings.threshold))
        self.controls = Controls(window, self.look, mac=mac)
        gap = self._gap = self.look.pixels(10)
        body = self.body = ttk.Frame(root, padding=gap)
        body.pack(fill="both", expand=True)
        body.columnconfigure((0, 4), weight=1)  # what a wide window has too much lies at its sides
        body.rowconfigure(5, weight=1)
        head, tools = self._head(body, window), self._tools(body, window)
        field = self._field = ttk.Frame(body)
        self.canvas = canvas(field)
        self.keys = KeysWindow(root, self.canvas, self.look, mac=mac)
        self.prediction_panel = self._make_panel(body)
        self.answer = ttk.Label(
            self._rest(head), textvariable=self.prediction_panel.brief, style="Key.TLabel"
        )
        self.status_bar = StatusBar(body, self.look, self.controls)
        field.grid(row=1, column=1, pady=gap, sticky="w")
        self.prediction_panel.grid(row=1, column=2, padx=(2 * gap, 0))
        self._beside: ttk.Frame | None = None  # to the right of paper and panel
        self._widened = 0, 0  # width before a pane was put beside the paper, and with it
        self._rows = {0: head, 3: tools, 4: self.status_bar}  # and 2 for a pane below the paper
        for row, widget in self._rows.items():
            widget.grid(row=row, column=1, columnspan=3, sticky="ew")
            widget.bind("<Configure>", lambda event: self._fit(), add=True)
        body.bind("<Configure>", lambda event: self._fit(), add=True)
        self.threshold.trace_add("write", lambda *_: self._set_threshold())
        self._set_threshold()
        self.paint(DARK if settings.dark else LIGHT)
        self._set_size(settings.size)

    def paint(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.look.apply(self._root, theme)
        for part in (self.canvas, self.prediction_panel, self.keys):
            part.colour(theme)
        self.controls.buttons["change_theme"].configure(text="Light" if theme is DARK else "Dark")

    def settings(self, folder: str) -> Settings:
        """Return what a person chose here, and the folder of the last file."""
        width = self._root.winfo_width()
        if self._beside is not None and width == self._widened[1]:
            width = self._widened[0]  # the next window opens without the pane
        size = width, self._root.winfo_height()
        size = size if self._root.winfo_viewable() else None  # it was closed before it was there
        dark = self.look.theme is DARK
        return Settings(dark, self.pen.get(), self.threshold.get(), folder, size)

    def put_beside(self, pane: ttk.Frame | None) -> None:
        """Put a pane to the right of the paper, in the place of another; None: there shall be none."""
        before, self._beside = self._beside, pane
        if before is not None:
            before.grid_forget()
        if pane is not None:
            pane.grid(row=1, column=3, padx=(2 * self._gap, 0), pady=self._gap, sticky="nsew")
        if (before is None) != (pane is None):
            self._limit(beside=pane is not None)
            self._widen(pane is not None)
        self._fit()

    def put_below(self, pane: ttk.Frame | None) -> None:
        """Put a pane in a row below the paper; None: there shall be none."""
        before = self._rows.pop(2, None)
        if before is not None:
            before.grid_forget()
        if pane is not None:
            self._rows[2] = pane
            pane.grid(row=2, column=1, columnspan=3, sticky="ew")
        self._fit()

    def _limit(self, *, beside: bool) -> None:
        """Let the window be no smaller than what is in it needs."""
        width, height = self._least
        wide = min(self._root.winfo_screenwidth(), self.look.pixels(LEAST_WITH_PANE))
        self._root.minsize(max(width, wide) if beside else width, height)

    def _widen(self, more: bool) -> None:
        """Make room for a pane as far as the screen has it, or take that room back."""
        root = self._root
        width, height = root.winfo_width(), root.winfo_height()
        # The screen may not have done yet what was asked last: both widths are this window's own.
        chosen = width not in self._widened  # by the person
        if more:
            before = width if chosen else self._widened[0]
            wide = min(root.winfo_screenwidth(), before + self.look.pixels(PANE) + 2 * self._gap)
            self._widened = before, wide
        elif chosen:
            return
        else:
            wide = self._widened[0]
        left = max(0, min(root.winfo_x(), root.winfo_screenwidth() - wide))
        root.geometry(f"{wide}x{height}+{left}+{root.winfo_y()}")

    def say(self, sentence: str, *, wrong: bool = False) -> None:
        """Put a sentence into the status bar."""
        self.status_bar.say(sentence, wrong=wrong)

    def name_model(self, name: str) -> None:
        """Say which model predicts."""
        self.status_bar.name_model(name)

    def _set_size(self, remembered: tuple[int, int] | None) -> None:
        """Let the person alone change the size from now on, down to where nothing is cut off."""
        root, pixels = self._root, self.look.pixels
        root.withdraw()
        root.update_idletasks()
        panel, least = pixels(LEAST_PANEL[0]), pixels(LEAST_SIDE)
        across, down = self._around()
        buttons = 2 * self._gap + max(row.winfo_reqwidth() for row in self._rows.values())
        self._least = max(across + least + panel, buttons), down + least
        self._limit(beside=False)
        frame = pixels(30)  # the window's title, which the screen must have room for, too
        room = root.winfo_screenheight() - down - frame, root.winfo_screenwidth() - across - panel
        side = max(least, min(int(SHARE * root.winfo_screenheight()), *room))
        beside = min(root.winfo_screenwidth() - across - side, max(panel, side * 3 // 4))
        width, height = remembered or (max(across + side + beside, buttons), down + side)
        most = root.winfo_screenwidth(), root.winfo_screenheight() - frame
        root.geometry(f"{min(width, most[0])}x{min(height, most[1])}")
        root.deiconify()

    def _around(self) -> tuple[int, int]:
        """Return what of the window's width and height is neither canvas nor panel."""
        heights = [widget.winfo_reqheight() for widget in self._rows.values()]
        return 4 * self._gap, 4 * self._gap + sum(heights)

    def _fit(self) -> None:
        """Share the window out: the paper as large as it can be, the panel as high as the paper."""
        across, down = self._around()
        width, height = self.body.winfo_width() - across, self.body.winfo_height() - down
        panel, pane = self.look.pixels(LEAST_PANEL[0]), 0
        if self._beside is not None:
            width -= 2 * self._gap
            pane = min(self.look.pixels(PANE), width * 3 // 5)
            if width < pane + panel + self.look.pixels(LEAST_SIDE):
                panel = 0  # no room for all three: the answer has one line, above the paper
        side = max(1, min(height, width - panel - pane))
        if pane:
            side = max(1, min(side, (width - panel) * 2 // 5))
            self._beside.configure(width=max(1, width - side - panel), height=height)
        else:
            panel = max(1, min(width - side, side))
        self._field.configure(width=side, height=side)
        if panel:
            self.prediction_panel.configure(width=panel, height=side)
            self.prediction_panel.grid()
            self.answer.place_forget()
        else:
            self.prediction_panel.grid_remove()
            self.answer.place(x=self._gap, rely=0.5, anchor="w")

    def _row(self, parent: tk.Misc, *widgets: ttk.Widget) -> None:
        for widget in widgets:
            widget.pack(side="left", padx=(0, self.look.pixels(6)))

    def _rest(self, row: ttk.Frame) -> ttk.Frame:
        """Return a frame that asks for no room, and takes what a full row has left."""
        rest = ttk.Frame(row, width=1, height=1)
        rest.pack(side="left", fill="both", expand=True)
        return rest

    def _head(self, body: ttk.Frame, window: object) -> ttk.Frame:
        row = ttk.Frame(body)
        for name in ("open_picture", "save_drawing", "open_model"):
            self._row(row, self.controls.button(row, name))
        self.models = self.controls.buttons["models"] = ModelMenu(row, self.look, window.load_model)
        self._row(row, self.models)
        for name in ("show_keys", "change_theme"):
            button = self.controls.button(row, name)
            button.pack(side="right", padx=(self.look.pixels(6), 0))
        self.controls.buttons["change_theme"].configure(width=5)  # Light, or Dark
        return row

    def _tools(self, body: ttk.Frame, window: object) -> ttk.Frame:
        row = ttk.Frame(body)
        for name in ("take_pen", "take_eraser"):
            self._row(row, self.controls.choice(row, name, self.tool))
        width = self.controls.slider(
            row, self.pen, (THINNEST, THICKEST), PEN_TIP, ("thinner", "thicker")
        )
        self._row(row, ttk.Label(row, text="Width"), width)
        for name in ("undo", "redo", "clear"):
            self._row(row, self.controls.button(row, name))
        for name in ("show_learning", "show_inside", "show_kernels", "show_why"):  # from the right
            button = self.controls.button(row, name)
            button.pack(side="right", padx=(self.look.pixels(6), 0))
        self.recent = RecentStrip(self._rest(row), self.look, window.bring_back)
        self.recent.place(relx=1, rely=0.5, anchor="e")
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
