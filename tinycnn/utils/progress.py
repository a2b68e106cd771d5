"""Progress of a training on standard output: a bar in a terminal, and one line when an epoch is done."""

import contextlib
import os
import sys
import time

from tqdm import tqdm

SHARE = "{n_fmt}/{total_fmt} {bar:20} {remaining} left"  # tqdm's language
COUNT = "{n_fmt} steps in {elapsed}"


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

    Args:
        total: how many steps the task has; None: not known, the bar counts them.
        title: printed in front, such as "Epoch 1/5".
        visible: whether to draw the bar, if standard output is a terminal; the last line is printed anyway.
    """

    def __init__(self, total: int | None, title: str, visible: bool = True):
        self.title, self.total, self.begin = title, total, time.perf_counter()
        self.done = 0
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
        self.done += 1
        if not self.line.disable:
            self.line.set_postfix_str(in_words(logs), refresh=False)
            self.line.update()

    def finish(self, logs: dict[str, float]) -> None:
        """Replace the bar with one line: title, seconds, milliseconds a step and the numbers in `logs`."""
        self.line.close()
        seconds = time.perf_counter() - self.begin
        pace = f"{1000 * seconds / (self.done or self.total or 1):.0f}ms/step"
        means = f" - {in_words(logs)}" if logs else ""
        with contextlib.suppress(OSError):  # a closed pipe must not end the training
            print(f"{self.title} - {seconds:.1f}s {pace}{means}", flush=True)

    def close(self) -> None:
        """Remove the bar and print nothing, as after an error."""
        self.line.close()
