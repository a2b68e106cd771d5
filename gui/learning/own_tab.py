"""A person's own digits: kept with what they are, and learnt."""

import tkinter as tk
from tkinter import ttk

from gui.learning.own_digits import folder
from gui.learning.trainer import Lesson
from gui.learning.training import Run
from gui.learning.widgets import DigitRow, Wrapped
from gui.widgets.shortened import shortened
from tinycnn.utils.printable import printable

EXPLAINED = (
    "A drawing that is misread can be kept with what it is. “Learn mine” goes on training a copy of the "
    "net that reads on your digits, mixed with MNIST's from the sample so that it does not forget them."
)


class OwnTab(ttk.Frame):
    """The part of the pane for a person's own digits.

    Args:
        parent: where it lies.
        pane: that it belongs to.
    """

    def __init__(self, parent: tk.Misc, pane: object) -> None:
        super().__init__(parent)
        self._pane, look = pane, pane.look
        gap = look.pixels(6)
        DigitRow(self, look, pane.digit, pane.digit_chosen).grid(row=0, sticky="w")
        row = ttk.Frame(self)
        self.buttons = {
            "keep": ttk.Button(row, text="Keep this drawing", command=pane.keep),
            "learn": ttk.Button(row, text="Learn mine", command=pane.learn_mine),
            "stop": ttk.Button(row, text="Stop", command=pane.stop_training),
        }
        for button in self.buttons.values():
            button.pack(side="left", padx=(0, gap))
        self.progress = ttk.Progressbar(row, length=look.pixels(160), maximum=1.0)
        self.progress.pack(side="left", padx=(gap, 0))
        row.grid(row=1, sticky="w", pady=gap)
        self.kept, self.status = ttk.Label(self), Wrapped(self)
        place = ttk.Label(self, style="Faint.TLabel", text=printable(shortened(str(folder()), 70)))
        explained = Wrapped(self, style="Faint.TLabel", text=EXPLAINED)
        for number, widget in enumerate((self.kept, place, self.status, self._table(), explained)):
            widget.grid(row=number + 2, sticky="w", pady=(0, gap))
        self.enable(busy=False)

    def _table(self) -> ttk.Frame:
        table, gap = ttk.Frame(self), self._pane.look.pixels(24)
        rows = (("Accuracy on", "before", "after"), ("your digits", "", ""))
        rows += (("the sample's test digits", "", ""),)
        self.cells = {}
        for y, texts in enumerate(rows):
            for x, text in enumerate(texts):
                style = "Faint.TLabel" if y == 0 else "TLabel"
                cell = self.cells[y, x] = ttk.Label(table, text=text, style=style)
                cell.grid(row=y, column=x, sticky="w" if x == 0 else "e", padx=(0, gap))
        return table

    def enable(self, *, busy: bool) -> None:
        """Let those buttons be pressed that mean something now."""
        for name, button in self.buttons.items():
            possible = name == "keep" or busy == (name == "stop")
            button.state(["!disabled" if possible else "disabled"])

    def show_count(self, count: int) -> None:
        """Say how many digits were kept."""
        digits = "digit" if count == 1 else "digits"
        self.kept.configure(text=f"You have kept {count:,} {digits}, pictures and a table in")

    def show(self, run: Run) -> None:
        """Show how far a lesson is."""
        self.progress.configure(value=run.done)
        texts = {"training": "Learning your digits…", "stopping": "Stopping…"}
        self.say(run.sentence or texts.get(run.state, str(self.status["text"])))

    def say(self, sentence: str) -> None:
        """Say how it goes."""
        if sentence != str(self.status["text"]):
            self.status.configure(text=sentence)

    def show_lesson(self, lesson: Lesson) -> None:
        """Show what came of a lesson."""
        digits = "digit" if lesson.count == 1 else "digits"
        learnt = f"Learnt {lesson.count:,} {digits} of yours."
        self.say(learnt if lesson.model is not None else "Stopped; nothing was changed.")
        for y, shares in ((1, lesson.own), (2, lesson.sample)):
            for x, share in enumerate(shares, 1):
                text = f"{100 * share:.1f} %" if lesson.model is not None else "–"
                self.cells[y, x].configure(text=text)
