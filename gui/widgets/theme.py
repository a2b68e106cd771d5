"""Colours, fonts and sizes of the window, light and dark."""

import tkinter as tk
from tkinter import font, ttk

from gui.widgets.theme_colours import DARK, LIGHT, Theme

__all__ = ["DARK", "LIGHT", "NEEDED", "Look", "Theme"]


NEEDED = (
    680,
    540,
)  # pixels of a screen of 96 dots an inch that the smallest window takes, frame and all


class Look:
    """Fonts and lengths for one screen.

    Args:
        root: the window; its `tk scaling` (pixels a point) tells how fine the screen is. On a screen
            that has no room for the window everything is smaller.
    """

    def __init__(self, root: tk.Tk) -> None:
        usual = float(root.tk.call("tk", "scaling")) * 72 / 96
        across, down = root.winfo_screenwidth() / NEEDED[0], root.winfo_screenheight() / NEEDED[1]
        self._pixels = min(usual, across, down)
        self.theme = LIGHT
        family = font.nametofont("TkDefaultFont").actual("family")
        self.text = font.Font(root, family=family, size=-self.pixels(13.4))
        self.small = font.Font(root, family=family, size=-self.pixels(12))
        self.strong = font.Font(root, family=family, size=-self.pixels(13.4), weight="bold")
        self.bold = font.Font(root, family=family, size=-self.pixels(18.7), weight="bold")
        self.digit = font.Font(root, family=family, size=-self.pixels(56), weight="bold")

    def pixels(self, length: float) -> int:
        """Return a length, given for a screen of 96 dots an inch, in pixels of this one."""
        return max(1, round(length * self._pixels))

    def apply(self, root: tk.Tk, theme: Theme) -> None:
        """Colour everything that ttk draws; what else there is, the window colours itself."""
        self.theme = theme
        root.configure(background=theme.window)
        style = ttk.Style(root)
        style.theme_use("clam")  # the one that looks alike, and can be coloured, on every system
        style.configure(
            ".",
            background=theme.window,
            foreground=theme.text,
            font=self.text,
            bordercolor=theme.trough,
            lightcolor=theme.button,
            darkcolor=theme.button,
            troughcolor=theme.trough,
            focuscolor=theme.accent,
        )
        pad = (self.pixels(8), self.pixels(5))
        for name in ("TButton", "Toolbutton", "TMenubutton"):
            style.configure(name, background=theme.button, padding=pad, anchor="center", width=0)
            style.map(
                name,
                background=[("selected", theme.accent), ("active", theme.trough)],
                foreground=[("disabled", theme.faint), ("selected", theme.window)],
            )
        # Tk's own arrows do not grow with the screen's fineness.
        style.configure("TMenubutton", arrowcolor=theme.text, arrowsize=self.pixels(6))
        pressed = [("selected", theme.accent)]
        for name in ("TButton", "Toolbutton"):
            style.map(name, bordercolor=pressed, lightcolor=pressed, darkcolor=pressed)
        style.configure("Link.TButton", font=self.small, padding=(self.pixels(6), 0))
        style.map(
            "Link.TButton", foreground=[("disabled", theme.faint), ("!disabled", theme.accent)]
        )
        knob = {"background": theme.accent, "lightcolor": theme.accent, "darkcolor": theme.accent}
        style.configure("Horizontal.TScale", gripcount=0, sliderlength=self.pixels(14), **knob)
        style.map("Horizontal.TScale", background=[("active", theme.accent)])
        for name in ("TEntry", "TCombobox", "TSpinbox"):  # of Tk's file dialogs, and of panes
            style.configure(name, fieldbackground=theme.canvas, insertcolor=theme.text)
            style.configure(name, arrowcolor=theme.text)
            style.map(name, fieldbackground=[("readonly", theme.button)])
        style.configure("TCombobox", padding=self.pixels(3), arrowsize=self.pixels(16))
        style.configure("TSpinbox", arrowsize=self.pixels(10))
        style.configure("Horizontal.TProgressbar", background=theme.accent)
        style.configure("Faint.TLabel", foreground=theme.faint, font=self.small)
        style.configure("Error.TLabel", foreground=theme.error)
        style.configure("Key.TLabel", font=self.strong)
        style.configure("Headline.TLabel", font=self.bold)
        style.configure("Digit.TLabel", font=self.digit, foreground=theme.accent)
        style.configure("Unsure.Digit.TLabel", foreground=theme.faint)
