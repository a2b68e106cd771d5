"""Open the drawing window: draw a digit, and see it recognised."""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import atexit
import contextlib
import gc
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

from tinycnn.utils.cli import ENDINGS, Parser, Stopped, add_scale, file_name, run, say, whole_number

EXAMPLES = """examples:
  tinycnn draw                      mnist.h5 in this folder, or else the bundled model
  tinycnn draw --model other.h5     a model of your own, Keras's .h5 files too
  tinycnn draw --inside digit.png --output view.png
                                    no window: a picture of what every layer makes of a digit
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
  tinycnn predict PICTURE\
"""
SWITCH = 0.0002  # seconds that the worker may compute in Python before Tk gets its turn
RARELY = 1000  # partial collections of rubbish until there is one of all
LAST_JOB = 0.2  # seconds that the worker may take at the end to finish what it is at
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
    parser = Parser(prog="tinycnn draw", description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--model", help="model file; default: mnist.h5, or else the bundled model")
    add_scale(parser)
    parser.add_argument(
        "--scaling",
        type=positive,
        help="pixels a point, where the screen tells it wrongly; 1.33 is usual, 2.67 is twice as large",
    )
    parser.add_argument(
        "--inside",
        type=file_name,
        metavar="IMAGE",
        help="write a picture of the net at work on this picture of a digit, without a window",
    )
    parser.add_argument(
        "--output", type=file_name, help="with --inside: where to; what is there is replaced"
    )
    parser.add_argument(
        "--label",
        type=whole_number(0, 9),
        help="with --inside: the way back, too, if it is this digit",
    )
    options = parser.parse_args(argv)
    if (options.inside is None) != (options.output is None):
        parser.error("--inside and --output go together")
    if options.label is not None and options.inside is None:
        parser.error("--label goes with --inside")
    return options


def see_sharply() -> None:
    """Tell Windows that this program draws for the screen's own dots, before there is a window."""
    if sys.platform == "win32":
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
    if sys.getfilesystemencoding() == "utf-8":  # Tk's dialogs go by the locale, Python does not
        root.tk.call("encoding", "system", "utf-8")
    if options.scaling is not None:
        root.tk.call("tk", "scaling", options.scaling)
    return root


def keep_pauses_short() -> None:
    """Let Tk's thread have its turn soon and often, whatever the worker is at."""
    sys.setswitchinterval(SWITCH)
    # While kernels are compiled, a collection of all rubbish would stop every thread for 0.1 s.
    gc.set_threshold(*gc.get_threshold()[:2], RARELY)


@contextlib.contextmanager
def closed_by_signals(window: object) -> Iterator[None]:
    """Let Ctrl-C in the terminal, or its end, close the window: raised within a dialog it would be lost."""

    def close(number: int, frame: object) -> None:
        window.signal = number

    # One that is ignored, whoever started this program wants to be ignored; None: not Python's.
    handlers = {one: signal.getsignal(one) for one in ENDINGS}
    before = {one: old for one, old in handlers.items() if old not in (signal.SIG_IGN, None)}
    for one in before:
        signal.signal(one, close)
    try:
        yield
    finally:
        for one, old in before.items():
            signal.signal(one, old)


def main(argv: list[str] | None = None) -> int:
    """Show the window, and work behind it until it is closed."""
    options = arguments(argv)
    if options.inside is not None:
        from gui.inside.command import write_view

        write_view(options.inside, options.output, options.model, options.label, options.scale)
        return 0
    root = open_window(options)
    if root is None:
        return 1
    from gui.jobs import Jobs
    from gui.recognition.saver import Saver
    from gui.recognition.worker import Worker
    from gui.widgets import settings
    from gui.window import Window
    from tinycnn.utils.errors import FileError

    keep_pauses_short()
    expected = (FileError, OSError, ValueError, MemoryError)
    worker, saver = Worker(Jobs(options.scale), expected), Worker(Saver(), expected)
    # Kept until the worker has ended: were Tk's images, fonts and variables freed on its thread, by
    # a collection of rubbish that happens there, Tcl would abort.
    file = settings.settings_file()
    remembered = settings.read(file)
    window = Window(root, worker, saver, options.model, remembered)
    with closed_by_signals(window):
        root.mainloop()
    if window.settings != remembered:
        settings.write(file, window.settings)
    saver.join()
    for one in window.workers:
        one.join(LAST_JOB)
    unsaved = [answer.error for answer in saver.answers() if answer.error]
    if unsaved:
        say(f"error: {' '.join(map(str, unsaved))}", sys.stderr)
    if window.signal:
        raise Stopped(window.signal)
    return int(bool(unsaved))


def exit_at_once(code: int) -> NoReturn:
    """End the process with an exit code, as Python does, but without waiting and clearing up.

    Python would wait for threads, and take down thousands of compiled things one by one: seconds that
    nobody needs. A kernel in the middle of being compiled is lost, which its cache stands at any moment.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none
            stream.flush()
    os._exit(code)


def run_window() -> NoReturn:
    """Run the program, and leave at once."""
    try:
        run(main)
    except SystemExit as end:
        exit_at_once(end.code)


if __name__ == "__main__":
    run_window()
