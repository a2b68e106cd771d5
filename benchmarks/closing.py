"""How long the drawing window's process lives on after the window was closed, in several states.

    python -m benchmarks.closing                 every state, by the cross and by Ctrl-C, three times
    python -m benchmarks.closing --state saving --times 20

Each time a new process opens the window, waits for the state and closes the window; the seconds from then
to the end of the process are printed. For "compiling" its cache of kernels is empty.

`STATES` has a function for each state: it gets the window, is called every 5 ms, returns whether the window
is in that state, and may do something to bring it there.
It needs a screen; on a machine without one: xvfb-run python -m benchmarks.closing
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from array import array

SOON = 5  # milliseconds between two checks of the window


def importing(window):
    """Return whether the process is importing tinycnn: NumPy is there, the kernels' compiler is not."""
    return "numpy" in sys.modules and "tinycnn.ops.kernels.codegen.jit" not in sys.modules


def compiling(window):
    """Return whether the first kernel is being compiled, which `jit.announce` has announced."""
    compile_module = sys.modules.get("tinycnn.ops.kernels.codegen.jit")
    announced = getattr(compile_module, "announce", None)
    return announced is not None and announced.cache_info().currsize > 0


def loading(window):
    """Once the window is ready, start to load another model; return whether that was started."""
    if not ready(window):
        return False
    from tinycnn import pretrained

    window.load_model(os.path.join(os.path.dirname(pretrained.__file__), "mnist.h5"))
    return True


def ready(window):
    """Return whether the window has its model, whose name then stands in the status bar."""
    return bool(window.view.status_bar.model["text"])


def draw(window):
    """Put a stroke on the canvas."""
    from gui.drawing.drawing import Stroke

    window.drawing.add(Stroke(array("d", [0.4, 0.2, 0.5, 0.8]), 0.07))
    window._show()


def predicting(window):
    """Once the window is ready, draw a stroke, which starts a prediction; return whether it was started."""
    if not ready(window):
        return False
    draw(window)
    return True


def saving(window):
    """Once the window is ready, draw a stroke and start to save it; return whether that was started."""
    if not predicting(window):
        return False
    window._saver.submit("save", "drawing.png", window.drawing.items)
    return True


def dialog(window):
    """Once the window is ready, open a file dialog; return whether it is open."""
    if not ready(window):
        return False
    if not window._asking:
        window.root.after(1, window.open_picture)
        return False
    return True


STATES = {
    "just opened": lambda window: True,
    "importing": importing,
    "compiling": compiling,
    "loading": loading,
    "idle": ready,
    "predicting": predicting,
    "saving": saving,
    "dialog": dialog,
}


def child(state, way):
    """Open the window; when it is in the state, print the time and close it. This runs in the new process.

    Args:
        state: one of `STATES`.
        way: "Ctrl-C" for the signal SIGINT; else the window is closed as by its cross.
    """
    import gui.window
    from gui import __main__ as start

    class ClosingWindow(gui.window.Window):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.root.after(SOON, self.check_state)

        def check_state(self):
            if not STATES[state](self):
                self.root.after(SOON, self.check_state)
                return
            print(time.time(), flush=True)  # a clock that both processes read
            if way == "Ctrl-C":
                os.kill(os.getpid(), signal.SIGINT)
            else:
                self.close()

    gui.window.Window = ClosingWindow
    sys.argv[1:] = []
    start.run_window()


def seconds(state, way):
    """Run `child` in a new process; return the seconds from the closing to its end, and its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        cache = {"NUMBA_CACHE_DIR": folder} if state == "compiling" else {}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.closing", "--child", state, way],
            env={**os.environ, "PYTHONPATH": os.getcwd(), **cache},
            cwd=folder,
            capture_output=True,
            text=True,
        )
        end = time.time()
    if not done.stdout:
        sys.exit(f"error: the window never came to {state!r}: {done.stderr.strip()}")
    return end - float(done.stdout), done.returncode


def main():
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state", choices=STATES, help="only this one")
    parser.add_argument("--times", type=int, default=3, help="of each; default 3")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
    print(f"{'state':14s} {'way':8s} {'code':>5s} {'median s':>9s} {'worst s':>9s}")
    for state in [options.state] if options.state else STATES:
        for way in ("cross", "Ctrl-C"):
            times, codes = zip(*(seconds(state, way) for _ in range(options.times)), strict=True)
            median, code = statistics.median(times), ",".join(map(str, sorted({*codes})))
            print(f"{state:14s} {way:8s} {code:>5s} {median:9.2f} {max(times):9.2f}", flush=True)


if __name__ == "__main__":
    main()
