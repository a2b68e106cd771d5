"""A training that can be watched, paused and stopped from another thread. No Tk in here.

Everything heavy is imported inside of the functions: they run on a worker, behind the open window.
"""

import copy
import dataclasses
import math
import threading

NETS = {"Classic": "classic_net", "LeNet-5": "lenet5", "Compact": "compact_net"}
OPTIMIZERS = {"Adadelta": 1.0, "Adam": 0.001, "SGD": 0.05}  # each with a good learning rate
BATCH = 64


@dataclasses.dataclass(frozen=True)
class Setting:
    """What is to be trained, and how.

    net: a name of `NETS`.
    data: "MNIST" or "sample".
    optimizer: a name of `OPTIMIZERS`.
    rate: its learning rate, above 0.
    seed: of weights, order and dropout.
    epochs: how often to go through the data.
    """

    net: str = "LeNet-5"
    data: str = "sample"
    optimizer: str = "Adam"
    rate: float = 0.001
    seed: int = 0
    epochs: int = 10


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The weights between two steps, and how many steps led there."""

    step: int
    weights: list


class Run:
    """One training: its thread calls `fit`, others watch it, and pause or stop it between two batches.

    What it shows may be read at any time: `state` is "waiting", "loading", "training", "paused",
    "stopping", "stopped", "ended" or "diverged"; `sentence` says more, `done` is the share of it that is
    done; `losses` and `accuracies` have a number for each batch; `epochs` a tuple (batches so far, accuracy
    on the digits held out) for each epoch; `confusion` counts those: a row as it is, a column as read.
    """

    def __init__(self) -> None:
        self.state, self.sentence, self.done = "waiting", "", 0.0
        self.note = ""  # what else is to be known, to the end
        self.reader: object = None  # a net for another thread, which snapshots fit
        self.losses: list[float] = []
        self.accuracies: list[float] = []
        self.epochs: list[tuple[int, float]] = []
        self.confusion: list[list[int]] | None = None
        self._wanted = threading.Condition()
        self._paused = self._stopped = False
        self._asked, self._snapshot = False, None

    # For the threads that watch.

    @property
    def over(self) -> bool:
        """Whether nothing is learnt any more."""
        return self.state in ("stopped", "ended", "diverged")

    def pause(self) -> None:
        """Wait after the batch that is being learnt from."""
        with self._wanted:
            self._paused = True

    def go_on(self) -> None:
        """Go on after a pause."""
        with self._wanted:
            self._paused = False
            self._wanted.notify_all()

    def stop(self) -> None:
        """End after the batch that is being learnt from."""
        with self._wanted:
            self._stopped = True
            self._wanted.notify_all()

    @property
    def paused(self) -> bool:
        """Whether it was told to pause."""
        return self._paused

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stopped

    def ask_for_snapshot(self) -> None:
        """Have the weights copied between two batches, as soon as one is done."""
        with self._wanted:
            self._asked = True
            self._wanted.notify_all()

    def take_snapshot(self) -> Snapshot | None:
        """Return the weights that were asked for, once; None if they are not there yet."""
        with self._wanted:
            snapshot, self._snapshot = self._snapshot, None
            return snapshot

    # For the thread that trains.

    def show(self, state: str, sentence: str = "") -> None:
        """Say how things stand, in a word and in a sentence."""
        self.state, self.sentence = state, sentence

    def follow(self, model: object) -> None:
        """Make a copy of a built model, in which another thread reads what snapshots hold."""
        self.reader = copy.deepcopy(model)

    def fit(self, model: object, x: object, y: object, held_out: tuple, epochs: int) -> None:
        """Call `model.fit`, and watch it.

        Args:
            model: compiled, with accuracy as its metric.
            x: float32 (n, 28, 28, 1), 0 to 1.
            y: float32 (n, 10), one-hot.
            held_out: (x, digits (m,)) to test on after each epoch.
            epochs: how often to go through the data.
        """
        from tinycnn.callbacks import LambdaCallback
        from tinycnn.models.pixel_scale import bytes_are_meant

        watcher = Watcher(self, model, len(x), held_out, epochs)
        callback = LambdaCallback(
            on_train_begin=watcher.begin,
            on_train_batch_end=watcher.after_batch,
            on_epoch_end=watcher.after_epoch,
        )
        with bytes_are_meant():  # they were prepared as the net wants them
            model.fit(x, y, BATCH, epochs, verbose=0, callbacks=[callback])
        if self.state != "diverged":
            self.show("stopped" if self._stopped else "ended")

    def between_batches(self, model: object, step: int) -> None:
        """Hand over the weights if they were asked for, and wait while there is a pause."""
        with self._wanted:
            while True:
                if self._asked:
                    self._asked, self._snapshot = False, Snapshot(step, model.get_weights())
                    if not all(map(all_finite, self._snapshot.weights)):
                        self._snapshot = None  # the next loss will tell
                if self._stopped or not self._paused:
                    break
                self.state = "paused"
                self._wanted.wait()
            if self._stopped:
                self.state = "stopping"
            elif step:  # until there is one, kernels are being compiled
                self.show("training")
            model.stop_training = model.stop_training or self._stopped


def all_finite(weight: object) -> bool:
    """Return whether every number of an array is one."""
    import numpy as np

    return bool(np.isfinite(weight).all())


class Watcher:
    """What a run does between the steps of `fit`: it keeps what can be seen of them.

    Args:
        run: where it is kept.
        model, held_out, epochs: see `Run.fit`.
        count: samples in an epoch.
    """

    def __init__(self, run: Run, model: object, count: int, held_out: tuple, epochs: int) -> None:
        self._run, self._model, self._count, self._held_out = run, model, count, held_out
        self._steps = epochs * -(-count // BATCH)
        self._sums = 0, 0.0, 0.0  # of this epoch: samples, losses, right answers

    def begin(self, logs: dict) -> None:
        """Hand over the weights that nothing has moved yet."""
        self._run.between_batches(self._model, 0)

    def after_batch(self, batch: int, logs: dict) -> None:
        """Keep the loss and the accuracy of the batch; `logs` has the means over the epoch so far."""
        run, before = self._run, self._sums if batch else (0, 0.0, 0.0)
        samples = min((batch + 1) * BATCH, self._count)
        self._sums = samples, logs["loss"] * samples, logs["accuracy"] * samples
        own = samples - before[0]
        loss = (self._sums[1] - before[1]) / own
        if not math.isfinite(loss):
            self._diverge(len(run.losses) + 1)
            return
        run.losses.append(max(0.0, loss))
        run.accuracies.append(min(1.0, max(0.0, (self._sums[2] - before[2]) / own)))
        run.done = len(run.losses) / self._steps
        run.between_batches(self._model, len(run.losses))

    def after_epoch(self, epoch: int, logs: dict) -> None:
        """Test on the digits held out."""
        run, (x, digits) = self._run, self._held_out
        if run.over:
            return
        from tinycnn.utils.plots import confusion_matrix

        answers = read(self._model, x, run)
        if answers is not None:
            run.confusion = confusion_matrix(digits, answers).tolist()
            run.epochs.append((len(run.losses), float((answers == digits).mean())))

    def _diverge(self, step: int) -> None:
        rate = self._model.optimizer.learning_rate
        sentence = (
            f"The loss is no number any more at step {step}: the training has diverged. "
            f"Begin again with a learning rate below {rate:.3g}."
        )
        self._run.show("diverged", sentence)
        self._model.stop_training = True


def read(model: object, x: object, run: Run) -> object:
    """Return the digits that a model sees, (n,); None if it was told to stop meanwhile."""
    import numpy as np

    parts = []
    for start in range(0, len(x), 256):
        if run.stopped:
            return None
        parts.append(model.predict(x[start : start + 256], verbose=0).argmax(axis=1))
    return np.concatenate(parts)
