"""Draw a digit in the drawing window and take the picture of it that the README shows."""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import math
import pathlib
import sys
import tkinter as tk

from PIL import ImageGrab

from tinycnn.utils.cli import Parser, run, say
from tinycnn.utils.plots import save_picture

EXAMPLES = """examples:
  python scripts/make_screenshot.py                           gui/window.png anew
  xvfb-run python scripts/make_screenshot.py                  the same on a machine without a screen
  python scripts/make_screenshot.py --theme dark --output dark.png
  python scripts/make_screenshot.py --show inside --show why --output gui/inside.png
"""
# A 5 as a hand draws it: a stroke of STEM and BOWL, then one for its roof. Points (x, y), each 0 to 1 on
# the canvas.
STEM = [(0.36 - 0.03 * t / 9, 0.2 + 0.25 * t / 9) for t in range(10)]
BOWL = [
    (0.47 - 0.19 * math.cos(turn), 0.6 - 0.19 * math.sin(turn))
    for turn in (math.radians(48 + 6 * step) for step in range(46))
]
ROOF = [(0.36 + 0.3 * t / 9, 0.2 - 0.02 * t / 9) for t in range(10)]


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("gui/window.png"))
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument(
        "--show",
        choices=("inside", "kernels", "learning", "why"),
        action="append",
        default=[],
        help="what to open beside or below the paper; may be given twice",
    )
    parser.add_argument("--scaling", type=float, help="pixels a point, for another size")
    return parser.parse_args()


def draw(window: object, stroke: list[tuple[float, float]]) -> None:
    """Draw one stroke in the window by sending it mouse events: press, motion, release.

    Args:
        window: a `gui.window.Window`.
        stroke: points (x, y), each 0 to 1 on the canvas.
    """
    canvas = window.view.canvas
    pixels = [tuple(round(value * canvas.winfo_width()) for value in point) for point in stroke]
    for kind, (x, y) in zip(
        ["ButtonPress-1", *["B1-Motion"] * (len(pixels) - 1)], pixels, strict=True
    ):
        canvas.event_generate(f"<{kind}>", x=x, y=y)
    canvas.event_generate("<ButtonRelease-1>", x=pixels[-1][0], y=pixels[-1][1])


def shares_of(window: object) -> list[float] | None:
    """Return the ten probabilities that the window shows; None before there are any."""
    prediction = window.view.prediction_panel.prediction
    return prediction and prediction.shares


def is_shown(window: object, name: str) -> bool:
    """Return whether a pane shows what it has of the drawing."""
    if not window.worker.idle:
        return False
    from gui.widgets.side import BELOW, PANES

    module = (PANES | BELOW)[name]
    pane = next(pane for pane in window.side.open if type(pane).__module__ == module)
    if name == "learning":
        return True
    if name == "kernels":
        return pane.excited is not None and pane.excited.done == pane.excited.total
    if name == "why":
        return pane.shown is not None
    return pane.frame is not None and not pane.frame.blank


def wait_for(root: tk.Tk, condition: object) -> None:
    """Run Tk's event loop until `condition()` is true; it is checked every 20 ms.

    Args:
        root: Tk's main window.
        condition: a function without arguments that returns a bool.
    """
    # No variable of Tk's: it would become rubbish, which the worker's thread may not free.
    while not condition():
        root.after(20)
        root.update()


def main() -> int:
    """Run the script: open the window, draw, wait for the prediction, save a screenshot, close."""
    options = arguments()
    from gui.jobs import Jobs
    from gui.recognition.saver import Saver
    from gui.recognition.worker import Worker
    from gui.window import Window

    try:
        root = tk.Tk(className="tinycnn")
    except tk.TclError as error:
        print(f"error: {error}; on a machine without a screen use xvfb-run", file=sys.stderr)
        return 1
    if options.scaling:
        root.tk.call("tk", "scaling", options.scaling)
    workers = [Worker(target, (OSError, ValueError)) for target in (Jobs(), Saver())]
    window = Window(root, *workers, None)
    if options.theme == "dark":
        window.change_theme()
    root.geometry("+0+0")
    root.update()
    for stroke in (STEM + BOWL, ROOF):
        draw(window, stroke)
    wait_for(root, lambda: shares_of(window) is not None)
    wait_for(root, lambda: window.measuring.quality.done)
    for name in options.show:
        getattr(window, f"show_{name}")()
        root.update()  # the paper takes another size
        wait_for(root, lambda name=name: is_shown(window, name))
    root.update()
    left, top = root.winfo_rootx(), root.winfo_rooty()
    box = (left, top, left + root.winfo_width(), top + root.winfo_height())
    picture = ImageGrab.grab(bbox=box)
    window.close()
    save_picture(picture.convert("P", palette=1, colors=128), options.output)
    say(f"wrote {options.output}")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
    run(main)
