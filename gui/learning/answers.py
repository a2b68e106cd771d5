"""What the pane does with the answers to its jobs: each is told to the method of the job's name."""

import tkinter as tk

from gui.learning.steps import Change
from gui.learning.trainer import Lesson, TrainingWorker


class Answers:
    """The part of the pane that answers are told to; see `LearningJobs` and `Trainer`."""

    window: object
    tabs: dict[str, tk.Widget]
    training: TrainingWorker
    job: str
    shown: object

    def look_done(self, answer: tuple[Change, float] | None) -> None:
        """Show the net as it is, if there is one already."""
        if answer is not None:
            change, rate = answer
            self.tabs["step"].show(change, learnt=False)
            self.tabs["step"].rate.set(rate)
            self.enable()

    def step_done(self, answer: tuple[Change, str]) -> None:
        """Show what a step has done."""
        change, name = answer
        self.shown = self.window.view.prediction_panel.prediction  # the one from before
        self.tabs["step"].show(change, learnt=True)
        self.enable()
        self._reads(name)

    def undo_done(self, answer: tuple[Change, str] | None) -> None:
        """Show what the way back has done."""
        if answer is None:
            self.window.view.say("There is no step to undo.")
        else:
            self.step_done(answer)

    def restore_done(self, name: str | None) -> None:
        """Say that the loaded model reads again."""
        if name is not None:
            self._reads(name)
            self.window.view.say("As it was: the loaded model reads again.")
            self.look_at_net()

    def adopt_done(self, name: str) -> None:
        """Say that another net reads."""
        self._reads(name)

    adopt_taught_done = adopt_done

    def update_done(self, answer: tuple[int, list, bool]) -> None:
        """Show a net in training, and ask for its next state."""
        _, kernels, reads = answer
        self.tabs["train"].show_kernels(kernels)
        if reads:
            self.window.show_drawing_beside()
            self.window.measuring.begin()
        if self.job == "train":
            self.training.run.ask_for_snapshot()

    def train_done(self, model: object) -> None:
        """Read with the net that was trained, where its copy was read with."""
        run = self.training.run
        self.tabs["train"].show(run)
        if run.state == "diverged" or run.note:
            self.failed(run.sentence or run.note)
        follows = self.tabs["train"].follow.get() and run.state != "diverged"
        if model is not None and follows:
            steps = len(run.losses)
            self.ask("adopt", model, f"a net of your own, {steps:,} batches old")
            self.look_at_net()

    def lend_done(self, lent: tuple) -> None:
        """Begin the lesson."""
        if not self.job:
            self.begin("teach", *lent)

    def teach_done(self, lesson: Lesson) -> None:
        """Read with what was taught."""
        self.tabs["own"].show_lesson(lesson)
        if lesson.faults:
            self.failed(f"Left out: {' '.join(lesson.faults[:2])}")
        if lesson.model is not None:
            self.ask("adopt_taught", lesson.model)
            self.look_at_net()

    def save_done(self, path: str) -> None:
        """Say where the net is."""
        self.window.view.say(f"Saved {path}")

    def keep_done(self, count: int) -> None:
        """Say that it is kept."""
        self.count_done(count)
        self.window.view.say("Kept. Draw another one, or let the net learn yours.")

    def count_done(self, count: int) -> None:
        """Say how many are kept."""
        self.tabs["own"].show_count(count)

    def _reads(self, name: str) -> None:
        self.window.reads_with(name)
