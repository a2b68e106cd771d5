"""The drawing window, as `python -m gui` opens it, which also prints what it shows, a JSON line each change.

It only looks: whatever happens to the window is done by `tests/screen.py` with a real mouse and keys.
"""

import gc
import json
import sys
import time
import tkinter as tk

import gui.recogniser
import gui.window
from gui import __main__ as start
from gui.drawing import Stroke
from gui.window import Window

EVERY = 15  # milliseconds


def place(widget):
    return {
        "x": widget.winfo_rootx(),
        "y": widget.winfo_rooty(),
        "width": widget.winfo_width(),
        "height": widget.winfo_height(),
    }


def tips(widget):
    """Return what the tooltips say that are there now."""
    found = []
    for child in widget.winfo_children():
        if isinstance(child, tk.Toplevel) and child.wm_overrideredirect():
            found += [str(label["text"]) for label in child.winfo_children()]
        else:
            found += tips(child)
    return found


def look(window):
    """Return all that a person could see, and where."""
    others = [
        str(name) for name in window.root.tk.splitlist(window.root.tk.call("wm", "stackorder", "."))
    ]
    others.remove(".")
    view, root, findings = window.view, window.root, window.view.findings
    reading, drawn = findings.reading, view.paper.find_withtag("line||dot")
    return {
        "window": int(root.wm_frame(), 16),
        "size": [root.winfo_width(), root.winfo_height()],
        "least": root.minsize(),
        "corner": [root.winfo_rootx(), root.winfo_rooty()],
        "title": root.title(),
        "visible": bool(root.winfo_viewable()),
        "focus": str(root.tk.call("focus")),
        "paper": place(view.paper),
        "background": str(view.paper["background"]),
        "buttons": {name: place(widget) for name, widget in view.controls.buttons.items()},
        "pressable": [n for n, w in view.controls.buttons.items() if not w.instate(["disabled"])],
        "tool": view.tool.get(),
        "pen": view.pen.get(),
        "strictness": view.strictness.get(),
        "message": str(view.foot.message["text"]),
        "wrong": str(view.foot.message["style"]) == "Error.TLabel",
        "model": str(view.foot.model["text"]),
        "digit": str(findings.digit["text"]),
        "headline": str(findings.headline["text"]),
        "second": str(findings.second["text"]),
        "shares": reading.shares if reading else None,
        "image": reading.image.hex() if reading else None,
        "read": reading.version if reading else None,
        "version": window._version,
        "drawing": window._gesture is not None,
        "strokes": [len(i.points) // 2 for i in window.drawing.items if isinstance(i, Stroke)],
        "items": len(window.drawing.items),
        "shown": len(drawn),
        "inks": sorted({view.paper.itemcget(item, "fill") for item in drawn}),
        "box": view.paper.bbox("line||dot"),
        "idle": window._worker.idle,
        "tips": tips(root),
        "others": others,
        "stacked": [int(str(root.tk.call("winfo", "id", name)), 16) for name in others],
    }


class Watch:
    """Prints the state whenever it has changed."""

    def __init__(self, window):
        self.window, self.last = window, None
        self.look()

    def look(self):
        try:
            state = look(self.window)
        except tk.TclError:  # half of it is gone: it closes
            return
        if state != self.last:
            self.last = state
            print(json.dumps({**state, "time": time.monotonic()}), flush=True)
        self.window.root.after(EVERY, self.look)


def watched(*arguments):
    window = Window(*arguments)
    Watch(window)
    return window


class Sweeper(gui.recogniser.Recogniser):
    """Makes the worker look for rubbish at each drawing: none of it may be Tk's."""

    def read(self, *arguments):
        gc.collect()
        return super().read(*arguments)


if __name__ == "__main__":
    gui.window.Window = watched
    if "--sweep" in sys.argv:
        sys.argv.remove("--sweep")
        gui.recogniser.Recogniser = Sweeper
    start.run_window()
