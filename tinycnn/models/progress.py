"""`Progress`: where a training stands, so that another one can go on there."""

import copy
import dataclasses
from collections import Counter

import numpy as np

from tinycnn.callbacks import Callback
from tinycnn.models.data import Feed
from tinycnn.models.means import Means
from tinycnn.models.objective import Objective
from tinycnn.utils.rng import rng_at


def begun_means(
    objective: Objective, totals: np.ndarray | None = None, counts: int | np.ndarray = 0
) -> Means:
    """Return the means of an epoch; totals and counts as in `Means`, of the batches that are done."""
    return Means(objective.names(), objective.weighted, totals, counts)


@dataclasses.dataclass
class Progress:
    """A training that goes on: `model.progress` during `fit`.

    With the weights, the optimizer and the callbacks this is all that decides how it goes on. The random
    numbers follow from the seed and the number of optimizer steps so far: see `order` and `masks`.

    Args:
        seed: of the order of the samples and of dropout.
        shuffle: whether there is a new order in each epoch.
        epochs: the epochs to train, counted from 0.
        feed: the batches.
        validation: those that are validated on, or None.
        callbacks: of this training, in the order in which they are called.
        batch: how many batches of the running epoch are done.
        means: of the loss and the metrics in it.
        logs: the numbers of the last epoch that was done.
        epoch: the running one.
    """

    seed: int
    shuffle: bool
    epochs: range
    feed: Feed
    validation: Feed | None
    callbacks: list[Callback] = dataclasses.field(default_factory=list)
    batch: int = 0
    means: Means | None = None
    logs: dict[str, float] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.epoch = self.epochs.start

    def __reduce__(self) -> tuple:
        """Let a copy be None: nobody trains the copy of a model."""
        return type(None), ()

    def order(self, step: int) -> np.random.Generator | None:
        """Return random numbers for the order of a pass over the data that begins at this step, or None."""
        return rng_at(self.seed, "order", step) if self.shuffle else None

    def masks(self, step: int, *shard: int) -> np.random.Generator:
        """Return random numbers for dropout in this step, in one shard of its batch if it is cut."""
        return rng_at(self.seed, "masks", step, *(number + 1 for number in shard))

    def state(self, model: object) -> dict[str, object]:
        """Return all that decides how this training goes on: numbers, texts, lists, dicts and arrays.

        Args:
            model: the one that is trained.
        """
        optimizer, rate = model.optimizer, model.optimizer._learning_rate
        return {
            **{name: getattr(self, name) for name in ("seed", "epoch", "batch", "logs")},
            "over": model.stop_training,
            "means": [self.means.totals, self.means.counts] if self.means else [],
            "feed": self.feed.place(self.batch),
            "validation": self.validation and self.validation.place(0),
            "weights": model.weights,
            "iterations": optimizer.iterations,
            "slots": optimizer.slots,
            "learning_rate": rate if isinstance(rate, float) else None,
            "callbacks": [
                [name, {key: getattr(callback, key, None) for key in callback.backed_up}]
                for name, callback in self._named_callbacks()
            ],
        }

    def go_to(self, model: object, state: dict) -> None:
        """Go on where another training stood: in this object, the model, its optimizer and the callbacks.

        Args:
            model: the one that is trained, compiled as that one was.
            state: from `state`; the arrays are copied.
        """
        self.seed, self.batch, self.logs = state["seed"], state["batch"], dict(state["logs"])
        model.stop_training = state["over"]  # that one may have ended before its last epoch
        self.epoch = self.epochs.stop if state["over"] else state["epoch"]
        self.means = begun_means(model.objective, *state["means"])
        self.feed.pass_by(state["epoch"] - self.epochs.start)
        self.feed.go_on(self.order, **state["feed"], done=self.batch)
        if self.validation is not None and self.validation.once:
            self.validation.go_on(self.order, **state["validation"], done=0)
        self.put_back(model, state)

    def put_back(self, model: object, state: dict) -> None:
        """Give weights, optimizer and callbacks what they had: the part of `go_to` that can be undone."""
        for weight, value in zip(model.weights, state["weights"], strict=True):
            weight[...] = value
        self._put_back_optimizer(model, state)
        states = dict(map(tuple, state["callbacks"]))
        for name, callback in self._named_callbacks():
            for key, value in copy.deepcopy(states.get(name, {})).items():
                setattr(callback, key, value)

    def _put_back_optimizer(self, model: object, state: dict) -> None:
        """Copy the optimizer's slots into the arrays that are there; set its step and its learning rate."""
        optimizer = model.optimizer
        optimizer.iterations = state["iterations"]
        optimizer.slots, optimizer.params = {}, None
        if state["slots"]:
            optimizer.build(model.trainable_weights)
        for name, arrays in state["slots"].items():
            for array, value in zip(optimizer.slots[name], arrays, strict=True):
                array[...] = value
        if state["learning_rate"] is not None:
            optimizer.learning_rate = state["learning_rate"]

    def _named_callbacks(self) -> list[tuple[str, Callback]]:
        """Return the callbacks with names of their own: that of the class, and how many were before."""
        seen: Counter = Counter()
        named = []
        for callback in self.callbacks:
            kind = type(callback).__name__
            named.append((f"{kind} {seen[kind]}", callback))
            seen[kind] += 1
        return named

    def begin_epoch(self, objective: Objective) -> Means:
        """Return the means of the epoch that begins, or goes on."""
        if self.batch == 0 or self.means is None:
            self.means = begun_means(objective)
        return self.means

    def end_epoch(self, logs: dict[str, float]) -> None:
        """Note the epoch's numbers, and that none of the next one's batches is done."""
        self.epoch, self.batch, self.logs = self.epoch + 1, 0, logs
