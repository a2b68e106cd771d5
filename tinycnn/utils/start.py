"""What a command does before it imports anything else: from then on Ctrl-C ends it with one sentence."""

import contextlib
import os
import signal
from types import FrameType


def end_on_interrupt() -> None:
    """Let Ctrl-C end this process at once, with exit code 130, until `cli.run` takes over.

    It is for the time in which a command imports: nothing has been begun yet that would need an orderly
    end. `python -c` and libraries never call it. Where whoever started this program ignores Ctrl-C, so
    does this.

    Example:
        >>> before = signal.getsignal(signal.SIGINT)
        >>> end_on_interrupt()
        >>> _ = signal.signal(signal.SIGINT, before)
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end_at_once)


def end_at_once(number: int, frame: FrameType | None) -> None:
    """Say that the program was interrupted, and leave: a handler for `signal.signal`."""
    with contextlib.suppress(OSError):  # the terminal is gone
        os.write(2, b"\ninterrupted: nothing half-written was left behind\n")
    os._exit(128 + number)
