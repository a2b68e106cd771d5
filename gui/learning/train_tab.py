"""A net trained from nothing: what is chosen, and how it goes."""

import tkinter as tk
from tkinter import ttk

from gui.learning.pictures import confusion_tile, extent, mosaic, square, worst
from gui.learning.training import NETS, OPTIMIZERS, Run, Setting
from gui.learning.widgets import Curves, Picture, RateSlider, Wrapped, choices, palette
from gui.widgets.theme import Theme

MOST_SEED, MOST_EPOCHS = 2**32 - 1, 1000
STATES = {
    "waiting": "Waiting for its turn…",
    "loading": "Loading…",
    "training": "Learning",
    "paused": "Paused",
    "stopping": "Stopping…",
    "stopped": "Stopped",
    "ended": "Done",
    "diverged": "Diverged",
}


class TrainTab(ttk.Frame):
    """The part of the pane for whole trainings.

    Args:
        parent: where it lies.
        pane: that it belongs to.
    """

    def __init__(self, parent: tk.Misc, pane: object) -> None:
        super().__init__(parent)
        self._pane, look = pane, pane.look
        self._confusion: list | None = None
        self._kernels: list = []
        gap = look.pixels(6)
        self._make_variables()
        for row, frame in enumerate((self._first_row(), self._second_row(), self._third_row())):
            frame.grid(row=row, column=0, sticky="w", pady=(0, gap))
        self.status = Wrapped(self)
        self.status.grid(row=3, column=0, sticky="w", pady=(0, gap))
        plots, side = ttk.Frame(self), look.pixels(86)
        self.curves = Curves(plots, look, (look.pixels(290), look.pixels(104)))
        self.curves.grid(row=0, column=0, sticky="nw")
        room = side, side
        self._kernel_picture = self._picture(plots, "First kernels", 1, room, look.pixels(8))
        self._confusion_picture = self._picture(plots, "Confusion", 2, room, side // 10)
        plots.grid(row=4, column=0, sticky="w")
        self.mistake = Wrapped(self, style="Faint.TLabel")
        self.mistake.grid(row=5, column=0, sticky="w")
        self.enable(busy=False)
        self.say("Choose a net, and start: it knows nothing at first. Draw at any moment.")

    def _make_variables(self) -> None:
        setting = Setting(data="MNIST" if self._pane.has_mnist else "sample")
        self._net = tk.StringVar(self, setting.net)
        self._data = tk.StringVar(self, setting.data)
        self._optimizer = tk.StringVar(self, setting.optimizer)
        self._seed = tk.StringVar(self, str(setting.seed))
        self._epochs = tk.StringVar(self, str(setting.epochs))
        self.follow = tk.BooleanVar(self, True)

    def _first_row(self) -> ttk.Frame:
        row, look = ttk.Frame(self), self._pane.look
        self._label(row, "Net")
        choices(row, look, self._net, {name: name for name in NETS}).pack(side="left")
        self._label(row, "Data")
        values = {"MNIST": "MNIST", "Sample": "sample"}
        choices(row, look, self._data, values).pack(side="left")
        return row

    def _second_row(self) -> ttk.Frame:
        row, look = ttk.Frame(self), self._pane.look
        names = {name: name for name in OPTIMIZERS}
        choices(row, look, self._optimizer, names, self._set_rate).pack(side="left")
        self.rate = RateSlider(row, look, 34)  # more would cut the last field of the row off
        self.rate.pack(side="left", padx=(look.pixels(6), 0))
        for text, variable, most in (
            ("Seed", self._seed, MOST_SEED),
            ("Epochs", self._epochs, MOST_EPOCHS),
        ):
            self._label(row, text)
            self._number(row, variable, most).pack(side="left")
        self._set_rate()
        return row

    def _third_row(self) -> ttk.Frame:
        row, pane, gap = ttk.Frame(self), self._pane, self._pane.look.pixels(6)
        self.buttons = {
            "start": ttk.Button(row, text="Start", command=pane.start_training),
            "pause": ttk.Button(row, text="Pause", command=pane.pause_or_go_on),
            "stop": ttk.Button(row, text="Stop", command=pane.stop_training),
        }
        self.buttons["pause"].configure(width=6)
        for button in self.buttons.values():
            button.pack(side="left", padx=(0, gap))
        follow = ttk.Checkbutton(
            row,
            text="It reads my drawing",
            style="Toolbutton",
            variable=self.follow,
            command=pane.follow_changed,
        )
        follow.pack(side="left", padx=(0, gap))
        self.progress = ttk.Progressbar(row, length=pane.look.pixels(110), maximum=1.0)
        self.progress.pack(side="left")
        return row

    def _label(self, row: ttk.Frame, text: str) -> None:
        gap = self._pane.look.pixels(6)
        first = not row.winfo_children()
        ttk.Label(row, text=text).pack(side="left", padx=(0 if first else gap, gap))

    def _number(self, row: ttk.Frame, variable: tk.StringVar, most: int) -> ttk.Spinbox:
        field = ttk.Spinbox(
            row, from_=0, to=most, textvariable=variable, width=4, font=self._pane.look.text
        )
        top = str(self.winfo_toplevel())
        field.bindtags(
            [tag for tag in field.bindtags() if tag != top]
        )  # Delete would empty the paper
        for key in ("<Return>", "<Escape>"):
            field.bind(key, lambda event: self.winfo_toplevel().focus_set())
        return field

    def _picture(
        self, parent: tk.Misc, text: str, column: int, room: tuple[int, int], most: int
    ) -> Picture:
        frame, gap = ttk.Frame(parent), self._pane.look.pixels(10)
        frame.grid(row=0, column=column, sticky="nw", padx=(gap, 0))
        ttk.Label(frame, text=text, style="Faint.TLabel").pack(anchor="w")
        picture = Picture(frame, room, most)
        picture.pack(anchor="w")
        return picture

    def _set_rate(self) -> None:
        """A rate that is good for one optimizer is not for another."""
        self.rate.set(OPTIMIZERS[self._optimizer.get()])

    @property
    def setting(self) -> Setting:
        """What is chosen.

        Raises:
            ValueError: the seed or the number of epochs is none.
        """
        return Setting(
            self._net.get(),
            self._data.get(),
            self._optimizer.get(),
            self.rate.rate,
            whole("Seed", self._seed.get(), 0, MOST_SEED),
            whole("Epochs", self._epochs.get(), 1, MOST_EPOCHS),
        )

    def say(self, sentence: str) -> None:
        """Say how it goes."""
        if sentence != str(self.status["text"]):
            self.status.configure(text=sentence)

    def begin(self) -> None:
        """Forget what is shown of an earlier training."""
        self.curves.clear()
        self._confusion_picture.empty()
        self._kernel_picture.empty()
        self._confusion, self._kernels = None, []
        self.mistake.configure(text="")

    def enable(self, *, busy: bool) -> None:
        """Let those buttons be pressed that mean something now."""
        for name, button in self.buttons.items():
            possible = busy != (name == "start")
            button.state(["!disabled" if possible else "disabled"])

    def show(self, run: Run) -> None:
        """Show how far a run is."""
        self.curves.show(run.losses, run.accuracies, run.epochs, run.done)
        self.progress.configure(value=run.done)
        self.buttons["pause"].configure(text="Go on" if run.paused else "Pause")
        step = f", step {len(run.losses):,}" if run.losses else ""
        short = run.sentence if run.state == "loading" else ""
        self.say(short or f"{STATES[run.state]}{step}.")
        if run.confusion is not None and run.confusion is not self._confusion:
            self._confusion = run.confusion
            self._show_confusion()

    def show_kernels(self, kernels: list) -> None:
        """Show the first kernels as they are now."""
        self._kernels = kernels
        if kernels:
            across, scale = square(len(kernels)), extent(kernels)
            colours = palette(self._pane.look.theme)
            self._kernel_picture.show(*mosaic(kernels, across, scale, colours))

    def _show_confusion(self) -> None:
        tile = confusion_tile(self._confusion)
        colours = palette(self._pane.look.theme)
        self._confusion_picture.show(*mosaic([tile], 1, 1.0, colours))
        mistake = worst(self._confusion)
        legend = "Rows as they are, columns as read, 0 to 9; "
        self.mistake.configure(text=legend + (mistake or "no mistake"))

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.curves.colour(theme)
        self.show_kernels(self._kernels)
        if self._confusion is not None:
            self._show_confusion()


def whole(name: str, text: str, least: int, most: int) -> int:
    """Return the whole number that a person has written.

    Raises:
        ValueError: it is none, or out of its range.

    Example:
        >>> whole("Seed", " 7 ", 0, 9)
        7
    """
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most:
        return int(text)
    raise ValueError(f"{name} must be a whole number from {least} to {most:,}. Received: {text!r}")
