"""The drawing window under a hand that does not know what it does: `python -m tests.stress.window`.

First a hand draws while each net is trained in the pane; then random events come: strokes, keys, buttons of
the pane (steps, lessons, trainings that start, pause and stop), other models, themes and sizes; then the
window is closed, whatever it is at. It is a process of its own on a screen of its own (Xvfb). It fails on a
traceback, on an exit code other than 0, and on a heartbeat (each 10 ms, on Tk's thread) whose gap is above
`LATE` milliseconds more often than one time in a hundred.

    python -m tests.stress.window                 1,000 events with seed 1
    python -m tests.stress.window --events 200 --seed 7 --seconds 2
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from benchmarks.window import BEAT, Hand, Heart
from tests.support.xvfb import ROOT, Xvfb

LATE = 30  # milliseconds
# No Tab and no space: they may open a dialog, whose own loop the script would wait for.
KEYS = ["l", "t", "p", "e", "u", "c", "plus", "minus", "comma", "period", "Delete"]
KEYS += ["Control-z", "Control-y", "Control-b"]
SIZES = ("700x540", "1024x560", "1270x900", "900x700")


def until(condition):
    """Pause until something holds."""
    while not condition():
        yield BEAT


def open_pane(window):
    """Open the pane, and return it."""
    if window.side.name != "learning":
        window.show_learning()
    return window.side.pane


def train(window, net, seconds, hand):
    """Train a net, and draw meanwhile."""
    pane = open_pane(window)
    tab = pane.tabs["train"]
    pane._tab.set("train")
    pane._show_tab()
    tab._net.set(net)
    tab.buttons["start"].invoke()
    yield from until(lambda: pane.training.run.losses or pane.training.run.over)
    window.heart.begin(f"training {net}")
    for count in range(seconds * 2):
        if count % 4 == 0:
            window.clear()
        yield from hand.pull(hand.circle())
    window.heart.begin("between")
    print(f"{net}: {len(pane.training.run.losses)} batches while {seconds} s were drawn")
    tab.buttons["stop"].invoke()
    yield from until(lambda: pane.training.run.over and not pane.job)


def pressable(pane):
    """Return the buttons of a pane that can be pressed now and ask for no file and no network."""
    found, waiting = [], [pane]
    while waiting:
        widget = waiting.pop()
        waiting += widget.winfo_children()
        kinds = ("TButton", "TRadiobutton", "TCheckbutton")
        if widget.winfo_class() not in kinds or not widget.winfo_ismapped():
            continue
        text = str(widget["text"])
        if not widget.instate(["disabled"]) and "…" not in text and text != "MNIST":
            found.append(widget)
    return found


def random_event(window, hand, chance, models):
    """Do something, whatever it is."""
    what = chance.random()
    if what < 0.25:
        yield from hand.anywhere()
    elif what < 0.3:
        window.root.geometry(chance.choice(SIZES))
    elif what < 0.35:
        window.load_model(chance.choice(models))
    elif what < 0.5:
        window.root.event_generate(f"<Key-{chance.choice(KEYS)}>".replace("Key-Control", "Control"))
    else:
        open_pane(window)
        if buttons := pressable(window.side.pane):
            chance.choice(buttons).invoke()
    yield chance.choice((1, 1, BEAT, 5 * BEAT))


def script(window, options):
    hand, chance = Hand(window), random.Random(options.seed)
    yield from until(lambda: window.view.status_bar.model["text"])
    yield from hand.pull(hand.circle())
    models = [None, "missing.h5", os.path.join(options.folder, "net.h5")]
    for net in ("LeNet-5", "Compact", "Classic"):
        yield from train(window, net, options.seconds, hand)
    window.worker.submit("learning.save", models[2])
    window.heart.begin("random events")
    for _ in range(options.events):
        yield from random_event(window, hand, chance, models)
    print(
        f"{options.events} random events; then closed while training: {bool(window.side.pane.job)}"
    )


def inside(options):
    """Open the window as `python -m gui` does, and let it be driven."""
    import gui.window
    from gui import __main__ as start

    class DrivenWindow(gui.window.Window):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.heart = Heart(self.root)
            self.heart.begin("start")
            self.steps = script(self, options)
            self.heart.beat()
            self.step()

        def step(self):
            try:
                pause = next(self.steps, None)
            except Exception:
                self.close()
                raise
            if pause is None:
                self.heart.report()
                print(f"late: {share_late(self.heart.parts):.4f}")
                self.close()
            else:
                self.root.after(pause, self.step)

    gui.window.Window = DrivenWindow
    sys.argv = sys.argv[:1]
    start.run_window()


def share_late(parts):
    """Return the largest share of gaps that were too long, of all parts that are long enough."""
    shares = [
        sum(gap * 1000 > LATE for gap in gaps) / len(gaps)
        for name, gaps in parts.items()
        if len(gaps) > 100 and name not in ("start", "between")
    ]
    return max(shares, default=1.0)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1000, help="random ones; default 1000")
    parser.add_argument("--seed", type=int, default=1, help="of the random events; default 1")
    parser.add_argument("--seconds", type=int, default=8, help="to draw beside each training")
    parser.add_argument("--folder", help="of the window itself, which this command opens")
    options = parser.parse_args()
    if options.folder:
        inside(options)
    sys.exit(driven(options))


def driven(options):
    """Open a screen and the window on it; return 1 if anything went wrong."""
    screen = Xvfb()
    try:
        with tempfile.TemporaryDirectory() as folder:
            own = {"TINYCNN_HOME": folder, "TINYCNN_DIGITS": str(pathlib.Path(folder) / "digits")}
            command = [sys.executable, "-u", "-m", "tests.stress.window", "--folder", folder]
            command += [
                f"--{name}={getattr(options, name)}" for name in ("events", "seed", "seconds")
            ]
            environment = {**screen.environment, **own, "PYTHONPATH": str(ROOT)}
            with subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True,
            ) as window:  # fmt: skip
                lines = []
                for line in window.stdout:
                    print(line, end="", flush=True)
                    lines.append(line)
    finally:
        screen.close()
    late = [float(line[6:]) for line in lines if line.startswith("late: ")]
    traceback = any("Traceback" in line for line in lines)
    wrong = window.returncode != 0 or traceback or not late or late[0] > 0.01
    print(f"exit code {window.returncode}: {'this is wrong' if wrong else 'as it should be'}")
    return int(wrong)


if __name__ == "__main__":
    main()
