"""The layers beside each other, a picture each; knows which number lies under the mouse."""

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import ttk

from gui.inside import layout
from gui.inside.colours import Palette
from gui.inside.headings import heading, lengths_of, texts_of, widest_heading
from gui.inside.layout import Column, LayerInfo, Position
from gui.inside.messages import Frame, Mark, Shown
from gui.widgets.seen import Seen
from gui.widgets.shortened import shortened
from gui.widgets.theme import Look, Theme

STRIP = 5  # height of a legend
SHIFT = 1  # bit of an event's state
SLICE = (
    1.5  # milliseconds in which pictures are put into their places before events have their turn
)

Place = tuple[int, Position]  # a layer, and where in its output


class ColumnsView(ttk.Frame):
    """Shows the columns of a net, and says which number the mouse is at.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        pane: has `point(place or None)`, `pin(place)` and `scrolled()`.
    """

    def __init__(self, parent: tk.Misc, look: Look, pane: object) -> None:
        super().__init__(parent)
        self._look, self._pane = look, pane
        self.canvas = tk.Canvas(self, width=1, height=1, highlightthickness=1, takefocus=1)
        self._bar = ttk.Scrollbar(self, orient="horizontal", command=self._scroll_across)
        self.canvas.configure(xscrollcommand=self._bar.set)
        self.canvas.pack(side="top", fill="both", expand=True)
        self.layers: tuple[LayerInfo, ...] = ()
        self.columns: tuple[Column, ...] = ()
        self._images: dict[int, tuple[tk.PhotoImage, tk.PhotoImage]] = {}
        self._seen = Seen()
        self._coming: dict[int, Shown] = {}  # pictures that are still to be put in their places
        self._whenever_put: Callable[[], None] | None = None
        self._bind()

    def _bind(self) -> None:
        canvas = self.canvas
        canvas.bind("<Motion>", lambda event: self._pane.point(self.place_at(event)))
        canvas.bind("<Leave>", lambda event: self._pane.point(None))
        canvas.bind("<Button-1>", self._pick)
        for sequence, rows in (("<Button-4>", -1), ("<Button-5>", 1)):
            canvas.bind(sequence, lambda event, rows=rows: self._wheel(event, rows))
        canvas.bind("<MouseWheel>", lambda event: self._wheel(event, -1 if event.delta > 0 else 1))

    # Which columns there are, and where.

    @property
    def least_height(self) -> int:
        """The height in which one row of tiles is seen, with what stands above and below it."""
        lengths, around = lengths_of(self._look), 2 * self._look.pixels(4) + 2
        return lengths.head + lengths.tile + lengths.foot + around + self._bar.winfo_reqheight()

    def lay_out(self, layers: Sequence[LayerInfo]) -> None:
        """Make the columns of a net, or make them anew for another size."""
        same, self.layers = self.layers == tuple(layers), tuple(layers)
        small, margin = self._look.small, self._look.pixels(4)
        area = self.canvas.winfo_width() - 2 * margin, self.canvas.winfo_height() - 2 * margin
        titles = [max(map(small.measure, widest_heading(info))) for info in layers]
        lengths = lengths_of(self._look)
        kept = {column.layer: column.first for column in self.columns if same}
        columns = layout.arrange(layers, titles, area, lengths)
        self.columns = tuple(column.scrolled(kept.get(column.layer, 0)) for column in columns)
        wide = layout.total(self.columns, lengths.between) if self.columns else 0
        self.canvas.configure(
            scrollregion=(-margin, -margin, max(wide, 1) + margin, area[1] + margin)
        )
        if wide > area[0]:
            self._bar.pack(side="bottom", fill="x")
        else:
            self._bar.pack_forget()
        if not kept or wide <= area[0]:
            self.canvas.xview_moveto(0)
        self._draw()

    def _draw(self) -> None:
        """Put everything there but what frames bring."""
        self.canvas.delete("all")
        self._images = {}
        self._seen.forget()
        for column, info in zip(self.columns, self.layers, strict=True):
            if column.kind == layout.FOLDED:
                self._draw_folded(column, info)
            else:
                self._draw_column(column, info)
        self.colour(self._look.theme)

    def _draw_folded(self, column: Column, info: LayerInfo) -> None:
        width, height = column.tile
        box = column.left, 0, column.left + width, height
        self.canvas.create_rectangle(*box, width=0, tags="trough")
        letters = max(8, height // max(1, self._look.small.measure("n")))
        text = shortened(f"{info.name}: {info.same}", letters)
        self.canvas.create_text(
            column.left + width // 2, height // 2, text=text, angle=90, tags="faint",
            font=self._look.small,
        )  # fmt: skip

    def _draw_column(self, column: Column, info: LayerInfo) -> None:
        canvas, small, line = self.canvas, self._look.small, self._look.small.metrics("linespace")
        tags = ("text", "faint", "faint")
        for row, (text, tag) in enumerate(zip(heading(info, column), tags, strict=True)):
            tags = (tag, f"head{column.layer}-{row}")
            canvas.create_text(
                column.left, row * line, anchor="nw", text=text, font=small, tags=tags
            )
        pictures = tk.PhotoImage(master=canvas), tk.PhotoImage(master=canvas)
        self._images[column.layer] = pictures
        left, bottom = column.left + column.inset, column.top + column.size[1]
        canvas.create_image(left, column.top, anchor="nw", image=pictures[0])
        below = bottom + self._look.pixels(4)
        canvas.create_image(left, below, anchor="nw", image=pictures[1])
        text_at = below + self._look.pixels(STRIP) + self._look.pixels(1)
        right = max(left + column.size[0], column.left + column.width * (not column.inset))
        for x, anchor, name in ((left, "nw", "low"), (right, "ne", "high")):
            tags = ("faint", f"{name}{column.layer}")
            canvas.create_text(x, text_at, anchor=anchor, font=small, tags=tags)
        if column.kind == layout.BARS:
            self._draw_bar_texts(column)
        if column.hidden:
            self._draw_thumb(column)

    def _draw_bar_texts(self, column: Column) -> None:
        write = partial(self.canvas.create_text, anchor="w", font=self._look.small)
        for place in range(column.maps):
            if (box := column.tile_box(place)) is not None:
                middle, end = (box[1] + box[3]) / 2, box[2] + self._look.pixels(4)
                write(column.left, middle, text=str(place), tags="text")
                write(end, middle, tags=("text", f"bar{column.layer}-{place}"))

    def _draw_thumb(self, column: Column) -> None:
        """Draw how much of a column is seen, and which part, to the right of its tiles."""
        x, height = column.left + column.size[0] + self._look.pixels(3), column.room
        ends = [
            height * row / column.all_rows for row in (column.first, column.first + column.rows)
        ]
        width = self._look.pixels(4)
        for (top, bottom), tag in (((0, height), "trough"), (ends, "thumb")):
            self.canvas.create_rectangle(
                x, column.top + top, x + width, column.top + min(bottom, height), width=0,
                tags=(tag, f"scroll{column.layer}"),
            )  # fmt: skip

    @property
    def in_sight(self) -> tuple[Column, ...]:
        """The columns that have pictures, and are not scrolled away."""
        left, right = self.canvas.canvasx(0), self.canvas.canvasx(self.canvas.winfo_width())
        return tuple(
            column
            for column in self.columns
            if column.kind != layout.FOLDED
            and column.left < right
            and column.left + column.width > left
        )

    # What frames bring: a few pictures at a time, so that no event waits for all of them.

    def show(self, frame: Frame, then: Callable[[], None]) -> None:
        """Put the pictures of a frame in their places, and call when they are there."""
        waiting = [layer for layer in self._coming if layer in frame.columns]  # it is their turn
        self._coming = {
            layer: frame.columns[layer] for layer in dict.fromkeys((*waiting, *frame.columns))
        }
        idle = self._whenever_put is None
        self._whenever_put = then
        if idle:
            self.after(0, self._put_next)

    def _put_next(self) -> None:
        until = time.perf_counter() + SLICE / 1000
        while self._coming:
            layer = next(iter(self._coming))
            shown = self._coming.pop(layer)
            if layer in self._images:
                self._put(layer, shown)
            if self._coming and time.perf_counter() > until:
                self.after(0, self._put_next)
                return
        then, self._whenever_put = self._whenever_put, None
        if then is not None:
            then()

    def _put(self, layer: int, shown: Shown) -> None:
        pictures = shown.picture, shown.legend
        for image, data in zip(self._images[layer], pictures, strict=True):
            if self._seen.changes(image, data):
                image.configure(data=data)
        for tag, text in texts_of(layer, shown).items():
            if self._seen.changes(tag, text):
                self.canvas.itemconfigure(tag, text=text)

    # Marks: which number is meant, and what it comes from.

    def column_of(self, layer: int) -> Column | None:
        """Return the column of a layer."""
        return next((column for column in self.columns if column.layer == layer), None)

    def select(self, place: Place | None, *, pinned: bool) -> None:
        """Outline the number that is explained; None: there is none."""
        self.canvas.delete("selected")
        column = self.column_of(place[0]) if place else None
        if column is not None:
            if pinned and column.hidden and column.box(place[1]) is None:
                self._scroll_to(column.showing(place[1]))
                column = self.column_of(place[0])
            width = self._look.pixels(2 if pinned else 1)
            self._outline(column.box(place[1]), "selected", self._look.theme.text, width)

    def mark(self, marks: Sequence[Mark], palette: Palette) -> None:
        """Outline what the number comes from."""
        self.canvas.delete("mark")
        signs = {1: palette.positive, -1: palette.negative}
        for mark in marks:
            if (column := self.column_of(mark.layer)) is None:
                continue
            box = column.box(mark.position, mark.rows, mark.columns)
            colour = self._look.theme.faint
            if mark.strong and mark.sign:
                colour = "#{:02x}{:02x}{:02x}".format(*signs[mark.sign])
            self._outline(box, "mark", colour, self._look.pixels(2 if mark.strong else 1))
        self.canvas.tag_raise("selected")

    def _outline(self, box: tuple | None, tag: str, colour: str, width: int) -> None:
        if box is not None:
            left, top, right, bottom = box
            self.canvas.create_rectangle(
                left - 1, top - 1, right, bottom, outline=colour, width=width, tags=tag
            )

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.canvas.configure(
            background=theme.window, highlightbackground=theme.window, highlightcolor=theme.accent
        )
        for tag in ("text", "faint", "trough"):
            self.canvas.itemconfigure(tag, fill=getattr(theme, tag))
        self.canvas.itemconfigure("thumb", fill=theme.other)

    # The mouse.

    def place_at(self, event: tk.Event) -> Place | None:
        """Return the layer and the position under the mouse; None where there is no number."""
        x, y = self.canvas.canvasx(event.x), self.canvas.canvasy(event.y)
        for column in self.columns:
            if (position := column.position_at(x, y)) is not None:
                return column.layer, position
        return None

    def _pick(self, event: tk.Event) -> None:
        self.canvas.focus_set()
        self._pane.pin(self.place_at(event))

    def _wheel(self, event: tk.Event, rows: int) -> None:
        """Scroll the column under the mouse, or with Shift all columns."""
        if int(event.state) & SHIFT:
            self._scroll_across("scroll", str(rows), "units")
            return
        x = self.canvas.canvasx(event.x)
        for column in self.columns:
            if column.left <= x < column.left + column.width and column.hidden:
                self._scroll_to(column.scrolled(rows))

    def _scroll_to(self, column: Column) -> None:
        """Show other maps of a layer."""
        if column in self.columns:
            return
        self.columns = tuple(column if c.layer == column.layer else c for c in self.columns)
        text = heading(self.layers[column.layer + 1], column)[2]
        self.canvas.itemconfigure(f"head{column.layer}-2", text=text)
        self.canvas.delete(f"scroll{column.layer}")
        self._draw_thumb(column)
        self.colour(self._look.theme)
        self._pane.scrolled()

    def _scroll_across(self, *how: str) -> None:
        self.canvas.xview(*how)
        self._pane.scrolled()

    def bring(self, layer: int) -> None:
        """Scroll so far that a layer's column is seen."""
        column, width = self.column_of(layer), self.canvas.winfo_width()
        whole = layout.total(self.columns, lengths_of(self._look).between)
        left = self.canvas.canvasx(0)
        if column is not None and not left <= column.left <= left + width - column.width:
            middle = column.left - (width - column.width) // 2
            self._scroll_across("moveto", str(max(0, middle) / max(1, whole)))
