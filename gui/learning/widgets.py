"""Small widgets of the pane: a row of digits, a learning rate, a picture, bars before and after, curves."""

import math
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.inside.colours import ends
from gui.learning.pictures import Thinned
from gui.recognition.top_guesses import NOTHING, percent
from gui.widgets.seen import Seen
from gui.widgets.theme import LIGHT, Look, Theme

LEAST_RATE, MOST_RATE = 1e-5, 10.0
COLUMNS = 240  # means that a curve has at most


def choices(
    parent: tk.Misc,
    look: Look,
    variable: tk.Variable,
    values: dict,
    command: Callable | None = None,
) -> ttk.Frame:
    """Return a row of buttons of which one is pressed.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        variable: takes on the value.
        values: the text on each button, and its value.
        command: called when one is pressed.
    """
    row = ttk.Frame(parent)
    for text, value in values.items():
        button = ttk.Radiobutton(row, text=text, style="Toolbutton", variable=variable, value=value)
        if command is not None:
            button.configure(command=command)
        button.pack(side="left", padx=(0, look.pixels(2)))
    return row


class Wrapped(ttk.Label):
    """A text whose lines are as long as the frame around is wide.

    Args:
        parent: where it lies.
        options: of a label.
    """

    def __init__(self, parent: tk.Misc, **options: object) -> None:
        super().__init__(parent, justify="left", **options)
        parent.bind("<Configure>", lambda event: self.configure(wraplength=event.width), add=True)


class DigitRow(ttk.Frame):
    """Asks what a drawing is: "This is a" and ten buttons.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        digit: takes on the digit; -1 for none.
        command: called when one is chosen.
    """

    def __init__(
        self, parent: tk.Misc, look: Look, digit: tk.IntVar, command: Callable[[], None]
    ) -> None:
        super().__init__(parent)
        ttk.Label(self, text="This is a").pack(side="left", padx=(0, look.pixels(6)))
        values = {f" {one} ": one for one in range(10)}
        self.row = choices(self, look, digit, values, command)
        self.row.pack(side="left")


class RateSlider(ttk.Frame):
    """A learning rate from 0.00001 to 10, each power of ten as long as any other.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        length: of the slider, on a screen of 96 dots an inch.
    """

    def __init__(self, parent: tk.Misc, look: Look, length: int = 100) -> None:
        super().__init__(parent)
        self._power = tk.DoubleVar(self, 0.0)
        self._value = ttk.Label(self, width=6)
        ends = math.log10(LEAST_RATE), math.log10(MOST_RATE)
        self.scale = ttk.Scale(
            self, from_=ends[0], to=ends[1], length=look.pixels(length), variable=self._power
        )
        self.scale.bind("<Button-1>", self._go_there)
        for keys, by in ((("Left", "Down"), -0.1), (("Right", "Up"), 0.1)):
            for key in keys:
                self.scale.bind(f"<{key}>", lambda event, by=by: self._move(by))
        ttk.Label(self, text="Rate").pack(side="left", padx=(0, look.pixels(6)))
        self.scale.pack(side="left")
        self._value.pack(side="left", padx=(look.pixels(6), 0))
        self._power.trace_add("write", lambda *_: self._show())
        self._show()

    @property
    def rate(self) -> float:
        """The learning rate, to two digits, as it is shown."""
        return float(f"{10 ** self._power.get():.2g}")

    def set(self, rate: float) -> None:
        """Set the learning rate, within its ends."""
        self._power.set(math.log10(min(MOST_RATE, max(LEAST_RATE, rate))))

    def _show(self) -> None:
        self._value.configure(text=f"{self.rate:g}")

    def _move(self, by: float) -> str:
        """Move by a tenth of a power of ten; Tk's own step, a whole power, must not come on top."""
        self.set(10 ** (self._power.get() + by))
        return "break"

    def _go_there(self, event: tk.Event) -> None:
        """Bring the knob to the mouse, from where it can be pulled."""
        if "slider" not in str(self.scale.identify(event.x, event.y)):
            self.scale.set(self.scale.get(event.x, event.y))
            self.scale.update_idletasks()  # now the knob lies under the mouse, which takes hold of it


class Picture(ttk.Label):
    """A small picture, enlarged by whole numbers into the room there is.

    Args:
        parent: where it lies.
        room: width and height in pixels.
        most: times it is enlarged at most.
    """

    def __init__(self, parent: tk.Misc, room: tuple[int, int], most: int) -> None:
        self._small = tk.PhotoImage(master=parent, width=1, height=1)
        self._large = tk.PhotoImage(master=parent, width=room[0], height=1)
        super().__init__(parent, image=self._large)
        self._room, self._most = room, most

    def show(self, width: int, height: int, data: bytes) -> None:
        """Show a PPM file of so many pixels."""
        zoom = max(1, min(self._room[0] // width, self._room[1] // height, self._most))
        self._small.configure(data=data, width=width, height=height)
        self._large.configure(width=zoom * width, height=zoom * height)
        self._large.tk.call(self._large, "copy", self._small, "-zoom", zoom)

    def empty(self) -> None:
        """Show nothing."""
        self._large.blank()


class PairBars(tk.Canvas):
    """Ten pairs of bars: the probabilities before a step and after it.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        size: width and height in pixels.
    """

    def __init__(self, parent: tk.Misc, look: Look, size: tuple[int, int]) -> None:
        super().__init__(parent, width=size[0], height=size[1], highlightthickness=0)
        self._seen = Seen()
        self._row = size[1] / 10
        self._left = look.small.measure("0") + look.pixels(6)
        self._length = size[0] - self._left - look.small.measure(">99 %") - look.pixels(6)
        for digit in range(10):
            middle = (digit + 0.5) * self._row
            for kind in ("before", "after"):
                self.create_rectangle(0, 0, 0, 0, width=0, tags=(kind, f"{kind}{digit}"))
            self.create_text(
                0, middle, text=str(digit), anchor="w", font=look.small, tags=("text", f"n{digit}")
            )
            self.create_text(
                size[0], middle, anchor="e", font=look.small, tags=("text", f"percent{digit}")
            )
        self.colour(LIGHT)

    def show(self, before: list[float], after: list[float]) -> None:
        """Show ten probabilities each; those before may be empty, and all may.

        As in the window's own bars, nothing is written beside what would be "<1 %".
        """
        for digit in range(10):
            top = digit * self._row
            middle = top + (0.4 if before else 0.1) * self._row
            self._place(f"before{digit}", before, digit, top + 0.08 * self._row, middle)
            self._place(f"after{digit}", after, digit, middle, top + 0.9 * self._row)
            text = percent(after[digit]) if after and after[digit] >= NOTHING else ""
            if self._seen.changes(f"percent{digit}", text):
                self.itemconfigure(f"percent{digit}", text=text)

    def _place(self, tag: str, shares: list[float], digit: int, top: float, bottom: float) -> None:
        share = shares[digit] if shares else 0.0
        box = self._left, top, self._left + round(share * self._length), bottom
        if self._seen.changes(tag, box):
            self.coords(tag, *box)
        state = "normal" if share > 0.002 else "hidden"
        if self._seen.changes(f"{tag} state", state):
            self.itemconfigure(tag, state=state)

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self.configure(background=theme.window)
        self.itemconfigure("before", fill=theme.other)
        self.itemconfigure("after", fill=theme.accent)
        self.itemconfigure("text", fill=theme.text)


class Curves(tk.Canvas):
    """The loss and the accuracy of a training, batch by batch, and the accuracy after each epoch.

    Args:
        parent: where it lies.
        look: fonts and lengths.
        size: width and height in pixels.
    """

    def __init__(self, parent: tk.Misc, look: Look, size: tuple[int, int]) -> None:
        super().__init__(parent, width=size[0], height=size[1], highlightthickness=0)
        self._size, self._line = size, look.small.metrics("linespace")
        self._dot = look.pixels(3)
        for kind in ("loss", "accuracy"):
            self.create_line(0, 0, 0, 0, width=look.pixels(1.6), tags=kind, state="hidden")
        for name, anchor, x in (("loss", "nw", 4), ("accuracy", "ne", size[0] - 4)):
            self.create_text(x, 2, anchor=anchor, font=look.small, tags=f"{name}-text")
        self.clear()
        self.colour(LIGHT)

    def clear(self) -> None:
        """Show nothing."""
        self._loss, self._accuracy = Thinned(COLUMNS), Thinned(COLUMNS)
        self._most, self._epochs = 0.0, []
        self.delete("dot")
        self.itemconfigure("loss||accuracy", state="hidden")
        self.itemconfigure("loss-text", text="loss")
        self.itemconfigure("accuracy-text", text="accuracy")

    def show(self, losses: list, accuracies: list, epochs: list, total: float) -> None:
        """Show what has come since the last call.

        Args:
            losses, accuracies: of each batch so far.
            epochs: (batches, accuracy) after each.
            total: the share of the whole training that is done, 0 to 1.
        """
        count = min(len(losses), len(accuracies))
        if count == self._loss.count and len(epochs) == len(self._epochs):
            return
        self._loss.extend(losses[self._loss.count : count])
        self._accuracy.extend(accuracies[self._accuracy.count : count])
        self._epochs = list(epochs)
        means = self._loss.means()
        self._most = max(means, default=1.0) or 1.0
        width = self._size[0] * max(0.02, total)
        self._draw("loss", [value / self._most for value in means], width)
        self._draw("accuracy", self._accuracy.means(), width)
        self._draw_epochs(count, width)
        self._tell(means)

    def _draw(self, kind: str, shares: list[float], width: float) -> None:
        if len(shares) > 1:
            step = width / (len(shares) - 1)
            points = [v for i, share in enumerate(shares) for v in (i * step, self._y(share))]
            self.coords(kind, *points)
            self.itemconfigure(kind, state="normal")

    def _draw_epochs(self, count: int, width: float) -> None:
        self.delete("dot")
        for batches, accuracy in self._epochs[-COLUMNS:]:
            x, y = width * batches / max(1, count), self._y(accuracy)
            box = x - self._dot, y - self._dot, x + self._dot, y + self._dot
            self.create_oval(box, fill=self._text, width=0, tags="dot")

    def _tell(self, losses: list[float]) -> None:
        accuracy = f"accuracy {percent(self._accuracy.means()[-1])}" if losses else "accuracy"
        if self._epochs:
            accuracy += f", held out {100 * self._epochs[-1][1]:.1f} %"
        self.itemconfigure("loss-text", text=f"loss {losses[-1]:.3g}" if losses else "loss")
        self.itemconfigure("accuracy-text", text=accuracy)

    def _y(self, share: float) -> float:
        top = self._line + 2 * self._dot
        return top + (1 - share) * (self._size[1] - top - self._dot)

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        self._text = theme.text
        self.configure(background=theme.canvas)
        for kind, colour in (("loss", theme.error), ("accuracy", theme.accent)):
            self.itemconfigure(kind, fill=colour)
            self.itemconfigure(f"{kind}-text", fill=colour)
        self.itemconfigure("dot", fill=theme.text)


def palette(theme: Theme) -> tuple[str, str, str, str]:
    """Return the colours of 0, of numbers above and below it, and of what lies between tiles."""
    return theme.canvas, *ends(theme), theme.window
