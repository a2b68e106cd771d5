"""Progress of a training on standard output: a bar in a terminal, elsewhere a line every half minute."""

import contextlib
import os
import sys
import time
from collections.abc import Callable

from tqdm import tqdm

SHARE = "{n_fmt}/{total_fmt} {bar:20} {remaining} left"  # tqdm's language
COUNT = "{n_fmt} steps in {elapsed}"
EVERY = 30.0  # seconds until there is a line where a bar cannot be drawn


def is_terminal() -> bool:
    """Return whether standard output is a terminal that can redraw a line."""
    stream = sys.stdout
    return bool(stream and stream.isatty()) and os.environ.get("TERM") != "dumb"


def in_words(logs: dict[str, float]) -> str:
    """Return logs as text such as "accuracy: 0.9816 - loss: 0.0605".

    Names are sorted, those of validation last. Numbers have four decimals; up to 0.001 they have an exponent.

    Example:
        >>> in_words({"loss": 0.06051, "accuracy": 0.98162})
        'accuracy: 0.9816 - loss: 0.0605'
    """

    def formatted(value: float) -> str:
        """Return one number as text."""
        return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"

    names = sorted(logs, key=lambda name: (name.startswith("val_"), name))
    return " - ".join(f"{name}: {formatted(logs[name])}" for name in names)


class Bar:
    """The progress of one task: a bar with the time left, replaced in the end by one line.

    In a pipe or a file there is a line every 30 seconds instead of the bar.

    Args:
        total: how many steps the task has; None: not known, the bar counts them.
        title: printed in front, such as "Epoch 1/5".
        visible: whether to show it on the way; the last line is printed anyway.
        clock: returns the time in seconds.
    """

    def __init__(
        self,
        total: int | None,
        title: str,
        visible: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self.title, self.total, self._clock = title, total, clock
        self.begin = self._said = clock()
        self._done, self._in_lines = 0, visible and not is_terminal()
        self.line = tqdm(
            total=total,
            desc=title,
            file=sys.stdout,
            disable=not (visible and is_terminal()),
            leave=False,
            mininterval=0.1,
            dynamic_ncols=True,
            ascii=None if (getattr(sys.stdout, "encoding", "") or "").lower() == "utf-8" else True,
            bar_format="{desc} " + (COUNT if total is None else SHARE) + "{postfix}",
        )

    def advance(self, logs: dict[str, float]) -> None:
        """Move the bar by one step and show the numbers in `logs` behind it."""
        self._done += 1
        if not self.line.disable:
            self.line.set_postfix_str(in_words(logs), refresh=False)
            self.line.update()
        elif self._in_lines and self._clock() - self._said >= EVERY:
            self._said = self._clock()
            done = f"{self._done}/{self.total}" if self.total else f"{self._done} steps"
            self._print(f"{done} - {self._said - self.begin:.1f}s", logs)

    def finish(self, logs: dict[str, float]) -> None:
        """Replace the bar with one line: title, seconds, milliseconds a step and the numbers in `logs`."""
        self.line.close()
        seconds = self._clock() - self.begin
        pace = 1000 * seconds / (self._done or self.total or 1)
        self._print(f"{seconds:.1f}s {pace:.0f}ms/step", logs)

    def _print(self, text: str, logs: dict[str, float]) -> None:
        """Print a line that begins with the title."""
        means = f" - {in_words(logs)}" if logs else ""
        with contextlib.suppress(OSError):  # a closed pipe must not end the training
            print(f"{self.title} - {text}{means}", flush=True)

    def close(self) -> None:
        """Remove the bar and print nothing, as after an error."""
        self.line.close()
