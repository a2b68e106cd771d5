"""The list of all keys, in a window of its own."""

import tkinter as tk
from tkinter import ttk

from gui.widgets.commands import COMMANDS, keys_of
from gui.widgets.theme import Look, Theme

FRAME = 30  # pixels that a window's title takes at most, on a screen of 96 dots an inch


class KeysWindow:
    """Shows what every key does, until Escape or F1.

    Args:
        root: the drawing window, in front of which it appears.
        free: what it must not cover, if the screen has room to the right of that.
        look: fonts and lengths.
        mac: whether keys are named as on a Mac.
    """

    def __init__(self, root: tk.Tk, free: tk.Widget, look: Look, *, mac: bool) -> None:
        self._root = root
        self._free = free
        self._look = look
        self._mac = mac
        self._window: tk.Toplevel | None = None

    def toggle(self, theme: Theme) -> None:
        """Show the list, or put it away."""
        if self._window is not None and self._window.winfo_exists():
            self._root.focus_set()  # first: no window manager needs to find the next one
            self._window.destroy()
            self._window = None
            return
        window = self._window = tk.Toplevel(self._root, background=theme.window)
        window.title("Keys")
        window.transient(self._root)
        gap = self._look.pixels(16)
        table = ttk.Frame(window, padding=gap)
        table.pack()
        for row, command in enumerate(COMMANDS):
            keys = ttk.Label(table, text=keys_of(command, mac=self._mac), style="Key.TLabel")
            keys.grid(row=row, column=0, sticky="e")
            ttk.Label(table, text=command.tip).grid(row=row, column=1, sticky="w", padx=(gap, 0))
        window.update_idletasks()  # until then its height is not known
        frame = self._look.pixels(FRAME)
        room = window.winfo_screenheight() - frame - window.winfo_reqheight()
        between = max(0, min(gap // 2, room // len(COMMANDS)))
        table.rowconfigure(tuple(range(len(COMMANDS))), pad=between)
        table.configure(padding=(gap, max(0, gap + min(0, room) // 2)))
        for key in ("<Escape>", "<F1>"):
            window.bind(key, lambda event: self.toggle(theme))
        self._place(window)
        window.focus_set()

    def _place(self, window: tk.Toplevel) -> None:
        """Put the list beside the paper, below the buttons at the top, as far as the screen goes."""
        window.update_idletasks()  # until then its width is not known
        beside = self._free.winfo_rootx() + self._free.winfo_width() + self._look.pixels(8)
        right = self._root.winfo_screenwidth() - window.winfo_reqwidth()
        low = self._root.winfo_screenheight() - window.winfo_reqheight()
        top = min(self._free.winfo_rooty(), low)
        window.geometry(f"+{max(0, min(beside, right))}+{max(0, top)}")

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        if self._window is not None and self._window.winfo_exists():
            self._window.configure(background=theme.window)
