"""The canvas: shows the items of a drawing, and turns the mouse into points of the unit square."""

import time
import tkinter as tk
from collections import deque
from collections.abc import Callable

from gui.drawing.drawing import Items, Picture, Stroke
from gui.drawing.eraser import Point
from gui.widgets.theme import Theme

AT_ONCE = 0.005  # seconds of drawing before Tk may look for events again


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
        self._line_colour = "black"
        self._shown: dict[Stroke, str] = {}  # each with the tag of what shows it
        self._waiting: deque[Stroke] = deque()
        self._count = 0
        self._widths: set[float] = set()
        self._picture: Picture | None = None
        self.faded = False  # whether lines are faint, so that what is laid over them is seen
        self._overlay = tk.PhotoImage(master=self)
        self._pixels = tk.PhotoImage(master=self)
        self.create_image(0, 0, image=self._pixels, anchor="nw")
        self.create_image(0, 0, image=self._overlay, anchor="nw", tags="overlay")
        parent.bind("<Configure>", self._fit, add=True)
        self._listen(on_press, on_move, on_release)

    def show(self, items: Items) -> None:
        """Show these items and nothing else; what is shown already stays as it is."""
        strokes = {item for item in items if isinstance(item, Stroke)}
        gone = [one for one in self._shown if one not in strokes]
        if gone:
            self.delete(*[self._shown.pop(stroke) for stroke in gone])
        self._waiting = deque(
            item for item in items if isinstance(item, Stroke) and item not in self._shown
        )
        self._draw_some()
        picture = next((item for item in items if isinstance(item, Picture)), None)
        if picture is not self._picture:
            self._picture = picture
            self._pixels.configure(data="", width=1, height=1)
            self._pixels.blank()
            self._ask_for_picture()

    def line(self, start: Point, end: Point, width: float) -> None:
        """Show one more piece of the stroke that is being drawn."""
        self._draw([*start, *end], width, "now")

    def end_line(self) -> None:
        """Take away the pieces and the ring: the whole stroke is shown now."""
        self.delete("now", "ring")

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
        self.create_oval(x - r, y - r, x + r, y + r, outline=self._line_colour, tags="ring")

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self._line_colour = theme.trough if self.faded else theme.line
        self.configure(background=theme.canvas)
        self.itemconfigure("line", fill=self._line_colour)
        self.itemconfigure("dot", fill=self._line_colour)

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
        factor, self._side = side / self._side, side
        self.place(relx=0.5, rely=0.5, anchor="center", width=side, height=side)
        for kind in ("line", "dot"):
            self.scale(kind, 0, 0, factor, factor)
        for width in self._widths:
            self.itemconfigure(f"w{width}", width=width * side)
        self._ask_for_picture()

    def _ask_for_picture(self) -> None:
        if self._picture is not None:
            self._on_picture(self._picture, self._side)

    def _draw_some(self) -> None:
        """Draw a part of what waits, and the rest after Tk has looked for events."""
        end = time.perf_counter() + AT_ONCE
        while self._waiting and time.perf_counter() < end:
            stroke = self._waiting.popleft()
            self._count += 1
            self._shown[stroke] = f"s{self._count}"
            self._draw(list(stroke.points), stroke.width, self._shown[stroke])
        if self._waiting:
            self.after(1, self._draw_some)

    def _draw(self, points: list[float], width: float, tag: str) -> None:
        points = [value * self._side for value in points]
        if points[:2] == points[-2:] and len(points) <= 4:
            x, y, r = *points[:2], width * self._side / 2
            box = (x - r, y - r, x + r, y + r)
            self.create_oval(box, fill=self._line_colour, width=0, tags=("dot", tag))
            return
        self._widths.add(width)
        self.create_line(
            points,
            fill=self._line_colour,
            width=width * self._side,
            capstyle="round",
            joinstyle="round",
            tags=("line", f"w{width}", tag),
        )
