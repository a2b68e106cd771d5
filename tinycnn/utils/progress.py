"""A progress bar in a terminal, plain lines everywhere else. Both go to standard output, as in Keras."""

import contextlib
import os
import sys
import time

from tqdm import tqdm


def is_terminal() -> bool:
    """Return whether standard output can redraw a line."""
    stream = sys.stdout
    return bool(stream and stream.isatty()) and os.environ.get("TERM") != "dumb"


def in_words(logs: dict[str, float]) -> str:
    """Return "accuracy: 0.9816 - loss: 0.0605": four places, or as many as small numbers need.

    Example:
        >>> in_words({"loss": 0.06051, "accuracy": 0.98162})
        'accuracy: 0.9816 - loss: 0.0605'
    """

    def number(value: float) -> str:
        return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"

    names = sorted(logs, key=lambda name: (name.startswith("val_"), name))
    return " - ".join(f"{name}: {number(logs[name])}" for name in names)


class Bar:
    """One task of known length: a bar with the time left, then one line with time and numbers.

    Args:
        total: how many steps there are.
        title: what stands in front.
        visible: whether a bar is drawn on the way, if there is a terminal.
    """

    def __init__(self, total: int, title: str, visible: bool = True):
        self.title, self.total, self.begin = title, total, time.perf_counter()
        self.line = tqdm(
            total=total,
            desc=title,
            file=sys.stdout,
            disable=not (visible and is_terminal()),
            leave=False,
            mininterval=0.1,
            dynamic_ncols=True,
            ascii=None if (getattr(sys.stdout, "encoding", "") or "").lower() == "utf-8" else True,
            bar_format="{desc} {n_fmt}/{total_fmt} {bar:20} {remaining} left{postfix}",
        )

    def advance(self, logs: dict[str, float]) -> None:
        """Take one step."""
        if not self.line.disable:
            self.line.set_postfix_str(in_words(logs), refresh=False)
            self.line.update()

    def finish(self, logs: dict[str, float]) -> None:
        """Replace the bar with one line."""
        self.line.close()
        seconds = time.perf_counter() - self.begin
        pace = f"{1000 * seconds / max(1, self.total):.0f}ms/step"
        means = f" - {in_words(logs)}" if logs else ""
        with contextlib.suppress(OSError):  # that nobody reads on is no reason to lose the work
            print(f"{self.title} - {seconds:.1f}s {pace}{means}", flush=True)

    def close(self) -> None:
        """Take the bar away without a line."""
        self.line.close()
