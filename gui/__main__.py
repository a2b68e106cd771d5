"""Open the drawing window: draw a digit, and see it recognised."""

import argparse
import importlib.util
import sys

from tinycnn.console import run

EXAMPLES = """examples:
  python -m gui                      mnist.h5 in this folder, or else the bundled model
  python -m gui --model other.h5     a model of your own, Keras's .h5 files too
"""
NO_TK = """This Python has no Tk, which draws the window. To get it:
  Debian, Ubuntu   sudo apt install python3-tk
  Fedora           sudo dnf install python3-tkinter
  Arch             sudo pacman -S tk
  macOS, Homebrew  brew install python-tk
  Windows          run Python's installer again and tick "tcl/tk and IDLE"\
"""
NO_DISPLAY = """The window cannot open: {error}.
It needs a screen. Over ssh, connect with `ssh -X`; on a machine without a screen use
  python scripts/predict.py PICTURE\
"""
NEEDED = ("numpy", "numba", "PIL", "h5py")


def positive(text: str) -> float:
    """Return a number for argparse, between the coarsest and the finest screen there is."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.5 <= number <= 8:
        raise argparse.ArgumentTypeError(f"must be a number from 0.5 to 8. Received: {text!r}")
    return number


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m gui",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", help="model file; default: mnist.h5, or else the bundled model")
    parser.add_argument(
        "--scaling",
        type=positive,
        help="pixels a point, where the screen tells it wrongly; 1.33 is usual, 2.67 is twice as large",
    )
    return parser.parse_args(argv)


def see_sharply() -> None:
    """Tell Windows that this program draws for the screen's own dots, before there is a window."""
    if sys.platform == "win32":
        import contextlib
        import ctypes

        with contextlib.suppress(AttributeError, OSError):  # older Windows: blurred, but the same
            ctypes.windll.shcore.SetProcessDpiAwareness(1)


def open_window(options: argparse.Namespace) -> object:
    """Return the Tk window, empty, or None after saying why there can be none."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        lacks = ", ".join(missing)
        print(
            f"error: packages are missing: {lacks}. Run: pip install --editable .", file=sys.stderr
        )
        return None
    try:
        import tkinter as tk
    except ImportError:
        print(NO_TK, file=sys.stderr)
        return None
    see_sharply()
    try:
        root = tk.Tk(className="tinycnn")
    except tk.TclError as error:
        print(NO_DISPLAY.format(error=error), file=sys.stderr)
        return None
    if options.scaling is not None:
        root.tk.call("tk", "scaling", options.scaling)
    return root


def main(argv: list[str] | None = None) -> int:
    """Show the window, and work behind it until it is closed."""
    options = arguments(argv)
    root = open_window(options)
    if root is None:
        return 1
    from gui.recogniser import Recogniser
    from gui.window import Window
    from gui.worker import Worker
    from tinycnn.errors import FileError

    worker = Worker(Recogniser(), expected=(FileError, OSError, ValueError, MemoryError))
    Window(root, worker, options.model)
    root.mainloop()
    worker.stop()
    worker.join()
    return 0


if __name__ == "__main__":
    run(main)
