"""The pane "Inside": the net at work on the drawing, layer by layer, forward and on the way back."""

import tkinter as tk
from functools import partial
from tkinter import ttk

from gui.drawing.drawing import Items
from gui.inside import walking
from gui.inside.colours import palette
from gui.inside.columns_view import STRIP, ColumnsView, Place
from gui.inside.explanation_view import HINT, ExplanationView
from gui.inside.messages import Frame, Told, Wish
from gui.recognition.top_guesses import top_guesses
from gui.widgets.keyboard import make_one_stop
from gui.widgets.seen import Seen
from gui.widgets.side import BasePane
from gui.widgets.theme import Theme

TILES = 0.55  # of the pane's height, that the tiles take at least, with what stands around them
EXPLANATION = 300  # height of the explanation at most, at 96 dots an inch
FRAMES = 4  # to an explanation, amid a stroke
ONE_LINE = 800  # width in which the longest sentence above the tiles fits into one line
FORWARD = "What every layer makes of the drawing; blue is above 0, orange below."
BACK = "Tiles: dL/dy, the loss by each number."
TURNING = "One moment… The very first way back takes some seconds."
BLANK = "Draw a digit, and see what every layer makes of it."
LOADING = "The model is being loaded…"


class Pane(BasePane):
    """Shows every layer's numbers, and explains them.

    Args: see `BasePane`.
    """

    follows_layers = True

    def __init__(self, parent: tk.Misc, window: object) -> None:
        super().__init__(parent, window)
        self.label = tk.StringVar(self, "")  # the digit of the way back; "": forward
        self._wanted: tuple[int, Items] = (0, ())
        self._asked = False  # whether a frame is being made
        self._stale = False  # whether something has changed since it was asked for
        self._open = False
        self._unexplained = 0  # frames since the last explanation
        self._pointed: Place | None = None
        self.pinned: Place | None = None
        self.told: Told | None = None
        self.frame: Frame | None = None  # that is shown
        self._seen = Seen()
        self._make_controls()
        self.columns = ColumnsView(self, self.look, self)
        self.explanation = ExplanationView(self, self.look)
        self._row.pack(side="top", fill="x")
        self._line.pack(side="top", fill="x")
        self.explanation.pack(side="bottom", fill="x")
        self.columns.pack(side="top", fill="both", expand=True, pady=self.look.pixels(4))
        self.pack_propagate(False)
        self.bind("<Configure>", self._resized)
        self.columns.canvas.bind("<Configure>", lambda event: self._lay_out())
        self._bind_keys()

    def _make_controls(self) -> None:
        row = self._row = ttk.Frame(self)
        style = ttk.Style(self)
        style.configure("Small.TButton", padding=(self.look.pixels(4), self.look.pixels(2)))
        style.configure("Small.Toolbutton", padding=(self.look.pixels(4), self.look.pixels(3)))
        self.choices: dict[str, ttk.Radiobutton] = {}
        for value in ("", *map(str, range(10))):
            choice = ttk.Radiobutton(
                row, text=value or "Forward", style="Small.Toolbutton", variable=self.label,
                value=value, command=self._turned,
            )  # fmt: skip
            choice.pack(side="left", padx=(0, self.look.pixels(1)))
            self.choices[value] = choice
            if not value:
                label = ttk.Label(row, text="This is a")
                label.pack(side="left", padx=self.look.pixels(6))
        make_one_stop(self.choices, self.label)
        save = self.window.view.controls.button(row, "save_view")
        save.configure(style="Small.TButton")
        save.pack(side="right")
        self._line = ttk.Frame(self)  # of a fixed height: tiles must not move with the sentence
        self._line.pack_propagate(False)
        self._says = ttk.Label(self._line, style="Faint.TLabel", text=LOADING)
        self._says.pack(anchor="nw")

    def _bind_keys(self) -> None:
        canvas = self.columns.canvas
        for key in (*walking.STEPS, *walking.MAPS):
            canvas.bind(f"<{key}>", partial(self._walk, key))
        for key, step in (("Left", -1), ("Right", 1)):
            for modifier in ("Control", "Shift"):
                canvas.bind(f"<{modifier}-{key}>", partial(self._walk_layers, step))
        canvas.bind("<Escape>", lambda event: self.pin(None))

    @property
    def way_back(self) -> int | None:
        """The digit of the way back; None: forward."""
        return int(self.label.get()) if self.label.get() else None

    # What the window tells.

    def opened(self) -> None:
        """Show the newest drawing from now on."""
        self._open = True

    def shut(self) -> None:
        """Rest, and leave the keys to what is seen."""
        self._open = False
        self.window.root.focus_set()

    def show_drawing(self, version: int, items: Items) -> None:
        """Have the drawing run through the net."""
        self._wanted = version, items
        self._ask()

    def show_model(self) -> None:
        """Have it run through the other net."""
        if self._open:
            self._ask()

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.columns.colour(theme)
        self.explanation.colour(theme)
        self._ask()
        self._explain()

    @property
    def palette(self) -> object:
        """The colours of the tiles."""
        return palette(self.look.theme)

    # Frames: the next is asked for, of the newest drawing, when the one before is on the screen.

    def _ask(self) -> None:
        self._stale = True
        if self._asked or not self._open:
            return
        self._asked, self._stale = True, False
        strip = self.look.pixels(STRIP)
        columns = self.columns.in_sight
        wish = Wish(*self._wanted, self.way_back, columns, self.palette, strip)
        self.window.worker.submit_newest("inside.frame", wish)

    def frame_done(self, frame: Frame) -> None:
        """Show a frame: what every layer made of the newest drawing."""
        if frame.layers != self.columns.layers:
            self.pin(None)
            self.columns.lay_out(frame.layers)
            # It was made for another net's columns: once more for these, unless there is no net (no layers).
            self._stale = bool(frame.layers)
        self.columns.show(frame, partial(self._shown, frame))

    def _shown(self, frame: Frame) -> None:
        """All pictures are there: go on with what was drawn meanwhile.

        The words follow, at each frame or, while a hand draws, at some.
        """
        self.frame, self._asked = frame, False
        if self._stale:
            self._ask()
        self._say()
        self._unexplained += 1
        if not self._asked or self._unexplained >= FRAMES:
            self._unexplained = 0
            self._explain()

    def failed(self, sentence: str) -> None:
        """Say what went wrong, and be ready for the next drawing."""
        super().failed(sentence)
        self._asked = False

    def _say(self) -> None:
        """Say what the tiles show."""
        frame = self.frame
        if frame is None or not frame.layers:
            text = LOADING
        elif frame.blank:
            text = BLANK
        else:
            text = f"{frame.loss}. {BACK}" if frame.wish.label is not None else FORWARD
        shares = getattr(self.window.view.prediction_panel.prediction, "shares", None)
        if shares is not None and frame is not None and not frame.blank:
            guess = top_guesses(shares, self.window.view.threshold.get())
            text = f"{guess.summary}. {text}"
        self._tell(text)

    def _tell(self, text: str) -> None:
        if self._seen.changes("says", text):
            self._says.configure(text=text)

    def _turned(self) -> None:
        """Turn forward or back."""
        self._tell(TURNING)
        self._ask()

    def scrolled(self) -> None:
        """Fetch the pictures that have come in sight."""
        self._ask()
        self._mark()

    def _resized(self, event: tk.Event) -> None:
        self._says.configure(wraplength=event.width)
        lines = 1 if event.width >= self.look.pixels(ONE_LINE) else 2
        height = lines * self.look.small.metrics("linespace") + self.look.pixels(3)
        self._line.configure(height=height)
        above = self._row.winfo_reqheight() + height + 2 * self.look.pixels(4)
        tiles = max(round(TILES * event.height), self.columns.least_height)
        rest = min(self.look.pixels(EXPLANATION), event.height - above - tiles)
        self.explanation.configure(height=max(1, rest))

    def _lay_out(self) -> None:
        if self.columns.layers:
            self.columns.lay_out(self.columns.layers)
            self._ask()
            self._mark()

    # One number: pointed at, or pinned.

    @property
    def chosen(self) -> Place | None:
        """The number that is explained: the pinned one, else the one under the mouse."""
        return self.pinned or self._pointed

    def point(self, place: Place | None) -> None:
        """The mouse is over a number, or over none."""
        if place != self._pointed:
            self._pointed = place
            if self.pinned is None:
                self._explain()

    def pin(self, place: Place | None) -> None:
        """Keep a number; None: let go."""
        self.pinned = None if place == self.pinned else place
        self._explain()

    def _explain(self) -> None:
        place = self.chosen
        self._mark()
        if place is None:
            self._show_told(None)
        elif self._open:
            self.window.worker.submit_newest("inside.explain", *place)

    def explain_done(self, told: Told | None) -> None:
        """Show where a number comes from, if it is still the one that is meant."""
        if told is None or (told.layer, told.position) == self.chosen:
            self._show_told(told)

    def _show_told(self, told: Told | None) -> None:
        blank = self.frame is None or self.frame.blank
        self.told = told
        self.explanation.show(told, self.palette, BLANK if blank else HINT)
        self._mark()

    def _mark(self) -> None:
        self.columns.select(self.chosen, pinned=self.pinned is not None)
        meant = self.told is not None and (self.told.layer, self.told.position) == self.chosen
        self.columns.mark(self.told.marks if meant else (), self.palette)

    def _walk(self, key: str, event: tk.Event) -> str:
        place = self.chosen or self._first()
        if place is not None:
            column = self.columns.column_of(place[0])
            self._go(place[0], walking.within(column, place[1], key))
        return "break"

    def _walk_layers(self, step: int, event: tk.Event) -> str:
        place = self.chosen or self._first()
        if place is not None:
            layer, position = place
            column, other = map(self.columns.column_of, (layer, layer + step))
            if other is not None:
                self._go(layer + step, walking.across(position, column.shape, other.shape))
        return "break"

    def _first(self) -> Place | None:
        """Return the number in the middle of the input."""
        column = self.columns.column_of(-1)
        return (-1, tuple(size // 2 for size in column.shape)) if column else None

    def _go(self, layer: int, position: tuple[int, ...]) -> None:
        """Pin a number, and bring it in sight."""
        self.pinned = layer, position
        self.columns.bring(layer)
        self._explain()
