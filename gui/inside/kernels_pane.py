"""The pane "Kernels": a layer's filters as tiles, and the digits that excite each one's map most."""

import tkinter as tk
from functools import partial
from tkinter import ttk

from gui.drawing.drawing import Items
from gui.inside.colours import Palette, legend, palette, rgb
from gui.inside.digits_view import DigitsView
from gui.inside.kernel_messages import (
    MEAN,
    STRONGEST,
    Excited,
    KernelFrame,
    KernelInfo,
    KernelWish,
)
from gui.widgets.side import BasePane
from gui.widgets.theme import Theme

LOADING = "The model is being loaded…"
SOON, REST = 5, 400  # milliseconds until a search goes on: usually, and while somebody draws
CHOICES = {STRONGEST: "strongest input map", MEAN: "mean of the input maps"}
ONLY = {STRONGEST: "the only input map"}
STEPS = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}


class Pane(BasePane):
    """Shows the kernels of one layer.

    Args: see `BasePane`.
    """

    def __init__(self, parent: tk.Misc, window: object) -> None:
        super().__init__(parent, window)
        self._open = False
        self._first = 0  # row of tiles that is seen first
        self._timer = ""
        self.wanted: str | int = STRONGEST  # of the input maps, wherever there are several
        self.chosen = 0  # the filter whose digits are shown
        self.frame: KernelFrame | None = None
        self.excited: Excited | None = None
        self._make_controls()
        self._pictures = {
            name: tk.PhotoImage(master=self) for name in ("tiles", "legend", "digits")
        }
        self.canvas = tk.Canvas(self, takefocus=1, width=1, height=1, highlightthickness=1)
        self.foot = DigitsView(self, self.look)
        self.foot.pack(side="bottom", fill="x")
        self.canvas.pack(side="top", fill="both", expand=True, pady=self.look.pixels(4))
        self.pack_propagate(False)
        self._bind()

    def _make_controls(self) -> None:
        row = ttk.Frame(self)
        self.layer, self.choice = tk.StringVar(self), tk.StringVar(self, CHOICES[STRONGEST])
        self.boxes: dict[str, ttk.Combobox] = {}
        for name, variable, width in (("layer", self.layer, 14), ("choice", self.choice, 22)):
            box = ttk.Combobox(
                row, textvariable=variable, width=width, state="readonly", font=self.look.text
            )
            box.pack(side="left", padx=(0, self.look.pixels(6)))
            self.boxes[name] = box
        self.boxes["layer"].bind("<<ComboboxSelected>>", self._take_layer)
        self.boxes["choice"].bind("<<ComboboxSelected>>", self._take_choice)
        self.legend = [ttk.Label(row, style="Faint.TLabel") for _ in range(3)]
        for label in reversed(self.legend):
            label.pack(side="right", padx=(self.look.pixels(4), 0))
        row.pack(side="top", fill="x")
        self.says = ttk.Label(self, style="Faint.TLabel", text=LOADING)
        self.says.pack(side="top", fill="x")

    def _bind(self) -> None:
        self.canvas.bind("<Configure>", lambda event: self._ask())
        self.canvas.bind("<Button-1>", self._pick)
        for key, step in STEPS.items():
            self.canvas.bind(f"<{key}>", partial(self._walk, step))
        for sequence, rows in (("<Button-4>", -1), ("<Button-5>", 1)):
            self.canvas.bind(sequence, lambda event, rows=rows: self._scroll(rows))
        self.canvas.bind("<MouseWheel>", lambda event: self._scroll(-1 if event.delta > 0 else 1))

    # What the window tells.

    def opened(self) -> None:
        """Show the model's kernels from now on."""
        self._open = True
        self._ask()
        self._search_in(REST)

    def shut(self) -> None:
        """Rest."""
        self._open = False

    def show_drawing(self, version: int, items: Items) -> None:
        """Leave the worker to who draws."""
        self._search_in(REST)

    def show_model(self) -> None:
        """Show the other model's."""
        self.excited, self._first, self.chosen = None, 0, 0
        self._ask()
        self._search_in(REST)

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        for box in self.boxes.values():
            names = self.tk.call("ttk::combobox::PopdownWindow", box)
            self.tk.call(
                f"{names}.f.l", "configure", "-background", theme.canvas, "-foreground", theme.text
            )
        for canvas in (self.canvas, self.foot):
            canvas.configure(
                background=theme.window, highlightbackground=theme.window, highlightcolor=theme.accent
            )  # fmt: skip
        self._ask()
        self._search_in(SOON)

    # The tiles.

    @property
    def info(self) -> KernelInfo | None:
        """The layer that is shown."""
        return self.frame.info if self.frame else None

    def _wish(self) -> KernelWish:
        layers = self.frame.layers if self.frame else ()
        layer = next((info.layer for info in layers if info.name == self.layer.get()), None)
        pixels, area = self.look.pixels, (self.canvas.winfo_width(), self.canvas.winfo_height())
        legend_size = pixels(70), pixels(10)
        colours = palette(self.look.theme)
        return KernelWish(layer, self.wanted, area, pixels(6), self._first, legend_size, colours)

    def _ask(self) -> None:
        if self._open and self.canvas.winfo_width() > 1:
            self.window.worker.submit_newest("kernels.show", self._wish())

    def show_done(self, frame: KernelFrame) -> None:
        """Show the tiles."""
        self.frame = frame
        if frame.info is None:
            self.says.configure(text=LOADING if not frame.layers else "")
            return
        self.layer.set(frame.info.name)
        self.boxes["layer"].configure(values=[info.name for info in frame.layers])
        several = range(frame.info.shape[2]) if frame.info.shape[2] > 1 else ()
        names = (
            {**CHOICES, **{place: f"input map {place}" for place in several}} if several else ONLY
        )
        self.boxes["choice"].configure(values=list(names.values()))
        if several and self.wanted not in names:
            self.wanted = STRONGEST
        self.choice.set(names[self.wanted] if several else ONLY[STRONGEST])
        self.says.configure(
            text=f"{frame.info.what}. Click one for the digits that excite it most."
        )
        for name, data in (("tiles", frame.picture), ("legend", frame.legend)):
            self._pictures[name].configure(data=data)
        low, high = legend(frame.scale)
        for label, text in zip(self.legend, (low, "", high), strict=True):
            label.configure(text=text)
        self.legend[1].configure(image=self._pictures["legend"])
        self.chosen = min(self.chosen, frame.info.filters - 1)
        self._draw_tiles()
        self._draw_foot()
        if self._known is None and not self._timer:
            self._search_in(SOON)

    def _draw_tiles(self) -> None:
        canvas, column = self.canvas, self.frame.column
        canvas.delete("all")
        canvas.create_image(0, 0, anchor="nw", image=self._pictures["tiles"])
        box = column.tile_box(self.chosen) if self.info.filters > 1 else None
        if box is not None:
            colour, width = self.look.theme.text, self.look.pixels(2)
            left, top = (max(width, side - 1) for side in box[:2])  # the canvas ends at 0
            canvas.create_rectangle(left, top, *box[2:], outline=colour, width=width)

    def _take_layer(self, event: tk.Event) -> None:
        self.chosen = self._first = 0
        self.excited = None
        self._taken(event.widget)
        self._search_in(SOON)

    def _take_choice(self, event: tk.Event) -> None:
        place = event.widget.current()
        named = tuple(CHOICES)
        if self.info is not None and self.info.shape[2] > 1:
            self.wanted = named[place] if place < len(named) else place - len(named)
        self._taken(event.widget)

    def _taken(self, box: ttk.Combobox) -> None:
        box.selection_clear()
        self.canvas.focus_set()  # so that keys are commands again
        self._ask()

    def _pick(self, event: tk.Event) -> None:
        self.canvas.focus_set()
        position = self.frame.column.position_at(event.x, event.y) if self.info else None
        if position is not None:
            row, _, tile = position
            self.choose(row if self.info.in_rows else tile)

    def choose(self, place: int) -> None:
        """Show the digits of another map."""
        self.chosen = place
        column = self.frame.column
        if self.info.filters > 1 and column.tile_box(place) is None:
            self._first = column.showing((0, 0, place)).first
            self._ask()
        self._draw_tiles()
        self._draw_foot()
        self._search_in(SOON)

    def _walk(self, step: tuple[int, int], event: tk.Event) -> str:
        if self.info is not None:
            place = self.chosen + step[0] + step[1] * self.frame.column.across
            if 0 <= place < self.info.units:
                self.choose(place)
        return "break"

    def _scroll(self, rows: int) -> None:
        if self.info is not None:
            self._first = self.frame.column.scrolled(rows).first
            self._ask()

    # The digits.

    def _search_in(self, milliseconds: int) -> None:
        """Search on after a while; what was planned before is not done."""
        if self._timer:
            self.after_cancel(self._timer)
        self._timer = self.after(milliseconds, self._search)

    def _search(self) -> None:
        self._timer = ""
        if self._open and self.info is not None:
            theme = self.look.theme
            ground, ink = rgb(theme.canvas), rgb(theme.line)
            grey = Palette(rgb(theme.window), ground, ink, ink)
            look = self.foot.zoom, self.look.pixels(4), grey, palette(theme)
            self.window.worker.submit_newest("kernels.search", self.info.layer, self.chosen, look)

    def search_done(self, excited: Excited | None) -> None:
        """Show what a moment of the search has found, and search on until all digits are searched.

        Args:
            excited: `done` of `total` digits are searched; None: the model or the map is not there any more.
        """
        if excited is None or self.info is None:
            return
        self.excited = excited
        self._draw_foot()
        done = self._known is not None and excited.done == excited.total
        if self._open and not done and not self._timer:
            self._search_in(SOON)

    def _draw_foot(self) -> None:
        if self.info is not None:
            self.foot.show(self.frame, self.chosen, self._known)

    @property
    def _known(self) -> Excited | None:
        """What is known of the chosen map's digits."""
        excited = self.excited
        if excited and (excited.layer, excited.place) == (self.info.layer, self.chosen):
            return excited
        return None
