"""How long the drawing window keeps its person waiting: a heartbeat, and the way from hand to bars.

    python -m benchmarks.window                 kernels as the cache has them
    python -m benchmarks.window --cold          compiles all kernels while drawing

A heartbeat is due every 10 ms on Tk's thread; where the gap is longer, something kept Tk from
answering. Meanwhile a hand draws circles, 100 motion events a second, and for each event whose
drawing was read the time until the bars show it is taken; newer drawings overtake older ones.
It needs a screen; on a machine without one: xvfb-run python -m benchmarks.window
"""

import argparse
import itertools
import math
import os
import statistics
import sys
import tempfile
import time
import tkinter as tk

BEAT = 10  # milliseconds
MOTION = 10  # milliseconds between two events of the hand


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(name, seconds):
    milliseconds = [1000 * value for value in seconds]
    middle, late = statistics.median(milliseconds), percentile(milliseconds, 0.99)
    counted = f"{len(seconds):6d}"
    print(f"{name:34s} {counted} {middle:9.1f} {late:9.1f} {max(milliseconds):9.1f}")


def timed_window():
    """Return a Window that notes when a drawing was made, and when its bars were shown."""
    from gui.window import Window

    class TimedWindow(Window):
        def __init__(self, *arguments):
            self.made, self.latencies = {}, []
            super().__init__(*arguments)

        def _want_reading(self, items):
            super()._want_reading(items)
            self.made[self._version] = time.perf_counter()

        def _read_done(self, answer):
            super()._read_done(answer)
            self.root.update_idletasks()
            if answer.value.shares is not None:
                self.latencies.append(time.perf_counter() - self.made[answer.value.version])

    return TimedWindow


class Hand:
    """Draws circles on the paper by Tk's own events, and clears it after each tenth."""

    def __init__(self, window):
        self.window, self.count = window, 0

    def move(self):
        paper, step = self.window.view.paper, self.count % 60
        side = paper.winfo_width()
        turn = 2 * math.pi * step / 40
        x, y = (round(side * (0.5 + 0.3 * f(turn))) for f in (math.cos, math.sin))
        if step == 0:
            if self.count % 600 == 0:
                self.window.clear()
            paper.event_generate("<ButtonPress-1>", x=x, y=y)
        elif step < 45:
            paper.event_generate("<B1-Motion>", x=x, y=y)
        elif step == 45:
            paper.event_generate("<ButtonRelease-1>", x=x, y=y)
        self.count += 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=20, help="to draw once warm; default 20")
    parser.add_argument(
        "--cold", action="store_true", help="compile all kernels, as the first start"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        if options.cold:
            os.environ["NUMBA_CACHE_DIR"] = cache
        measure(options.seconds)


def measure(seconds):
    from gui.recogniser import Recogniser
    from gui.worker import Worker

    try:
        root = tk.Tk()
    except tk.TclError as error:
        sys.exit(
            f"error: {error}. On a machine without a screen: xvfb-run python -m benchmarks.window"
        )
    window = timed_window()(root, Worker(Recogniser(), (OSError, ValueError)), None)
    hand, beats, warm = Hand(window), [], []

    def beat():
        beats.append(time.perf_counter())
        if window._has_model and not warm:
            warm.append(len(beats))
        if warm and beats[-1] > beats[warm[0] - 1] + seconds:
            window.close()
        else:
            root.after(BEAT, beat)

    def move():
        hand.move()
        root.after(MOTION, move)

    root.update()  # the window shows itself
    root.after(0, beat)
    root.after(0, move)
    root.mainloop()
    window._worker.join()
    gaps = [after - before for before, after in itertools.pairwise(beats)]
    print(f"{'milliseconds':34s} {'count':>6s} {'median':>9s} {'p99':>9s} {'worst':>9s}")
    report("gap of the heartbeat, until warm", gaps[: warm[0]])
    report("gap of the heartbeat, warm", gaps[warm[0] :])
    report("from motion to bars", window.latencies)
    print(f"the model was ready after {beats[warm[0] - 1] - beats[0]:.1f} s")


if __name__ == "__main__":
    main()
