"""The pane "learning": one step, a training from nothing, digits of one's own."""

import tkinter as tk
from tkinter import ttk

from gui.drawing.drawing import Items
from gui.learning.answers import Answers
from gui.learning.own_tab import OwnTab
from gui.learning.step_tab import StepTab
from gui.learning.train_tab import TrainTab
from gui.learning.trainer import TrainingWorker, has_mnist
from gui.learning.widgets import choices
from gui.recognition.top_guesses import SURE, TopGuesses, percent, top_guesses
from gui.widgets import file_dialogs
from gui.widgets.side import BasePane
from gui.widgets.theme import Theme

OFTEN = 120  # milliseconds between two looks at a training
TABS = {"One step": "step", "Train from nothing": "train", "My digits": "own"}


class Pane(Answers, BasePane):
    """See `BasePane`; the net that learns is read with, and the loaded one stays as it is."""

    def __init__(self, parent: tk.Misc, window: object) -> None:
        super().__init__(parent, window)
        self.training = TrainingWorker()
        self.training.start()
        self.workers = [self.training]
        self.has_mnist = has_mnist()
        self.digit = tk.IntVar(self, -1)
        self._items: Items = ()
        self.job = ""  # "train" or "teach", while it runs
        self._reader: object = None  # of the net in training, once it was adopted
        self.shown: object = None  # the prediction that the tabs show
        self._open = False
        self._tick: str | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        gap = self.look.pixels(8)
        self.pack_propagate(False)  # its size comes from outside
        self._tab = tk.StringVar(self, "step")
        choices(self, self.look, self._tab, TABS, self._show_tab).pack(anchor="w", pady=(0, gap))
        self._foot(gap).pack(side="bottom", fill="x", pady=(gap, 0))
        kinds = {"step": StepTab, "train": TrainTab, "own": OwnTab}
        self.tabs = {name: kind(self, self) for name, kind in kinds.items()}
        self._show_tab()

    def _foot(self, gap: int) -> ttk.Frame:
        row = ttk.Frame(self)
        self.buttons = {
            "restore": ttk.Button(row, text="As it was", command=self.restore),
            "save": ttk.Button(row, text="Save this net…", command=self.save),
        }
        for button in self.buttons.values():
            button.pack(side="left", padx=(0, gap))
        self.reading = ttk.Label(row)
        self.reading.pack(side="right")
        return row

    def _show_tab(self) -> None:
        self.tabs["step"].read()
        for name, tab in self.tabs.items():
            if name == self._tab.get():
                tab.pack(fill="both", expand=True)
            else:
                tab.pack_forget()

    # What the window tells it.

    def opened(self) -> None:
        """Show the net and the digits as they are now."""
        self._open = True
        self.look_at_net()
        self.ask("count")
        self._look()

    def shut(self) -> None:
        """Look at nothing but a training that runs."""
        self._open = False

    def show_drawing(self, version: int, items: Items) -> None:
        """Another drawing is another digit."""
        if items is self._items:
            return
        self._items = items
        self.tabs["step"].forget()
        if not items:
            self.digit.set(-1)

    def show_model(self) -> None:
        """The person has chosen another model: it reads, whatever is in training."""
        self.tabs["train"].follow.set(False)
        if self.job == "teach":
            self.training.run.stop()
        self.look_at_net()

    def colour(self, theme: Theme) -> None:
        """Take on the colours of a theme."""
        for name in ("step", "train"):
            self.tabs[name].colour(theme)

    # What is shown while it is open, and while there is a training.

    @property
    def shares(self) -> list[float]:
        """The probabilities of the ten digits, as the window shows them; empty where it shows none."""
        prediction = self.window.view.prediction_panel.prediction
        return (prediction.shares or []) if prediction else []

    @property
    def _guess(self) -> TopGuesses | None:
        """What the window reads; None where it reads nothing."""
        return top_guesses(self.shares, SURE) if self.shares else None

    def _look(self) -> None:
        """Show what has come since the last look, and look again."""
        if self._tick is not None:
            self.after_cancel(self._tick)
            self._tick = None
        if self.job:
            self._look_at_run()
        prediction = self.window.view.prediction_panel.prediction
        if prediction is not self.shown:
            self.shown = prediction
            self._show_reading()
            if self._tab.get() != "train":  # there it is not seen
                self.tabs["step"].read()
        if self._open or self.job:
            self._tick = self.after(OFTEN, self._look)

    def _show_reading(self) -> None:
        guess, text = self._guess, ""
        if guess is not None:
            read = f"{guess.digit} ({percent(guess.probability)})" if guess.is_digit else "no digit"
            text = f"Read as {read}"
        self.reading.configure(text=text)

    def _look_at_run(self) -> None:
        run = self.training.run
        self.tabs["train" if self.job == "train" else "own"].show(run)
        if run.reader is not None and run.reader is not self._reader:
            self._reader = run.reader
            if self.tabs["train"].follow.get():
                self.follow_changed()
            run.ask_for_snapshot()
        snapshot = run.take_snapshot()
        if snapshot is not None:
            self.ask("update", run.reader, snapshot)
        if run.over:
            self.job = ""
            self.enable()

    def enable(self) -> None:
        """Let those buttons be pressed that mean something now."""
        for tab in self.tabs.values():
            tab.enable(busy=bool(self.job))

    # What its buttons do.

    def step(self, times: int) -> None:
        """Let the net learn from the drawing."""
        if self._has_digit():
            self.window.view.say("")  # what was missing is there
            rate = self.tabs["step"].rate.rate
            self.ask("step", self.window.drawing.items, self.digit.get(), rate, times)

    def undo_step(self) -> None:
        """Take the last step back."""
        digit = self.digit.get()
        self.ask("undo", self.window.drawing.items, None if digit < 0 else digit)

    def digit_chosen(self) -> None:
        """Show the loss of the digit that it is."""
        self.tabs["step"].tell()

    def restore(self) -> None:
        """Read with the loaded model again."""
        self.tabs["train"].follow.set(False)
        self.ask("restore")

    def save(self) -> None:
        """Ask for a name, and write the net that reads there."""
        if path := self.window.dialogs.ask(file_dialogs.model_name_to_save):
            self.ask("save", path)

    def keep(self) -> None:
        """Keep the drawing with what it is."""
        if self._has_digit():
            guess = self._guess
            read_as = guess.digit if guess is not None and guess.is_digit else None
            self.ask("keep", self.window.drawing.items, self.digit.get(), read_as)

    def start_training(self) -> None:
        """Train a net from nothing."""
        try:
            setting = self.tabs["train"].setting
        except ValueError as error:
            self.failed(str(error))
            return
        self.tabs["train"].follow.set(True)
        self.tabs["train"].begin()
        self.begin("train", setting)

    def learn_mine(self) -> None:
        """Teach a copy of the net that reads the person's digits."""
        if not self.job:
            self.ask("lend")

    def stop_training(self) -> None:
        """End the run that there is."""
        self.training.run.stop()

    def pause_or_go_on(self) -> None:
        """Pause, or end a pause."""
        run = self.training.run
        (run.go_on if run.paused else run.pause)()

    def follow_changed(self) -> None:
        """Read with the net in training, or with the loaded one, as the person wants."""
        if not self.tabs["train"].follow.get():
            self.ask("restore")
        elif self._reader is not None:
            self.ask("adopt", self._reader, "the net in training")

    def begin(self, job: str, *arguments: object) -> None:
        """Begin a run, and look at it from now on."""
        self.job = job
        self.window.view.say("")
        self.training.begin(job, *arguments)
        self.enable()
        self._look()

    def look_at_net(self) -> None:
        """Have the net that reads shown as it is."""
        self.ask("look", self.window.drawing.items, None)

    def ask(self, job: str, *arguments: object) -> None:
        """Ask the window's worker for one of `LearningJobs`."""
        self.window.worker.submit(f"learning.{job}", *arguments)

    def _has_digit(self) -> bool:
        if not self.window.drawing.items:
            self.failed("Draw a digit first.")
        elif self.digit.get() < 0:
            self.failed("Choose first which digit it is, in the row “This is a”.")
        else:
            return True
        return False
