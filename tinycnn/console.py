"""How every command of the project starts and ends: one sentence for a mistake, never a traceback."""

import argparse
import io
import sys
from collections.abc import Callable
from typing import NoReturn

from tinycnn.errors import FileError

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run `main` and leave the process with its exit code, or with one sentence on a user's mistake.

    Args:
        main: the command; returns its exit code, None for 0. A `FileError` or an `OSError` out of it
            is printed as one sentence (exit code 1), Ctrl-C ends with 130, a closed pipe quietly.

    Raises:
        SystemExit: always.

    Example:
        >>> run(lambda: 0)
        Traceback (most recent call last):
        SystemExit: 0
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may hold any character
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main() or 0
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\ninterrupted: nothing half-written was left behind", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None  # the reader is gone; a flush at exit would complain again
        code = 1
    except (FileError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    sys.exit(code)


def whole_number(low: int = 1) -> Callable[[str], int]:
    """Return a type for argparse: whole numbers from `low`, with a sentence for anything else.

    Example:
        >>> whole_number(1)("12")
        12
    """

    def convert(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low}. Received: {text!r}"
            )
        return int(text)

    return convert
