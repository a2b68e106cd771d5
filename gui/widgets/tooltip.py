"""A line of text that appears where the mouse rests."""

import tkinter as tk

from gui.widgets.theme import Look

DELAY = 600  # milliseconds until it appears


class Tooltip:
    """Explains a widget while the mouse rests on it.

    Args:
        widget: what is explained.
        text: one line.
        look: fonts and lengths.
    """

    def __init__(self, widget: tk.Widget, text: str, look: Look) -> None:
        self.text = text
        self._widget = widget
        self._look = look
        self._due: str | None = None
        self._window: tk.Toplevel | None = None
        widget.bind("<Enter>", self._wait, add=True)
        for event in ("<Leave>", "<ButtonPress>", "<Destroy>"):
            widget.bind(event, self._hide, add=True)

    def _wait(self, event: tk.Event) -> None:
        self._hide()
        self._due = self._widget.after(DELAY, self._appear)

    def _appear(self) -> None:
        self._due = None
        gap = self._look.pixels(4)
        window = self._window = tk.Toplevel(self._widget)
        window.wm_overrideredirect(True)
        label = tk.Label(window, text=self.text, font=self._look.small, padx=2 * gap, pady=gap)
        theme = self._look.theme
        label.configure(
            background=theme.canvas, foreground=theme.text, borderwidth=1, relief="solid"
        )
        label.pack()
        right = self._widget.winfo_screenwidth() - label.winfo_reqwidth()
        x = min(self._widget.winfo_rootx(), max(0, right))
        y = self._widget.winfo_rooty() + self._widget.winfo_height() + gap
        if y + label.winfo_reqheight() > self._widget.winfo_screenheight():
            y = self._widget.winfo_rooty() - label.winfo_reqheight() - gap
        window.wm_geometry(f"+{x}+{y}")

    def _hide(self, event: tk.Event | None = None) -> None:
        if self._due is not None:
            self._widget.after_cancel(self._due)
            self._due = None
        if self._window is not None:
            self._window.destroy()
            self._window = None
