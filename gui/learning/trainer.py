"""What a thread of its own does for the pane: it trains nets. No Tk in here.

Everything heavy is imported inside of the functions: they run on a worker, behind the open window.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gui.learning.own_digits import OwnDigits, load
from gui.learning.steps import to_learn
from gui.learning.training import NETS, Run, Setting, read
from gui.recognition.worker import Worker
from tinycnn.utils.errors import DataFileError, FileError

if TYPE_CHECKING:
    from tinycnn.pretrained.digit_input import DigitInput

EXPECTED = (FileError, OSError, ValueError, MemoryError)
REHEARSED = 2000  # digits of the sample among which a person's own are mixed
SHARE = 0.25  # of a person's own digits among all that are learnt from, at least
LESSON_RATE, LESSON_EPOCHS = 0.0005, 4  # of Adam
LESSON_SEED = 0


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What came of learning a person's own digits.

    model: that has learnt them; None if it was stopped.
    count: of those digits.
    own, sample: the accuracy, 0 to 1, on those and on the sample's test digits, before and after.
    faults: a sentence for each picture that was left out.
    """

    model: object
    count: int
    own: tuple[float, float]
    sample: tuple[float, float]
    faults: list[str]


class TrainingWorker(Worker):
    """A worker with one run at a time; stopping the worker stops its run."""

    def __init__(self) -> None:
        super().__init__(Target(), EXPECTED)
        self.run = Run()

    def begin(self, job: str, *arguments: object) -> None:
        """Ask for a training, "train" or "teach", once the one before is over."""
        self.run = Run()
        self.submit(f"learning.{job}", self.run, *arguments)

    def stop(self) -> None:
        """Tell the run to end after its batch, forget what waits, let the thread end; return at once."""
        self.run.stop()
        super().stop()


class Target:
    """Holds the trainer by the pane's name, which its jobs begin with."""

    def __init__(self) -> None:
        self.learning = Trainer()


class Trainer:
    """The jobs: each takes a `Run`, in which it can be followed, and returns what came of it."""

    def train(self, run: Run, setting: Setting) -> object:
        """Train a net from nothing; return it, or None if it was stopped before there was one."""
        with ending(run):
            data = digits(run, setting.data)
            return None if data is None else self._train(run, setting, data)

    def _train(self, run: Run, setting: Setting, data: object) -> object:
        from tinycnn.pretrained.digit_input import USUAL

        with quiet_and_narrow():
            run.show(
                "loading",
                "The kernels are being compiled; at the very first time that takes a minute…",
            )
            x, y, x_test, digits_test = prepared(data, USUAL)
            model = made(setting)
            run.follow(model)
            run.fit(model, x, y, (x_test, digits_test), setting.epochs)
        return model

    def teach(self, run: Run, model: object, taken: DigitInput) -> Lesson:
        """Teach a copy of a model the person's own digits, among the sample's so that it forgets none.

        Raises:
            DataFileError: there are none, or their table is damaged.
        """
        with ending(run):
            run.show("loading", "Reading your digits…")
            own = load()
            if not len(own.digits):
                cause = own.faults[0] if own.faults else "you have kept no digit yet."
                raise ValueError(f"There is nothing to learn: {cause}")
            with quiet_and_narrow():
                return lesson(run, to_learn(model), own, taken)


def lesson(run: Run, model: object, own: OwnDigits, taken: DigitInput) -> Lesson:
    """Let a model learn a person's digits; it is changed.

    Args:
        run: to be followed in.
        model: from `to_learn`.
        own: at least one.
        taken: how the model wants its digits.
    """
    from tinycnn import datasets, utils

    x, y, x_test, digits_test = prepared(datasets.load("sample"), taken)
    mine = taken.prepare(own.images)
    before = accuracy(model, mine, own.digits, run), accuracy(model, x_test, digits_test, run)
    utils.set_random_seed(LESSON_SEED)
    model.compile("adam", model.objective.loss, metrics=["accuracy"])
    model.optimizer.learning_rate = LESSON_RATE
    mixed = mixture((x, y), (mine, utils.to_categorical(own.digits, 10)))
    run.fit(model, *mixed, (x_test, digits_test), LESSON_EPOCHS)
    after = accuracy(model, mine, own.digits, run), run.epochs[-1][1] if run.epochs else 0.0
    finished = model if run.state == "ended" else None
    return Lesson(finished, len(mine), (before[0], after[0]), (before[1], after[1]), own.faults)


def mixture(sample: tuple, own: tuple) -> tuple:
    """Return (x, y) of a part of the sample and, at least as a quarter of all, of the person's digits.

    Args:
        sample, own: x (n, 28, 28, 1) and y (n, 10) each.
    """
    import numpy as np

    kept = [array[:REHEARSED] for array in sample]
    wanted = SHARE / (1 - SHARE) * len(kept[0])
    times = max(1, round(wanted / len(own[0])))
    return tuple(
        np.concatenate([part, *[mine] * times]) for part, mine in zip(kept, own, strict=True)
    )


def accuracy(model: object, x: object, digits: object, run: Run) -> float:
    """Return the share of digits (n,) that a model sees in x; 0 if it was told to stop."""
    answers = read(model, x, run)
    return 0.0 if answers is None else float((answers == digits).mean())


def made(setting: Setting) -> object:
    """Return a compiled net; after its seed was set, for what is drawn next, too."""
    from tinycnn import optimizers, utils
    from tinycnn.pretrained import nets

    utils.set_random_seed(setting.seed)
    model = getattr(nets, NETS[setting.net])()
    optimizer = optimizers.CLASSES[setting.optimizer](setting.rate)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


def prepared(data: object, taken: DigitInput) -> tuple:
    """Return x and y to train on, float32 as the net wants it and one-hot, and x and digits to test on."""
    from tinycnn import utils

    x, x_test = (taken.prepare(images) for images in (data.x_train, data.x_test))
    return x, utils.to_categorical(data.y_train, 10), x_test, data.y_test


def digits(run: Run, name: str) -> object:
    """Return `Digits`; MNIST is downloaded if need be, and the sample stands in where it cannot be had."""
    from tinycnn import datasets

    if name == "sample":
        run.show("loading", "Reading the sample…")
        return datasets.load("sample")
    run.show("loading", "Looking for MNIST on this machine…")
    try:
        fetch(run)
        return datasets.load("mnist")
    except Stopped:
        run.show("stopped")
        return None
    except DataFileError as error:
        run.note = f"This is the sample: MNIST cannot be had. {error.cause}."
        return datasets.load("sample")


def fetch(run: Run) -> None:
    """Download what of MNIST is missing, and show how far it has come."""
    from tinycnn.datasets import download, mnist
    from tinycnn.datasets.cache import cache_folder
    from tinycnn.datasets.files import find_files

    folder = cache_folder()
    absent = [known for known in mnist.FILES if not find_files(folder, known.name)]
    total, before = sum(known.size for known in absent) or 1, 0

    def follow(name: str, received: int) -> None:
        if run.stopped:
            raise Stopped
        run.done = (before + received) / total
        run.show("loading", f"Downloading MNIST, {run.done:.0%} of {total / 1e6:.0f} MB…")

    for known in absent:
        download.download([known], folder, mnist.MIRRORS, progress=follow)
        before += known.size


class Stopped(Exception):
    """The person has stopped a download."""


@contextlib.contextmanager
def ending(run: Run) -> Iterator[None]:
    """Let a run be over in the end, whatever happens."""
    try:
        yield
    finally:
        if not run.over:
            run.show("stopped")


@contextlib.contextmanager
def quiet_and_narrow() -> Iterator[None]:
    """Leave a CPU to the window, and what is said of a loss to the window's own sentence."""
    from tinycnn import ops
    from tinycnn.utils.thread_count import available_threads

    warnings.filterwarnings("ignore", "The loss is")
    threads = available_threads()
    ops.set_num_threads(max(1, threads - 1))
    try:
        yield
    finally:
        ops.set_num_threads(threads)


def has_mnist() -> bool:
    """Return whether MNIST seems to be on this machine; its hashes are looked at when it is loaded."""
    from tinycnn.datasets.cache import cache_folder
    from tinycnn.datasets.files import FILES, spellings

    folder = cache_folder()
    return all(
        any(os.path.isfile(folder / name) for name in spellings(known.name)) for known in FILES
    )
