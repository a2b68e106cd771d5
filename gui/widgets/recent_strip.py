"""A strip of small pictures of the last drawings; a click on one brings it back."""

import time
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

import numpy as np

from gui.drawing.drawing import Items, Picture
from gui.drawing.ink import Ink
from gui.drawing.recent import Recent
from gui.recognition.recogniser import pgm
from gui.widgets.theme import Look
from gui.widgets.tooltip import Tooltip

SIDE = 26  # of a small picture, on a screen of 96 dots an inch
SOON = 0.02  # seconds that drawing a small picture may take; what is not drawn by then is left out


class RecentStrip(ttk.Frame):
    """Shows the last drawings, newest first, as many as there is room for.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        bring_back: called with a drawing that was clicked on.
    """

    def __init__(self, parent: tk.Misc, look: Look, bring_back: Callable[[Items], None]) -> None:
        super().__init__(parent)
        self._look, self._bring_back = look, bring_back
        self._recent = Recent()
        self._images: list[tk.PhotoImage] = []
        self.pictures: list[tk.Label] = []

    def keep(self, items: Items) -> None:
        """Put a drawing into the strip, unless it is empty or there already."""
        if not self._recent.keep(items):
            return
        for picture in self.pictures:
            picture.destroy()
        side = self._look.pixels(SIDE)
        data = pgm(small(items, side).tobytes(), side)
        self._images.insert(0, tk.PhotoImage(master=self, data=data))
        self.pictures = list(map(self._picture, self._recent.drawings, self._images))
        del self._images[len(self.pictures) :]

    def _picture(self, items: Items, image: tk.PhotoImage) -> tk.Label:
        picture = tk.Label(self, image=image, borderwidth=0, cursor="hand2", takefocus=1)
        accent = self._look.theme.accent
        picture.configure(highlightthickness=1, highlightbackground="white", highlightcolor=accent)
        for event in ("<Button-1>", "<space>", "<Return>"):
            picture.bind(event, lambda event: self._bring_back(items))
        Tooltip(picture, "Bring this drawing back", self._look)
        picture.pack(side="left", padx=(self._look.pixels(4), 0))
        return picture


def small(items: Items, side: int) -> np.ndarray:
    """Return a small picture of a drawing, dark on light, uint8 (side, side)."""
    if isinstance(items[0], Picture):
        grey = items[0].grey
        rows, columns = (np.arange(side) * length // side for length in grey.shape)
        return (255 * grey[np.ix_(rows, columns)]).astype(np.uint8)
    ink = Ink(side)
    ink.add(items)
    ink.work(time.perf_counter() + SOON)
    return 255 - ink.coverage
