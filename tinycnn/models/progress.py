"""`Progress`: where a training stands, so that another one can go on there."""

import dataclasses

import numpy as np

from tinycnn.callbacks import Callback
from tinycnn.models.data import Feed
from tinycnn.models.means import Means
from tinycnn.models.objective import Objective
from tinycnn.utils.rng import rng_at


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

    def begin_epoch(self, objective: Objective) -> Means:
        """Return the means of the epoch that begins, or goes on."""
        if self.batch == 0 or self.means is None:
            self.means = Means(objective.names(), objective.weighted)
        return self.means

    def end_epoch(self, logs: dict[str, float]) -> None:
        """Note the epoch's numbers, and that none of the next one's batches is done."""
        self.epoch, self.batch, self.logs = self.epoch + 1, 0, logs
