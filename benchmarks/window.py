"""How long the drawing window keeps its person waiting: a heartbeat, and the way from hand to bars.

    python -m benchmarks.window                 kernels as the cache has them
    python -m benchmarks.window --cold          compiles all kernels while drawing
    python -m benchmarks.window --crowded 2000  then with so many strokes on the canvas: drawing,
                                                erasing, clear, undo, another theme, other sizes
    python -m benchmarks.window --strokes 10000 memory and heartbeat over so many, cleared each 100
    python -m benchmarks.window --strokes 10000 --keep       and never cleared

A heartbeat is due every 10 ms on Tk's thread, from the moment on that the window is made and not yet
shown; where the gap is longer, something kept Tk from answering. Meanwhile a hand draws circles, 100
motion events a second, and for each event whose drawing was predicted the time until the bars show it is
taken; newer drawings overtake older ones.
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
    milliseconds = sorted(1000 * value for value in seconds)
    if not milliseconds:
        return
    late = milliseconds[min(len(seconds) - 1, int(0.99 * len(seconds)))]
    middle = statistics.median(milliseconds)
    print(f"{name:34s} {len(seconds):6d} {middle:9.1f} {late:9.1f} {milliseconds[-1]:9.1f}")


def resident():
    """Return the megabytes of memory that this process has in use, or None where no one says."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return None


def timed_window():
    """Return a Window that notes when a drawing was made, and when its bars were shown."""
    from gui.window import Window

    class TimedWindow(Window):
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
    """Beats on Tk's thread, and keeps the gaps between its beats, part by part."""

    def __init__(self, root):
        self.root, self.parts = root, {}
        self.last = time.perf_counter()
        self.gaps = array("d")

    def begin(self, part):
        self.gaps = self.parts.setdefault(part, array("d"))

    def beat(self):
        now = time.perf_counter()
        self.gaps.append(now - self.last)
        self.last = now
        self.root.after(BEAT, self.beat)

    def report(self):
        print(f"{'milliseconds':34s} {'count':>6s} {'median':>9s} {'p99':>9s} {'worst':>9s}")
        for part, gaps in self.parts.items():
            report(f"gap of the heartbeat, {part}", gaps)


class Hand:
    """Draws by Tk's own events."""

    def __init__(self, window):
        self.window, self.chance = window, random.Random(1)

    def pull(self, points, button=1):
        """Pull the mouse through points of the unit square; an event each step."""
        canvas = self.window.view.canvas
        side = canvas.winfo_width()
        kinds = itertools.chain([f"ButtonPress-{button}"], itertools.repeat(f"B{button}-Motion"))
        for kind, (x, y) in zip(kinds, points, strict=False):
            canvas.event_generate(f"<{kind}>", x=round(side * x), y=round(side * y))
            yield MOTION
        canvas.event_generate(f"<ButtonRelease-{button}>")
        yield MOTION

    def circle(self, size=0.3, middle=(0.5, 0.5), steps=45):
        x, y = middle
        for step in range(steps):
            turn = 2 * math.pi * step / 40
            yield x + size * math.cos(turn), y + size * math.sin(turn)

    def anywhere(self):
        """Draw a small circle somewhere."""
        middle = self.chance.uniform(0.1, 0.9), self.chance.uniform(0.1, 0.9)
        return self.pull(self.circle(0.05, middle, 12))


def warm_up(hand, heart, seconds):
    """Draw until there is a model, and then for so many seconds."""
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
    """Return so many strokes of 40 points, all over the canvas."""
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
    """Do all there is to do with many strokes on the canvas."""
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
    """Draw many strokes, and say how much memory they take."""
    for number in range(count):
        if number % 1000 == 0:
            heart.begin(f"from stroke {number}")
            print(f"resident memory at stroke {number:6d}: {resident() or math.nan:7.1f} MB")
        if number % 100 == 0 and not keep:
            hand.window.clear()
        yield from (1 for _ in hand.anywhere())  # as fast as it goes
    print(f"resident memory at the end:         {resident() or math.nan:7.1f} MB")


def script(hand, heart, options, strokes):
    yield from warm_up(hand, heart, options.seconds)
    if options.crowded:
        yield from crowded(hand, heart, strokes)
    if options.strokes:
        yield from draw_many(hand, heart, options.strokes, options.keep)


def main():
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


def measure(options):
    from gui.recognition.recogniser import Recogniser
    from gui.recognition.saver import Saver
    from gui.recognition.worker import Worker

    try:
        root = tk.Tk()
    except tk.TclError as error:
        sys.exit(
            f"error: {error}. On a machine without a screen: xvfb-run python -m benchmarks.window"
        )
    keep_pauses_short()
    worker, saver = (Worker(target, (OSError, ValueError)) for target in (Recogniser(), Saver()))
    strokes = crowd(options.crowded or 0, random.Random(2))
    window = timed_window()(root, worker, saver, None)
    hand, heart = Hand(window), Heart(root)
    steps = script(hand, heart, options, strokes)

    def step():
        pause = next(steps, None)
        if pause is None:
            window.close()
        else:
            root.after(pause, step)

    step()
    heart.beat()
    root.mainloop()
    worker.join()
    heart.report()
    report("from motion to bars", window.latencies)


if __name__ == "__main__":
    main()
