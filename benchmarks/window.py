"""How long the drawing window keeps its user waiting: for any answer, and for a prediction.

    python -m benchmarks.window                 kernels as the cache has them
    python -m benchmarks.window --cold          compiles all kernels while drawing
    python -m benchmarks.window --crowded 2000  then with so many strokes on the canvas: drawing,
                                                erasing, clear, undo, another theme, other sizes
    python -m benchmarks.window --strokes 10000 memory and heartbeat over so many, cleared each 100
    python -m benchmarks.window --strokes 10000 --keep       and never cleared

A "heartbeat" is a timer of 10 ms on Tk's thread; a longer gap between two beats means that the window did
not react for so long. It starts before the window is shown. Meanwhile a simulated hand draws circles with
100 motion events a second. For each event whose drawing was predicted, the time until the window shows the
prediction is taken; drawings that are out of date before their turn are not predicted.

The functions that simulate a user are generators: each yields the milliseconds to wait before its next
step. `measure` runs them on Tk's event loop.
It needs a screen; on a machine without one: xvfb-run python -m benchmarks.window
"""

import argparse
import itertools
import math
import os
import random
import statistics
import sys
import tempfile
import time
import tkinter as tk
from array import array

from gui.__main__ import keep_pauses_short

BEAT = 10  # milliseconds
MOTION = 10  # milliseconds between two events of the hand


def report(name, seconds):
    """Print a line with count, median, 99th percentile and maximum of some times, in milliseconds."""
    milliseconds = sorted(1000 * value for value in seconds)
    if not milliseconds:
        return
    late = milliseconds[min(len(seconds) - 1, int(0.99 * len(seconds)))]
    middle = statistics.median(milliseconds)
    print(f"{name:34s} {len(seconds):6d} {middle:9.1f} {late:9.1f} {milliseconds[-1]:9.1f}")


def resident():
    """Return the memory that this process uses, in MB; None where the system has no /proc."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return None


def timed_window():
    """Return a subclass of `gui.window.Window` that times predictions.

    Its `latencies` are the seconds from each drawing to the display of its prediction.
    """
    from gui.window import Window

    class TimedWindow(Window):
        # `made` is {version of the drawing: the time when it was made}.
        def __init__(self, *arguments):
            self.made, self.latencies = {}, array("d")
            super().__init__(*arguments)

        def _want_prediction(self, items):
            super()._want_prediction(items)
            self.made[self._version] = time.perf_counter()

        def _predict_done(self, answer):
            super()._predict_done(answer)
            self.root.update_idletasks()
            if answer.value.shares is not None:
                self.latencies.append(time.perf_counter() - self.made[answer.value.version])
            self.made = {v: t for v, t in self.made.items() if v >= answer.value.version}

    return TimedWindow


class Heart:
    """A timer on Tk's thread that records the seconds between its ticks, separately for each part of the run.

    Args:
        root: Tk's main window.
    """

    def __init__(self, root):
        self.root, self.parts = root, {}
        self.last = time.perf_counter()
        self.gaps = array("d")

    def begin(self, part):
        """Record from now on under this name."""
        self.gaps = self.parts.setdefault(part, array("d"))

    def beat(self):
        """Record the time since the last call, and call this again in 10 ms."""
        now = time.perf_counter()
        self.gaps.append(now - self.last)
        self.last = now
        self.root.after(BEAT, self.beat)

    def report(self):
        """Print a line for each part."""
        print(f"{'milliseconds':34s} {'count':>6s} {'median':>9s} {'p99':>9s} {'worst':>9s}")
        for part, gaps in self.parts.items():
            report(f"gap of the heartbeat, {part}", gaps)


class Hand:
    """Draws in a window by sending it mouse events.

    Args:
        window: a `gui.window.Window`.
    """

    def __init__(self, window):
        self.window, self.chance = window, random.Random(1)

    def pull(self, points, button=1):
        """Send a press, a motion for each point (x, y), 0 to 1 on the canvas, and a release; a generator."""
        canvas = self.window.view.canvas
        side = canvas.winfo_width()
        kinds = itertools.chain([f"ButtonPress-{button}"], itertools.repeat(f"B{button}-Motion"))
        for kind, (x, y) in zip(kinds, points, strict=False):
            canvas.event_generate(f"<{kind}>", x=round(side * x), y=round(side * y))
            yield MOTION
        canvas.event_generate(f"<ButtonRelease-{button}>")
        yield MOTION

    def circle(self, size=0.3, middle=(0.5, 0.5), steps=45):
        """Yield points of a circle with this radius, 40 for a whole turn."""
        x, y = middle
        for step in range(steps):
            turn = 2 * math.pi * step / 40
            yield x + size * math.cos(turn), y + size * math.sin(turn)

    def anywhere(self):
        """Draw a small part of a circle at a random place; a generator as `pull`."""
        middle = self.chance.uniform(0.1, 0.9), self.chance.uniform(0.1, 0.9)
        return self.pull(self.circle(0.05, middle, 12))


def warm_up(hand, heart, seconds):
    """Draw circles until the window has its model, and then for so many seconds; a generator."""
    heart.begin("until warm")
    begun = time.perf_counter()
    until = None
    for count in itertools.count():
        if count % 10 == 0:
            hand.window.clear()
        yield from hand.pull(hand.circle())
        if until is None and hand.window.view.status_bar.model["text"]:
            print(f"the model was ready within {time.perf_counter() - begun:.1f} s")
            heart.begin("warm")
            until = time.perf_counter() + seconds
        if until is not None and time.perf_counter() > until:
            return


def crowd(count, chance):
    """Return `count` random strokes of 40 points each.

    Args:
        count: how many.
        chance: a `random.Random`.
    """
    from gui.drawing.drawing import Stroke

    strokes = []
    for _ in range(count):
        x, y, turn = chance.uniform(0, 1), chance.uniform(0, 1), chance.uniform(0, 7)
        points = array("d")
        for _ in range(40):
            turn += chance.gauss(0, 0.2)
            x, y = x + 0.01 * math.cos(turn), y + 0.01 * math.sin(turn)
            points.extend((min(1, max(0, x)), min(1, max(0, y))))
        strokes.append(Stroke(points, 0.02))
    return tuple(strokes)


def crowded(hand, heart, strokes):
    """Put many strokes on the canvas, then draw, erase, clear, undo, change theme and size; a generator."""
    window, count = hand.window, len(strokes)
    window.drawing.replace(strokes)
    heart.begin(f"{count} come")
    window._show()
    yield from [BEAT] * 300
    heart.begin(f"{count}, drawing")
    yield from hand.pull(hand.circle())
    heart.begin(f"{count}, erasing")
    yield from hand.pull(hand.circle(), button=3)
    yield from [BEAT] * 50
    for name in ("clear", "undo", "change_theme"):
        heart.begin(f"{count}, {name}")
        getattr(window, name)()
        yield from [BEAT] * 200
    heart.begin(f"{count}, resizing")
    width, height = window.root.winfo_width(), window.root.winfo_height()
    for more in (50, 100, 20, 0):
        window.root.geometry(f"{width + more}x{height + more}")
        yield from [BEAT] * 50


def draw_many(hand, heart, count, keep):
    """Draw `count` strokes, and print the memory in use after each thousand; a generator.

    Args:
        hand, heart: see the classes.
        count: how many strokes.
        keep: False to clear the canvas after each hundred.
    """
    for number in range(count):
        if number % 1000 == 0:
            heart.begin(f"from stroke {number}")
            print(f"resident memory at stroke {number:6d}: {resident() or math.nan:7.1f} MB")
        if number % 100 == 0 and not keep:
            hand.window.clear()
        yield from (1 for _ in hand.anywhere())  # as fast as it goes
    print(f"resident memory at the end:         {resident() or math.nan:7.1f} MB")


def script(hand, heart, options, strokes):
    """Do everything that the options ask for, one part after the other; a generator."""
    yield from warm_up(hand, heart, options.seconds)
    if options.crowded:
        yield from crowded(hand, heart, strokes)
    if options.strokes:
        yield from draw_many(hand, heart, options.strokes, options.keep)


def main():
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=20, help="to draw once warm; default 20")
    parser.add_argument("--crowded", type=int, help="strokes on the canvas in a second part")
    parser.add_argument("--strokes", type=int, help="to draw while the memory is watched")
    parser.add_argument("--keep", action="store_true", help="do not clear the canvas meanwhile")
    parser.add_argument(
        "--cold", action="store_true", help="compile all kernels, as the first start"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        if options.cold:
            os.environ["NUMBA_CACHE_DIR"] = cache
        measure(options)


def opened(make, command):
    """Return a window on a root of its own, and its worker.

    Args:
        make: called with root, worker and saver; returns the window.
        command: named in the sentence that is said where there is no screen.
    """
    from gui.jobs import Jobs
    from gui.recognition.saver import Saver
    from gui.recognition.worker import Worker

    try:
        root = tk.Tk()
    except tk.TclError as error:
        sys.exit(f"error: {error}. On a machine without a screen: xvfb-run python -m {command}")
    keep_pauses_short()
    worker, saver = (Worker(target, (OSError, ValueError)) for target in (Jobs(), Saver()))
    return make(root, worker, saver), worker


def play(window, worker, heart, steps):
    """Run a script on the window's event loop until it ends, then close, and print the heartbeat's gaps.

    Args:
        window, worker: from `opened`.
        heart: of the window's root.
        steps: yields how many milliseconds to wait before it goes on.
    """

    def step():
        # Runs the script up to its next pause, and calls itself again after that.
        pause = next(steps, None)
        if pause is None:
            window.close()
        else:
            window.root.after(pause, step)

    step()
    heart.beat()
    window.root.mainloop()
    worker.join()
    heart.report()


def measure(options):
    """Open the window, run `script` on its event loop, close it, and print the times."""
    strokes = crowd(options.crowded or 0, random.Random(2))
    make = timed_window()
    window, worker = opened(lambda *parts: make(*parts, None), "benchmarks.window")
    hand, heart = Hand(window), Heart(window.root)
    play(window, worker, heart, script(hand, heart, options, strokes))
    report("from motion to bars", window.latencies)


if __name__ == "__main__":
    main()
