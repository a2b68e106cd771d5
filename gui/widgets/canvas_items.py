"""A canvas that is drawn again and again, mostly with what is there: only what differs costs time."""

import tkinter as tk


class CanvasItems:
    """The items of a canvas, in the order in which they are drawn.

    Args:
        canvas: has no other items.

    Example, for each drawing:
        items.begin()
        items.put("text", (0, 0), text="a word")
        items.end()
    """

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._items: list[tuple[int, str, tuple, dict]] = []  # id, kind, coordinates, options
        self._next = 0

    def begin(self) -> None:
        """Begin with the first item."""
        self._next = 0

    def put(self, kind: str, coords: tuple, **options: object) -> int:
        """Have the next item be such a one; return its id.

        Args:
            kind: such as "text", with the same options each time.
            coords, options: as Tk takes them.
        """
        if self._next == len(self._items) or not self._is_like(kind, options):
            self.end()  # all that would lie above the new one
            item = getattr(self._canvas, f"create_{kind}")(*coords, **options)
            self._items.append((item, kind, coords, options))
        else:
            self._change(coords, options)
        self._next += 1
        return self._items[self._next - 1][0]

    def end(self) -> None:
        """Take away what was not drawn this time."""
        gone = self._items[self._next :]
        if gone:
            self._canvas.delete(*[item for item, *_ in gone])
            del self._items[self._next :]

    def _is_like(self, kind: str, options: dict) -> bool:
        _, there, _, before = self._items[self._next]
        return there == kind and before.keys() == options.keys()

    def _change(self, coords: tuple, options: dict) -> None:
        item, kind, place, before = self._items[self._next]
        if coords != place:
            self._canvas.coords(item, *coords)
        new = {name: value for name, value in options.items() if value != before[name]}
        if new:
            self._canvas.itemconfigure(item, **new)
        self._items[self._next] = item, kind, coords, options
