"""The drawing window, as `python -m gui` opens it, which also prints what it shows, a JSON line each change.

Each line also counts how often the window was found with nothing to do: who waits for what a window at
rest has not shown after many such looks, waits in vain. A line comes at times for the count alone.

It only looks: whatever happens to the window is done by `tests/support/xvfb.py` with a real mouse and keys.
"""

import gc
import importlib.abc
import importlib.machinery
import json
import sys
import threading
import tkinter as tk

import numpy as np

import gui.jobs
import gui.window
from gui import __main__ as start
from gui.drawing.drawing import Stroke
from gui.window import Window

EVERY = 15  # milliseconds
STEADY = 4  # looks with all in its place: a size is asked for, given, laid out, and laid out within
COUNTED = 200  # looks at a window at rest, until it says that nothing has changed
CLOSED = threading.Event()
HELD = threading.Event()  # whether a worker has come to where it is held


def place(widget):
    return {
        "x": widget.winfo_rootx(),
        "y": widget.winfo_rooty(),
        "width": widget.winfo_width(),
        "height": widget.winfo_height(),
    }


def place_of(root, name):
    """Return where a window lies that may be Tk's own, which Python has no object for."""
    calls = {"x": "rootx", "y": "rooty", "width": "width", "height": "height"}
    return {side: int(root.tk.call("winfo", call, name)) for side, call in calls.items()}


def tips(widget):
    """Return what the tooltips say that are there now."""
    texts = []
    for child in widget.winfo_children():
        if isinstance(child, tk.Toplevel) and child.wm_overrideredirect():
            texts += [str(label["text"]) for label in child.winfo_children()]
        else:
            texts += tips(child)
    return texts


def tip_colours(widget):
    """Return the grounds of the tooltips that are there now."""
    colours = []
    for child in widget.winfo_children():
        if isinstance(child, tk.Toplevel) and child.wm_overrideredirect():
            colours += [str(label["background"]) for label in child.winfo_children()]
        else:
            colours += tip_colours(child)
    return colours


def over(window):
    """Return what lies over the paper, and in the row below it that says why."""
    canvas, pane = window.view.canvas, window.side._panes.get("why")
    seen = canvas.itemcget("overlay", "state") == "normal"
    state = {
        "overlay": canvas.bbox("overlay") if seen else None,
        "below": window.side.below,
        "because": None,
    }
    if pane is not None:
        state["why"] = {name: place(widget) for name, widget in pane.choices.items()}
        state["asked"] = {name: str(widget["text"]) for name, widget in pane.choices.items()}
        state["meaning"] = [str(label["text"]) for label in (pane.below, pane.above)]
        state["because"] = pane.shown.wish.version if pane.shown else None
    return state


def kernels(window):
    """Return what the pane of the kernels shows."""
    pane = window.side._panes.get("kernels")
    if pane is None or pane.info is None:
        return {}
    known, column = pane._known, pane.frame.column
    return {
        "kernels_shown": window.side.name == "kernels",
        "tiles": place(pane.canvas),
        "tile_boxes": {tile: column.tile_box(tile) for tile in column.seen},
        "boxes": {name: place(widget) for name, widget in pane.boxes.items()},
        "layer": pane.info.name,
        "input_map": pane.choice.get(),
        "chosen": pane.chosen,
        "found": [[each.digit, each.value] for each in known.found] if known else None,
        "searched": [known.done, known.total] if known else None,
        "foot": [
            pane.foot.itemcget(i, "text")
            for i in pane.foot.find_all()
            if pane.foot.type(i) == "text"
        ],
    }


def inside(window):
    """Return what the pane "Inside" shows, and where; None while it is shut."""
    pane = window.side.pane
    if window.side.name != "inside" or pane is None:
        return None
    view, frame, told = pane.columns, pane.frame, pane.told
    canvas = view.canvas
    corner = canvas.winfo_rootx() - canvas.canvasx(0), canvas.winfo_rooty() - canvas.canvasy(0)
    columns = []
    for info, column in zip(view.layers, view.columns, strict=True):
        first = column.shape if column.kind == "folded" else (*column.shape[:-1], 0)
        middle = *(size // 2 for size in first[:-1]), column.seen.start
        left, top, right, bottom = column.box(middle)
        x, y = corner[0] + (left + right) // 2, corner[1] + (top + bottom) // 2
        columns.append(
            {"name": info.name, "layer": column.layer, "kind": column.kind, "first": column.first}
            | {"hidden": column.hidden, "middle": middle, "x": int(x), "y": int(y)}
        )
    return {
        "place": place(pane),
        "version": frame.wish.version if frame else None,
        "label": frame.wish.label if frame else None,
        "dark": pane.palette.zero != (255, 255, 255),
        "shown": sorted(frame.columns) if frame else [],
        "in_sight": sorted(column.layer for column in view.in_sight),
        "says": str(pane._says["text"]),
        "columns": columns,
        "choices": {value: place(widget) for value, widget in pane.choices.items()},
        "pinned": pane.pinned,
        "told": told.head if told else None,
        "words": pane.explanation.words,
        "marks": len(canvas.find_withtag("mark")),
        "selected": len(canvas.find_withtag("selected")),
        "colour": canvas["background"],
        "share": view.winfo_height() / pane.winfo_height(),
        "feet": [canvas.bbox(f"low{layer}")[3] - canvas.canvasy(0) for layer in view._images],
        "height": canvas.winfo_height(),
    }


def beside(window):
    """Return what a person could see and press in the pane beside the paper."""
    pane, buttons, words = window.side.pane, {}, []
    waiting = [pane] if pane is not None else []
    while waiting:
        widget = waiting.pop()
        waiting += widget.winfo_children()
        kind = widget.winfo_class()
        if not widget.winfo_ismapped():
            continue
        if kind in ("TButton", "TRadiobutton", "TCheckbutton"):
            pressable = not widget.instate(["disabled"])
            states = {"pressable": pressable, "active": widget.instate(["active"])}
            buttons[str(widget["text"]).strip()] = {**place(widget), **states}
        elif kind == "TLabel" and str(widget["text"]):
            words.append(str(widget["text"]))
        elif kind in ("TSpinbox", "TScale"):
            buttons[f"{kind} {sum(name.startswith(kind) for name in buttons)}"] = place(widget)
    state = {"name": window.side.name, "buttons": buttons, "words": sorted(words)}
    if window.side.name == "learning":
        bars = pane.tabs["step"].bars
        state["percents"] = [bars.itemcget(f"percent{digit}", "text") for digit in range(10)]
    return state


def look(window):
    """Return all that a person could see, and where."""
    others = [
        str(name) for name in window.root.tk.splitlist(window.root.tk.call("wm", "stackorder", "."))
    ]
    others.remove(".")
    view, root, panel = window.view, window.root, window.view.prediction_panel
    prediction, layer = panel.prediction, view.canvas.layer
    return {
        "window": int(root.wm_frame(), 16),
        "size": [root.winfo_width(), root.winfo_height()],
        "least": root.minsize(),
        "corner": [root.winfo_rootx(), root.winfo_rooty()],
        "title": root.title(),
        "visible": bool(root.winfo_viewable() and view.canvas.winfo_viewable()),
        "focus": str(root.tk.call("focus")),
        "canvas": place(view.canvas),
        "background": str(view.canvas["background"]),
        "buttons": {name: place(widget) for name, widget in view.controls.buttons.items()},
        "pressable": [n for n, w in view.controls.buttons.items() if not w.instate(["disabled"])],
        "held_down": sorted(
            name for name, w in view.controls.buttons.items() if w.instate(["selected"])
        ),
        "sliders": {name: place(widget) for name, widget in view.controls.sliders.items()},
        "places": [place_of(root, name) for name in others],
        "unit": panel.zoom,
        "recent": [place(picture) for picture in view.recent.pictures],
        "models": view.models.labels(),
        "menu": place(view.models.menu) if view.models.menu.winfo_viewable() else None,
        "tip_colours": tip_colours(root),
        "percents": [panel.bars.itemcget(f"percent{digit}", "text") for digit in range(10)],
        "bars": [panel.bars.itemcget(f"bar{digit}", "fill") for digit in range(10)],
        "tool": view.tool.get(),
        "pen": view.pen.get(),
        "threshold": view.threshold.get(),
        "message": str(view.status_bar.message["text"]),
        "sentence": place(view.status_bar.message),
        "lines": view.status_bar.message.winfo_height() / view.look.text.metrics("linespace"),
        "cut": view.status_bar.message.winfo_reqheight() > view.status_bar.message.winfo_height(),
        "wrong": str(view.status_bar.message["style"]) == "Error.TLabel",
        "model": str(view.status_bar.model["text"]),
        **known(view.status_bar.line),
        "digit": str(panel.digit["text"]),
        "headline": str(panel.headline["text"]),
        "cut_off": panel.headline.winfo_x() + panel.headline.winfo_reqwidth() > panel.winfo_width(),
        "second": str(panel.second["text"]),
        "answer": panel.brief.get() if view.answer.winfo_ismapped() else None,
        "shares": prediction.shares if prediction else None,
        "image": prediction.image.hex() if prediction else None,
        "predicted": prediction.version if prediction else None,
        "version": window._version,
        "drawing": window._gesture is not None,
        "strokes": [len(i.points) // 2 for i in window.drawing.items if isinstance(i, Stroke)],
        "items": len(window.drawing.items),
        "shown": len(view.canvas._shown),
        **inked(layer),
        **over(window),
        **kernels(window),
        "inside": inside(window),
        "idle": window.worker.idle and window._saver.idle,
        "held": HELD.is_set(),
        "beside": beside(window),
        "tips": tips(root),
        "others": others,
        "stacked": [int(str(root.tk.call("winfo", "id", name)), 16) for name in others],
    }


def known(line):
    """Return what is said of how well the model reads, and the button that offers the other."""
    button = line.button
    return {
        "figure": str(line.figure["text"]),
        "offer": str(button["text"]) if button.winfo_manager() else None,
        "offered": not button.instate(["disabled"]),
    }


def inked(layer):
    """Return in which frame the ink lies, and in which colour it is on the screen where it is thickest."""
    cover = layer.ink.coverage
    if layer.ink.waits or layer._tiles or not cover.any():
        return {"box": None, "line_colours": []}
    rows, columns = np.nonzero(cover.any(axis=1))[0], np.nonzero(cover.any(axis=0))[0]
    y, x = np.unravel_index(cover.argmax(), cover.shape)
    colour = "#{:02x}{:02x}{:02x}".format(*layer.image.get(int(x), int(y)))
    box = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    return {"box": [int(value) for value in box], "line_colours": [colour]}


class Watch:
    """Prints the state whenever it has changed."""

    def __init__(self, window):
        self.window, self.last, self.released, self.rests = window, None, 0, 0
        self.places, self.same = None, 0  # where everything lay, and in how many looks since
        for button in (1, 2, 3):
            window.view.canvas.bind(f"<ButtonRelease-{button}>", self.count, add=True)
        self.look()

    def count(self, event):
        self.released += 1

    def look(self):
        try:
            state = {**look(self.window), "released": self.released}
            self.window.root.winfo_pointerxy()  # asks the screen: all that Tk told it has come there
        except tk.TclError:  # half of it is gone: it closes
            return
        self.rests += state["idle"] or state["held"]
        places = [state[name] for name in ("size", "corner", "canvas", "buttons", "below")]
        places.append(state["beside"]["name"])
        self.same = self.same + 1 if places == self.places else 0
        self.places, state["steady"] = places, self.same >= STEADY
        if state != self.last or self.rests % COUNTED == 0:
            self.last = state
            print(json.dumps({**state, "rests": self.rests}), flush=True)
        # Not before Tk has had nothing else to do: it lays a window out when idle.
        self.window.root.after_idle(self.window.root.after, EVERY, self.look)


def watched(*arguments):
    window = Window(*arguments)
    window.root.bind("<Destroy>", lambda event: CLOSED.set(), add=True)
    Watch(window)
    return window


class Sweeper(gui.jobs.Jobs):
    """Makes the worker look for rubbish at each drawing: none of it may be Tk's."""

    def predict(self, *arguments):
        gc.collect()
        return super().predict(*arguments)


def hold(*arguments):
    """Never come back."""
    HELD.set()
    threading.Event().wait()


class Importer(importlib.abc.Loader):
    """Never comes to the end of Numba, which the worker imports with the first prediction.

    Python holds the lock of all imports while it looks for a module, not while it runs one: whoever
    stayed in `find_spec` would keep other threads from importing anything, as no real import does.
    """

    def find_spec(self, name, path=None, target=None):
        if name == "numba" and threading.current_thread() is not threading.main_thread():
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def exec_module(self, module):
        hold()


def fail_at_the_end(*arguments):
    """Wait until the window is closed, and then find the disk full."""
    HELD.set()
    CLOSED.wait()
    raise OSError("drawing.png: the disk is full")


def hold_at(place):
    """Let the worker come to a place and never beyond."""
    from gui.recognition.recogniser import Recogniser

    if place == "importing":
        sys.meta_path.insert(0, Importer())
    elif place == "compiling":
        from tinycnn.ops.kernels.codegen.jit import ForgivingCache

        ForgivingCache.load_overload = hold  # called amid a compilation, with all of Numba's locks
    elif place == "saving":
        from gui.recognition.saver import Saver

        Saver.save = fail_at_the_end
    else:
        setattr(Recogniser, {"loading": "load", "predicting": "predict"}[place], hold)


if __name__ == "__main__":
    gui.window.Window = watched
    if "--hold" in sys.argv:
        index = sys.argv.index("--hold")
        hold_at(sys.argv[index + 1])
        del sys.argv[index : index + 2]
    if "--sweep" in sys.argv:
        sys.argv.remove("--sweep")
        gui.jobs.Jobs = Sweeper
    start.run_window()
