"""How every command of the project starts and ends: one sentence for a mistake, never a traceback."""

import argparse
import errno
import functools
import io
import math
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import NoReturn, TextIO

from tinycnn.utils.errors import FileError
from tinycnn.utils.printable import printable
from tinycnn.utils.start import end_at_once

# The signals that end a program, as far as this system has them.
ENDINGS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
STREAM_FAILURES = (errno.ENOSPC, errno.EIO, errno.EBADF)  # of writing to standard output


class Stopped(KeyboardInterrupt):
    """Raised by a signal that asks this program to end: Ctrl-C, SIGTERM or SIGHUP.

    Args:
        number: of the signal, such as signal.SIGTERM.

    Example:
        >>> Stopped(signal.SIGINT).exit_code
        130
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number
        self.exit_code = 128 + number  # what a shell reports for a program that a signal ended


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run `main` and leave the process with its exit code, or with one sentence on a user's mistake.

    Args:
        main: the command; returns its exit code, None for 0. A `FileError`, `OSError` or `ValueError`
            out of it is printed as one sentence (exit code 1), so is a `UserWarning` on the way; Ctrl-C,
            SIGTERM and SIGHUP tidy up and end with 128 + the signal's number, a closed pipe ends quietly.

    Raises:
        SystemExit: always.

    Example:
        >>> run(lambda: 0)
        Traceback (most recent call last):
        SystemExit: 0
    """
    _configure_streams()
    warnings.showwarning = functools.partial(_say, warnings.showwarning)
    before = _end_by_signals()
    try:
        code = main() or 0
        sys.stdout.flush()
    except KeyboardInterrupt as stop:
        before = dict.fromkeys(ENDINGS, signal.SIG_IGN)  # further signals are ignored
        _handle(before)
        code = _say_goodbye(stop if isinstance(stop, Stopped) else Stopped(signal.SIGINT))
    except BrokenPipeError:
        sys.stdout = None  # the reader is gone; a flush at exit would complain again
        code = 1
    except ModuleNotFoundError as error:
        print(
            f"error: this Python lacks the package {error.name}. In the project's folder: "
            "python -m pip install -e .",
            file=sys.stderr,
        )
        code = 1
    except (FileError, OSError, ValueError, MemoryError) as error:
        for line in f"error: {_sentence(error)}".split("\n"):
            say(line, sys.stderr)
        code = 1
    _handle(before)
    sys.exit(code)


def say(line: str, file: TextIO | None = None) -> None:
    r"""Print a line in which a file's name may stand: what would steer the terminal is escaped.

    Args:
        line: without its end.
        file: where to; None: standard output.

    Example:
        >>> say("wrote \x1b[2Jmnist.h5")
        wrote \x1b[2Jmnist.h5
    """
    print(printable(line), file=file or sys.stdout)


class Parser(argparse.ArgumentParser):
    """Reads a command line; its description and examples stay as they are laid out.

    Args:
        options: of `argparse.ArgumentParser`.
    """

    def __init__(self, **options: object):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, and end with exit code 2."""
        super().error(printable(message))


def _say(otherwise: Callable, message: Warning, category: type, *details: object) -> None:
    """Print a UserWarning as one line on standard error, above a progress bar if there is one.

    It takes the place of `warnings.showwarning`. Other warnings are passed on to `otherwise`, the original.
    """
    if category is not UserWarning:
        otherwise(message, category, *details)
        return
    from tqdm import tqdm

    tqdm.write(printable(f"warning: {message}"), file=sys.stderr)


def _configure_streams() -> None:
    """Make printing safe: a closed stream ignores it, and letters that a console lacks are escaped."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (open until the end)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _sentence(error: Exception) -> str:
    """Return the sentence to print for an error.

    An OSError of a file names that file. One without a file name comes from writing to standard output.
    """
    if isinstance(error, OSError) and error.filename is None and error.errno in STREAM_FAILURES:
        sys.stdout = None  # a flush at exit would complain again
        return f"standard output cannot be written: {error.strerror}. Send it somewhere else."
    return str(error) or "the memory is too small for this"


def _say_goodbye(stop: Stopped) -> int:
    """Say that the program was interrupted; return its exit code."""
    name = signal.Signals(stop.number).name
    ended = "interrupted" if name == "SIGINT" else f"ended by {name}"
    try:
        print(f"\n{ended}: nothing half-written was left behind", file=sys.stderr, flush=True)
        sys.stdout.flush()
    except OSError:  # the terminal is gone
        sys.stdout = sys.stderr = None
    return stop.exit_code


def _end_by_signals() -> dict[int, object]:
    """Let each signal of ENDINGS raise `Stopped`; return the handlers that were replaced, by signal.

    A signal is sent once more after a second: while code is being compiled, the first one can get lost.
    """

    def stop(number: int, frame: object) -> None:
        """Raise `Stopped`; a timer sends the signal once more after a second."""
        again = threading.Timer(1.0, _signal_main_thread, [number])
        again.daemon = True
        again.start()
        raise Stopped(number)

    before = {}
    for number in ENDINGS:
        # Another handler was set by the program that started this one, such as nohup, and is kept.
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler, end_at_once):
            before[number] = signal.signal(number, stop)
    return before


def _handle(handlers: dict[int, object]) -> None:
    """Set a handler for each signal."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _signal_main_thread(number: int) -> None:
    """Send a signal to this process's main thread."""
    if hasattr(signal, "pthread_kill"):  # it also interrupts a system call that waits
        signal.pthread_kill(threading.main_thread().ident, number)
    else:
        signal.raise_signal(number)


def file_name(text: str) -> str:
    """Return `text` if it is not empty; a type for argparse's options that are file names.

    Raises:
        ArgumentTypeError: if it is empty.

    Example:
        >>> file_name("mnist.h5")
        'mnist.h5'
    """
    if not text:
        raise argparse.ArgumentTypeError("must be the name of a file. Received: an empty text")
    return text


def whole_number(low: int = 1, high: int = 2**31 - 1) -> Callable[[str], int]:
    """Return a type for argparse: a function that turns a text into an int from low to high.

    It raises ArgumentTypeError, with a sentence, for any other text.

    Example:
        >>> whole_number(1)("12")
        12
    """

    def convert(text: str) -> int:
        """Return the text as int, or raise ArgumentTypeError."""
        if not text.isdecimal() or len(text) > 20 or not low <= int(text) <= high:
            wanted = f"must be a whole number from {low} to {high}"
            raise argparse.ArgumentTypeError(f"{wanted}. Received: {text!r}")
        return int(text)

    return convert


def number(low: float = -1e6, high: float = 1e6) -> Callable[[str], float]:
    """Return a type for argparse: a function that turns a text into a float from low to high.

    It raises ArgumentTypeError, with a sentence, for any other text, also for "nan".

    Example:
        >>> number()("-0.5")
        -0.5
    """

    def convert(text: str) -> float:
        """Return the text as float, or raise ArgumentTypeError."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            wanted = f"must be a number from {low:g} to {high:g}"
            raise argparse.ArgumentTypeError(f"{wanted}. Received: {text!r}")
        return value

    return convert


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that reads digits with a model: --model, --scale, --force."""
    parser.add_argument(
        "--model", type=file_name, help="model file; default: mnist.h5, or else the bundled model"
    )
    add_scale(parser)
    parser.add_argument(
        "--force", action="store_true", help="run a model even if it takes very long or much memory"
    )


def add_scale(parser: argparse.ArgumentParser) -> None:
    """Add the option --scale: the range of a model's pixels."""
    parser.add_argument(
        "--scale",
        nargs=2,
        type=number(),
        metavar=("PAPER", "INK"),
        help="what the model takes for paper and ink, such as 0 255 or -1 1; default: 0 1, or what some "
        "embedded digits are read best with",
    )
