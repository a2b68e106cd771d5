"""What is known of one filter: its bias, and the digits that excite its map most."""

import tkinter as tk

from gui.inside.colours import brief
from gui.inside.kernel_messages import FIELD, MOST, Excited, KernelFrame
from gui.widgets.theme import Look

LARGEST = 90  # pixels a side of a digit, at 96 dots an inch


class DigitsView(tk.Canvas):
    """Shows the digits of one filter beside each other.

    Args:
        parent: where it lies.
        look: fonts and lengths.
    """

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, width=1, height=1, highlightthickness=1)
        self._look = look
        self._digits = tk.PhotoImage(master=self)
        self._last: tuple[KernelFrame, int, Excited | None] | None = None
        self.bind("<Configure>", lambda event: self._draw())

    @property
    def zoom(self) -> int:
        """Pixels a pixel of a digit."""
        room = self.winfo_width() // MOST - self._look.pixels(4)
        return max(1, min(room, self._look.pixels(LARGEST)) // FIELD)

    def show(self, frame: KernelFrame, place: int, excited: Excited | None) -> None:
        """Show what is known of a filter.

        Args:
            frame: of its layer.
            place: of the filter, or the unit.
            excited: what is known of its digits; None: nothing yet.
        """
        if excited is not None and excited.picture:
            self._digits.configure(data=excited.picture)
        self._last = frame, place, excited
        self._draw()

    def _draw(self) -> None:
        line = self._look.small.metrics("linespace")
        self.delete("all")
        self.configure(height=3 * line + FIELD * self.zoom + self._look.pixels(10))
        if self._last is None:
            return
        frame, place, excited = self._last
        theme, gap = self._look.theme, self._look.pixels(4)
        about = about_filter(frame, place)
        self.create_text(0, 0, anchor="nw", text=about, font=self._look.strong, fill=theme.text)
        said = {"font": self._look.small, "fill": theme.faint}
        self.create_text(0, line + gap, anchor="nw", text=about_search(excited), **said)
        if excited is None or not excited.picture:
            return
        top = 2 * (line + gap)
        self.create_image(0, top, anchor="nw", image=self._digits)
        for rank, (found, label) in enumerate(zip(excited.found, excited.labels, strict=True)):
            left, _, right, bottom = excited.column.tile_box(rank)
            words, middle = f"{label}: {brief(found.value)}", (left + right) // 2
            self.create_text(middle, top + bottom, anchor="n", text=words, **said)


def about_filter(frame: KernelFrame, place: int) -> str:
    """Say which filter it is, what is shown of its weights, and its bias."""
    parts = [f"{frame.info.noun.capitalize()} {place} of {frame.info.units}"]
    shown = frame.maps[place] if place < len(frame.maps) else None
    if shown is not None and frame.info.shape[2] > 1:
        parts.append(f"its weights on input map {shown}")
    if place < len(frame.biases):
        parts.append(f"bias {brief(frame.biases[place])}")
    return ", ".join(parts)


def about_search(excited: Excited | None) -> str:
    """Say how far the search has come."""
    if excited is None:
        return "Looking for the digits that excite it most…"
    if excited.done < excited.total:
        return (
            f"The digits that excite it most, of the first {excited.done:,} of {excited.total:,}…"
        )
    if not excited.found:
        return f"None of {excited.total:,} digits excites it: it never rises above 0."
    found = f"Of {excited.total:,} digits these excite it most (label: value)"
    return f"{found}; what it sees there is outlined."
