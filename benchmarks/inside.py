"""How soon the tiles of the pane "Inside" follow the hand, and whether it keeps the window waiting.

    python -m benchmarks.inside                 the bundled model
    python -m benchmarks.inside --model FILE    another one
    python -m benchmarks.inside --size 1920x1080 --back 3       on the way back, if it were a 3

A hand draws circles, 100 motion events a second, with the pane open. For each picture that is shown the
time is taken from the motion that it shows until all tiles are there; a number is pinned meanwhile, so that
its explanation is renewed, too. The heartbeat is that of `benchmarks.window`.
It needs a screen; on a machine without one: xvfb-run -s "-screen 0 1920x1080x24" python -m benchmarks.inside
"""

import argparse
import itertools
import time

from benchmarks.window import Hand, Heart, opened, play, report

POLL = 20  # milliseconds


def watch(pane, root):
    """Return lists that fill with the ages of the pictures shown, and the moments they were shown at."""
    made, ages, moments = {}, [], []
    drawing, shown = pane.show_drawing, pane._shown

    def show_drawing(version, items):
        made[version] = time.perf_counter()
        drawing(version, items)

    def all_shown(frame):
        shown(frame)
        root.update_idletasks()
        now = time.perf_counter()
        if frame.columns and not frame.blank and frame.wish.version in made:
            ages.append(now - made.pop(frame.wish.version))
            moments.append(now)

    pane.show_drawing, pane._shown = show_drawing, all_shown
    return ages, moments


def script(window, hand, heart, options, found):
    """Draw with the pane open; what was measured goes into `found`."""
    heart.begin("until ready")
    while not window.view.status_bar.model["text"]:
        yield POLL
    window.show_inside()
    pane = window.side.pane
    if options.back is not None:
        pane.label.set(str(options.back))
    yield from hand.pull(hand.circle())
    while pane.frame is None or not pane.frame.columns:
        yield POLL
    pane.pin((0, (5, 5, 0)))
    yield from hand.pull(hand.circle())
    heart.begin("drawing")
    found.extend(watch(pane, window.root))
    begun = time.perf_counter()
    for count in itertools.count():
        if count % 10 == 0:
            window.clear()
        yield from hand.pull(hand.circle())
        if time.perf_counter() > begun + options.seconds:
            found.append(time.perf_counter() - begun)
            return


def measure(options):
    from gui.window import Window

    window, worker = opened(lambda *parts: Window(*parts, options.model), "benchmarks.inside")
    window.root.geometry(f"{options.size}+0+0")
    found, hand, heart = [], Hand(window), Heart(window.root)
    play(window, worker, heart, script(window, hand, heart, options, found))
    ages, _, seconds = found
    report("from motion to tiles", ages)
    print(f"{len(ages) / seconds:.1f} pictures a second")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=20, help="to draw; default 20")
    parser.add_argument("--size", default="1280x800", help="of the window; default 1280x800")
    parser.add_argument("--model", help="model file; default ./mnist.h5, else the bundled model")
    parser.add_argument("--back", type=int, choices=range(10), help="digit for the way back")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
