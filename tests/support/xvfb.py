"""A screen of its own (Xvfb), the window on it as a process, and a hand: real mouse and key events."""

import contextlib
import ctypes
import ctypes.util
import importlib.util
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

from tests.support.patience import HEEDFUL, PATIENCE

ROOT = pathlib.Path(__file__).parents[2]
RESTS = 4000  # looks at a window at rest, a minute or more, until a wait is in vain


def lacking():
    """Return why the window cannot be driven here, or None."""
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if importlib.util.find_spec("tkinter") is None or importlib.util.find_spec("_tkinter") is None:
        missing.append("tkinter")
    return f"not installed: {', '.join(missing)}" if missing else None


class Xvfb:
    """A screen that nobody sees.

    Args:
        size: "WIDTHxHEIGHT" in pixels.
        dpi: dots an inch, which Tk's `tk scaling` follows.
    """

    def __init__(self, size="1280x1024", dpi=96):
        read_end, write_end = os.pipe()
        # Without -noreset it begins anew when its last window goes, and turns away who knocks meanwhile.
        self._server = subprocess.Popen(
            [
                "Xvfb",
                "-noreset",
                *("-displayfd", str(write_end)),
                *("-screen", "0", f"{size}x24"),
                "-dpi",
                str(dpi),
            ],
            pass_fds=[write_end],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as answer:
            number = answer.readline().strip()
        self.display, self.size = f":{number}", size
        self.environment = {**os.environ, "DISPLAY": self.display}

    def close(self):
        self._server.terminate()
        self._server.wait()

    def hand(self, *lines):
        """Do with mouse and keys what these lines of xdotool's language say."""
        subprocess.run(
            ["xdotool", "-"], input="\n".join(lines) + "\n", text=True, env=self.environment,
            check=True, timeout=PATIENCE,
        )  # fmt: skip

    def ask_to_close(self, window):
        """Tell a window, as the cross in its frame does, that it should close."""
        with self._x() as (x, display):
            kind, delete = (
                x.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
            )
            # Type, serial, sent, display, window, message, format, five words; an XEvent has 24.
            event = (ctypes.c_long * 24)(33, 0, 1, 0, window, kind, 32, delete, 0)
            x.XSendEvent(display, ctypes.c_ulong(window), 0, 0, event)

    def around(self, window):
        """Return the window in which another lies."""
        root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        children = ctypes.c_void_p()
        pointers = [ctypes.byref(value) for value in (root, parent, children, count)]
        with self._x() as (x, display):
            x.XQueryTree(display, ctypes.c_ulong(window), *pointers)
            x.XFree(children)
        return parent.value

    @contextlib.contextmanager
    def _x(self):
        x = ctypes.CDLL(ctypes.util.find_library("X11"))
        x.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x.XOpenDisplay(self.display.encode()))
        yield x, display
        x.XCloseDisplay(display)


class App:
    """The window as a process: what it shows is in `state`, what it complained about in `errors`.

    Args:
        screen: where it appears.
        arguments: of `python -m gui`.
        folder: where it runs.
        environment: more variables.
    """

    def __init__(self, screen, *arguments, folder, **environment):
        self.screen, self.folder, self.state, self.errors = screen, pathlib.Path(folder), {}, ""
        self._news, self._gone = threading.Condition(), False
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "support" / "driven_window.py"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            **HEEDFUL,
            env={
                **screen.environment,
                "PYTHONPATH": str(ROOT),
                "TINYCNN_HOME": str(self.folder / "home"),
                "TINYCNN_DIGITS": str(self.folder / "digits"),
                **environment,
            },
        )
        self._threads = [threading.Thread(target=f) for f in (self._read_states, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def _read_states(self):
        for line in self.process.stdout:
            with self._news:
                self.state = json.loads(line)
                self._news.notify_all()
        with self._news:
            self.state, self._gone = {}, True  # a thread that tells of its end is alive still
            self._news.notify_all()

    def _read_errors(self):
        for line in self.process.stderr:
            if not line.startswith("compiling kernels"):  # no complaint
                self.errors += line

    def wait(self, condition, why=""):
        """Wait until the window shows something; return the state that does.

        Raises:
            AssertionError: it ended, or had nothing to do for so long that it will never come.
        """
        with self._news:
            self._wait(lambda: self.state and condition(self.state))
            if not (self.state and condition(self.state)):
                raise AssertionError(f"{why or 'it never came'}: {self.errors} {self.brief()}")
            return self.state

    def _wait(self, done):
        """Wait until something is done, the window is gone, or it has had nothing to do for long."""
        with self._news:
            last = self.state.get("rests", 0) + RESTS
            self._news.wait_for(
                lambda: done() or self._gone or self.state.get("rests", 0) > last, timeout=PATIENCE
            )

    def steady(self):
        """Wait until everything lies where it will stay."""
        return self.wait(lambda s: s["steady"], "it goes on moving")

    def rested(self):
        """Wait until the window has done all that it was asked for, and has looked about since."""
        begun = self.state["rests"]
        return self.wait(lambda s: s["rests"] > begun + 20)

    def brief(self):
        """Return the state without what is long."""
        return {k: v for k, v in self.state.items() if k not in ("buttons", "image", "shares")}

    def appear(self):
        """Wait until the window is there, and give it the keys, as a window manager would."""
        self.wait(lambda s: s["visible"] and s["canvas"]["width"] > 50)
        return self.refocus()

    def refocus(self):
        """Give the keys back to the window after a dialog, as a window manager would."""
        self.screen.hand(f"windowfocus {self.frame()}")
        return self.wait(lambda s: s["focus"], "the keys go elsewhere")

    def frame(self):
        """Return the window that Tk puts around its own, which screens and frames deal with."""
        return self.screen.around(self.state["window"])

    def ready(self):
        """Wait until the window is there, has its model and has predicted what lies on the canvas."""
        self.appear()
        return self.wait(lambda s: s["model"])

    def settled(self):
        """Wait until the newest drawing was predicted, and is shown."""
        return self.wait(
            lambda s: (
                s["predicted"] == s["version"]
                if s["items"] or s["drawing"]
                else s["predicted"] is None
            ),
            "never predicted",
        )

    def resize(self, width, height):
        """Make the window so large, as its frame would."""
        self.screen.hand(f"windowsize {self.frame()} {width} {height}")

    def keys(self, *names):
        self.screen.hand(*[f"key {name}" for name in names])

    def keys_to(self, part, name):
        """Press a key, such as Tab, until the keys belong to a part of the window; at most forty times."""
        for _ in range(40):
            before = self.state["focus"]
            if part in before:
                break
            self.keys(name)
            self.wait(lambda s: s["focus"] != before)  # noqa: B023

    def on_canvas(self, x, y):
        """Return where on the screen a point of the canvas's unit square lies."""
        canvas = self.state["canvas"]
        return (
            round(canvas["x"] + x * canvas["width"] - 0.5),
            round(canvas["y"] + y * canvas["height"] - 0.5),
        )

    def pull(self, stroke, button=1):
        """Return the lines that pull the mouse along a stroke's points.

        Between motions another button is clicked, which nothing listens to: Tk makes one of motions
        that follow each other before it has time for them, and so a busy machine would draw fewer.
        It is pressed and let go, because xdotool waits a tenth of a second after each of its clicks.
        """
        self.steady()
        first, *others = [self.on_canvas(*point) for point in stroke]
        lines = [f"mousemove {first[0]} {first[1]}", f"mousedown {button}"]
        for x, y in others:
            lines += [f"mousemove {x} {y}", "mousedown 9", "mouseup 9"]
        return [*lines, f"mouseup {button}"]

    def drawn(self, stroke):
        """Return of how many points a stroke is in the drawing: one for each pixel the mouse came to."""
        pixels = [self.on_canvas(*point) for point in stroke]
        return 1 + sum(one != other for one, other in itertools.pairwise(pixels))

    def draw(self, *strokes, button=1):
        """Draw strokes, and wait until they are on the canvas and were predicted."""
        released = self.state["released"] + len(strokes)
        self.screen.hand(*[line for stroke in strokes for line in self.pull(stroke, button)])
        self.wait(lambda s: s["released"] >= released, "nothing was drawn")
        return self.settled()

    def press(self, name):
        """Press a button, and leave it."""
        self.steady()
        button = self.state["buttons"][name]
        x, y = button["x"] + button["width"] // 2, button["y"] + button["height"] // 2
        self.screen.hand(f"mousemove {x} {y}", "mousedown 1", "mouseup 1", f"mousemove {x} 2")

    def dismiss(self):
        """Put what lies before the window away by Escape, once the keys go there."""
        self.wait(
            lambda s: any(s["focus"].startswith(name) for name in s["others"]),
            "nothing before the window has the keys",
        )
        self.keys("Escape")
        return self.wait(lambda s: not s["others"], "it stayed before the window")

    def clear(self):
        """Empty the canvas by its key."""
        self.keys("c")
        return self.wait(lambda s: not s["items"] and s["predicted"] is None and not s["digit"])

    def close(self):
        """Close the window as its frame would; return (exit code, what it complained about)."""
        if self.state:
            self.screen.ask_to_close(self.state["window"])
        return self.ended()

    def ended(self):
        """Wait for the end; return (exit code, what it complained about).

        Raises:
            AssertionError: it is there, and had nothing to do for so long that it will not end.
        """
        try:
            self._wait(lambda: False)
            assert self._gone, f"it did not end: {self.errors} {self.brief()}"
            self.process.wait(PATIENCE)
        finally:
            self.kill()
        return self.process.returncode, self.errors

    def kill(self):
        """End the process if it has not ended, and close its pipes."""
        self.process.kill()
        for thread in self._threads:
            thread.join()
        self.process.__exit__(None, None, None)  # waits, and closes the pipes

    def picture(self, path):
        """Write what the screen shows."""
        from PIL import ImageGrab

        ImageGrab.grab(xdisplay=self.screen.display).save(path)


@contextlib.contextmanager
def living(size="1280x1024", dpi=96, *arguments, folder):
    """Open the window on a screen of its own; in the end it must close well, having complained of nothing."""
    screen = Xvfb(size, dpi)
    window = App(screen, *arguments, folder=folder)
    try:
        window.ready()
        yield window
        assert window.close() == (0, "")
    finally:
        window.kill()
        screen.close()


def fits_window(state):
    """Return whether every button and the canvas lie within the window."""
    for start, length, axis in (("x", "width", 0), ("y", "height", 1)):
        first, last = state["corner"][axis], state["corner"][axis] + state["size"][axis]
        for place in [*state["buttons"].values(), state["canvas"]]:
            if place[start] < first or place[start] + place[length] > last:
                return False
    return True
