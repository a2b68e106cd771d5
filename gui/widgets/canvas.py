"""The canvas: shows the items of a drawing, and turns the mouse into points of the unit square."""

import tkinter as tk
from array import array
from collections.abc import Callable

from gui.drawing.drawing import Items, Picture, Stroke
from gui.drawing.eraser import Point
from gui.drawing.ink import Frame
from gui.widgets.ink_layer import InkLayer
from gui.widgets.theme import Theme


class DrawingCanvas(tk.Canvas):
    """A square canvas whose points go from (0, 0), left and top, to (1, 1).

    Args:
        parent: the frame in whose middle it lies, as large as it can be.
        on_press, on_move, on_release: called with the point; `on_press` also with whether it was
            the button that erases.
        on_picture: called with a picture and a side in pixels when it should be shown so large;
            the answer goes to `put_picture`.
    """

    def __init__(
        self,
        parent: tk.Misc,
        on_press: Callable[[Point, bool], None],
        on_move: Callable[[Point], None],
        on_release: Callable[[], None],
        on_picture: Callable[[Picture, int], None],
    ) -> None:
        super().__init__(parent, highlightthickness=0, borderwidth=0, cursor="pencil", width=1)
        self._on_picture = on_picture
        self._side = 1
        self._ring_colour = "black"
        self._shown: dict[Stroke, None] = {}
        self._now: list[Stroke] = []  # pieces of the stroke that is being drawn
        self.layer = InkLayer(self)
        self._picture: Picture | None = None
        self.faded = False  # whether lines are faint, so that what is laid over them is seen
        self._overlay = tk.PhotoImage(master=self)
        self._pixels = tk.PhotoImage(master=self)
        self.create_image(0, 0, image=self._pixels, anchor="nw", tags="picture")
        self.create_image(0, 0, image=self._overlay, anchor="nw", tags="overlay")
        parent.bind("<Configure>", self._fit, add=True)
        self._listen(on_press, on_move, on_release)

    def show(self, items: Items, around: Frame | None = None) -> None:
        """Show these items and nothing else; what is shown already stays as it is.

        Args:
            items: what is on the canvas.
            around: outside of this all is shown already.
        """
        strokes = dict.fromkeys(item for item in items if isinstance(item, Stroke))
        gone = [one for one in self._shown if one not in strokes]
        new = [one for one in strokes if one not in self._shown]
        self._shown = strokes
        if self.layer.ink.forget(gone):
            around = None
        if gone:
            frame = around or _around(gone)
            self.layer.redraw(frame, max(one.width for one in gone), strokes)
        if not (gone and around):
            self.layer.add(new)
        self._show_picture(next((item for item in items if isinstance(item, Picture)), None))

    def line(self, start: Point, end: Point, width: float) -> None:
        """Show one more piece of the stroke that is being drawn; it takes a picture's place."""
        self.itemconfigure("picture", state="hidden")
        piece = Stroke(array("d", [*start, *end]), width)
        self._now.append(piece)
        self.layer.draw(piece)

    def end_line(self) -> None:
        """Forget the pieces, and take the ring away: the whole stroke is shown now."""
        self._now.clear()
        self.delete("ring")

    def put_picture(self, picture: Picture, side: int, data: bytes) -> None:
        """Show the pixels of a picture, unless something else is wanted by now."""
        if picture is self._picture and side == self._side:
            self._pixels.configure(data=data, width=side, height=side)

    @property
    def side(self) -> int:
        """Pixels a side."""
        return self._side

    def lay_over(self, left: int, top: int, data: bytes) -> None:
        """Lay a picture with transparency over all that is shown; empty: take it away."""
        if data:
            self._overlay.configure(data=data)
        self.itemconfigure("overlay", state="normal" if data else "hidden")
        self.coords("overlay", left, top)
        self.tag_raise("overlay")

    def ring(self, point: Point, radius: float) -> None:
        """Show a ring where the eraser is."""
        x, y, r = (value * self._side for value in (*point, radius))
        self.delete("ring")
        self.create_oval(x - r, y - r, x + r, y + r, outline=self._ring_colour, tags="ring")

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self._ring_colour = theme.line
        self.configure(background=theme.canvas)
        self.layer.colour(theme, faded=self.faded)

    def _listen(
        self,
        on_press: Callable[[Point, bool], None],
        on_move: Callable[[Point], None],
        on_release: Callable[[], None],
    ) -> None:
        second = (2, 3)  # the right button is the second on a Mac, the third elsewhere
        for button in (1, *second):
            erases = button in second
            self.bind(
                f"<ButtonPress-{button}>", lambda e, erases=erases: on_press(self._at(e), erases)
            )
            self.bind(f"<B{button}-Motion>", lambda e: on_move(self._at(e)))
            self.bind(f"<ButtonRelease-{button}>", lambda e: on_release())

    def _at(self, event: tk.Event) -> Point:
        return (event.x + 0.5) / self._side, (event.y + 0.5) / self._side

    def _fit(self, event: tk.Event) -> None:
        """Follow the size of the frame around; strokes grow and shrink with the canvas."""
        side = max(1, min(event.width, event.height))
        self.place(relx=0.5, rely=0.5, anchor="center", width=side, height=side)
        if side != self._side:
            self._side = side
            self.layer.fit(side, [*self._shown, *self._now])
            self._ask_for_picture()

    def _show_picture(self, picture: Picture | None) -> None:
        self.itemconfigure("picture", state="normal")
        if picture is not self._picture:
            self._picture = picture
            self._pixels.configure(data="", width=1, height=1)
            self._pixels.blank()
            self._ask_for_picture()

    def _ask_for_picture(self) -> None:
        if self._picture is not None:
            self._on_picture(self._picture, self._side)


def _around(strokes: list[Stroke]) -> Frame:
    """Return the frame around several strokes."""
    left, top, right, bottom = zip(*[stroke.frame for stroke in strokes], strict=True)
    return min(left), min(top), max(right), max(bottom)
