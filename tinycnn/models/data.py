"""Where batches come from: arrays, data sets that hand over a batch at a time, generators.

All of them become a `Feed`, and training, evaluation and prediction know nothing else.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

import numpy as np

from tinycnn.utils.validation import check_int
from tinycnn.utils.warning import warn

# x (n, ...), labels or None, weights (n,) or None, the samples' indices (an array, or a slice), and how many
# samples the batch has on all ranks: n, unless the feed is shared
Batch = tuple[np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray | slice, int]
Cut = Callable[[int], slice]  # of the number of samples in a batch: which of them to take
ENDLESS = itertools.cycle | itertools.repeat | itertools.count
NO_BATCH = "The data gave no batch: there is nothing to compute a loss of."
NOT_COMPILED = "Compile the model first: model.compile(optimizer, loss, metrics=[...])."
LARGE_BATCH = 256  # for evaluate and predict: there it changes the memory needed, not the result
Check = Callable[..., tuple[np.ndarray, np.ndarray | None, np.ndarray | None]]
# Random numbers for the order of a pass that begins at this training step, or None: `Progress.order`
Order = Callable[[int], np.random.Generator | None]


@dataclasses.dataclass(eq=False)
class Feed:
    """The batches of a training, an evaluation or a prediction, epoch after epoch.

    Args:
        begin: begins a pass over the data: function(random numbers for their order, or None; how many batches
            to leave out at first; `cut`) that returns an iterator over batches.
        length: how many batches a pass has; None: not known.
        steps: how many batches an epoch has; it then goes on where the last one stopped. None: a whole pass.
        source: the data set; its methods `on_epoch_begin` and `on_epoch_end` are called if it has them.
        once: whether the data can be gone through only once, as with a generator.
        arrays: x, y and weights, if it has these.
        cut: which samples of each batch this process takes: those that lie in arrays are read nowhere else,
            other batches are made on every rank, and cut then.
    """

    begin: Callable[[np.random.Generator | None, int, Cut], Iterator[Batch]]
    length: int | None
    steps: int | None
    source: object = None
    once: bool = False
    arrays: Sequence[np.ndarray | None] = ()
    cut: Cut = slice
    _pass: Iterator[Batch] | None = None  # that has begun
    _started: int = 0  # the training step at which it began
    _taken: int = 0  # how many of its batches were taken in earlier epochs
    _warned: bool = False

    @property
    def count(self) -> int | None:
        """How many batches an epoch has, if that is known."""
        return self.steps or self.length

    def epoch(self, order: Order | None = None, step: int = 0, done: int = 0) -> Iterator[Batch]:
        """Return the batches of one epoch.

        Args:
            order: of a pass that begins; None: as the data are.
            step: the number of the training step.
            done: how many batches of this epoch an earlier training has taken, see `go_on`.
        """
        if self.steps is None and self.source is None:
            going, self._pass = self._pass or self._begin(order, step), None
            return going
        return self._epoch_of_source(order, step, done)

    def _begin(self, order: Order | None, step: int) -> Iterator[Batch]:
        """Begin a pass over the data."""
        self._started, self._taken = step, 0
        return self.begin(order and order(step), 0, self.cut)

    def _epoch_of_source(self, order: Order | None, step: int, done: int) -> Iterator[Batch]:
        """Yield the batches of one epoch, and tell the data set of its begin and end."""
        self._tell("on_epoch_begin")
        if done and done == self.steps:  # an earlier training has taken them all
            self._taken += done
        # A pass may end where an epoch does: then another begins.
        elif self.peek(order, step) or (self.steps and self.peek(order, step)):
            taken = done
            for batch in itertools.islice(self._pass, self.steps and self.steps - done):
                yield batch
                taken += 1
            self._taken += taken
            if self.steps is None or taken < self.steps:
                self._pass, self._taken = None, 0
            if taken < (self.steps or 0):
                self._warn_once(
                    f"The data ended after {taken} of {self.steps} batches of an epoch. Let them give "
                    "as many as all epochs together need, or ask for fewer steps."
                )
        self._tell("on_epoch_end")

    def place(self, done: int) -> dict[str, int]:
        """Return where the pass stands, for `go_on`, with `done` batches of the running epoch taken."""
        return {"started": self._started, "taken": self._taken + done}

    def go_on(self, order: Order, started: int, taken: int, done: int) -> None:
        """Go on where an earlier training stood.

        Args:
            order: as for `epoch`.
            started, taken: from `place`.
            done: how many batches of the running epoch were taken.
        """
        self._started, self._taken, passing = started, taken - done, self._pass
        self._pass = None
        if taken and not self.once:
            self._pass = self.begin(order(started), taken, self.cut)
        if self.once:  # what was taken is there again, and passes by
            self._pass = itertools.islice(passing or self.begin(None, 0, self.cut), taken, None)

    def pass_by(self, epochs: int) -> None:
        """Tell the data set of so many epochs' begins and ends, as if they were taken: it may count them."""
        for _ in range(epochs):
            self._tell("on_epoch_begin")
            self._tell("on_epoch_end")

    def peek(self, order: Order | None = None, step: int = 0) -> bool:
        """Return whether there is a next batch; it is taken, and kept for the next epoch."""
        going = self._pass or self._begin(order, step)
        first = next(going, None)
        self._pass = None if first is None else itertools.chain([first], going)
        return first is not None

    def is_over(self) -> bool:
        """Return whether no batch is left, of data that can be gone through only once; it warns of that."""
        if not self.once or self.peek():
            return False
        self._warn_once(
            "All batches of the data were taken, and they can be gone through only once: what needs more "
            "ends here. Pass a PyDataset, or a generator with batches for all epochs."
        )
        return True

    def _warn_once(self, text: str) -> None:
        """Warn that batches are missing, if that was not said yet."""
        if not self._warned:
            self._warned = True
            warn(text)

    def restart(self, model: object, order: Order | None = None, step: int = 0) -> None:
        """Begin anew, but for data that can be gone through only once; as Keras does, tell the data set.

        A model that is not built is built with the first batch.

        Raises:
            ValueError: if there is no batch then.
            RuntimeError: if the model is not compiled.
        """
        if not self.once:
            self._pass = None
        self._tell("on_epoch_end")
        if not (model.built or self.peek(order, step)):
            raise ValueError(NO_BATCH)
        if model.objective is None:
            raise RuntimeError(NOT_COMPILED)

    def _tell(self, name: str) -> None:
        """Call this method of the data set, if it has it."""
        getattr(self.source, name, lambda: None)()


@dataclasses.dataclass
class Validation:
    """What a training validates on, and after which epochs.

    Args:
        feed: the batches.
        freq: after each so many epochs; or a list of epochs, counted from 1.
    """

    feed: Feed
    freq: int | list[int] = 1

    def is_due(self, epoch: int) -> bool:
        """Return whether to validate after this epoch, counted from 0; not if there are no data left."""
        by_count = isinstance(self.freq, int)
        due = (epoch + 1) % self.freq == 0 if by_count else epoch + 1 in self.freq
        return due and not self.feed.is_over()


def is_stream(x: object) -> bool:
    """Return whether x hands over a batch at a time: a data set, a generator, but nothing like an array."""
    # Lists, texts, ranges; dicts and sets, which are refused.
    arrays = Sequence | Mapping | Set | None
    if isinstance(x, arrays) or hasattr(x, "__array__") or hasattr(x, "__array_interface__"):
        return False
    return isinstance(x, Iterable) or hasattr(x, "__getitem__")


def unpack(batch: object) -> tuple:
    """Return a batch as a tuple of its parts: x; x, y; or x, y, sample_weight.

    Raises:
        ValueError: for a tuple or list of another length.
    """
    parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            "A batch must be x, (x, y) or (x, y, sample_weight). "
            f"Received: a {type(batch).__name__} of {len(parts)} parts"
        )
    return parts


def _batches_of_arrays(
    x: np.ndarray,
    y: np.ndarray | None,
    weights: np.ndarray | None,
    batch_size: int,
    rng: np.random.Generator | None,
    left_out: int,
    cut: Cut,
) -> Iterator[Batch]:
    """Yield the batches that arrays are cut into, but for the first ones; the last may be smaller."""
    order = None if rng is None else rng.permutation(len(x))
    for start in range(left_out * batch_size, len(x), batch_size):
        whole = min(batch_size, len(x) - start)
        own = cut(whole)
        part = slice(start + (own.start or 0), start + own.stop)
        chosen = part if order is None else order[part]
        yield (
            x[chosen],
            None if y is None else y[chosen],
            None if weights is None else weights[chosen],
            chosen,
            whole,
        )


def _length(source: object) -> int | None:
    """Return how many batches a data set has; None if it does not say.

    Raises:
        ValueError: for none, or something that is no number of batches.
    """
    kind = type(source)
    try:
        length = source.num_batches if hasattr(kind, "num_batches") else len(source)
        length = None if length is None else check_int(f"the length of {kind.__name__}", length, 0)
    except NotImplementedError:  # of a PyDataset without __len__
        return None
    except TypeError as error:
        # No len(), or, of a `tf.data.Dataset`, not known. Of others it is a mistake in their own code.
        if hasattr(kind, "__iter__") or not hasattr(kind, "__len__"):
            return None
        raise ValueError(f"The length of {kind.__name__} cannot be taken: {error}") from error
    if length == 0:
        raise ValueError(f"The {kind.__name__} has no batches: its length is 0.")
    return length


def of_stream(source: object, check: Check, steps: int | None = None) -> Feed:
    """Return the `Feed` of a data set or a generator: one batch at a time is in memory.

    Args:
        source: a `tinycnn.utils.PyDataset`, or anything with `__getitem__` and a length, or that can be
            iterated; its batches are what `unpack` takes.
        check: function(x, y, sample_weight) that returns a batch's arrays, or raises ValueError.
        steps: batches in an epoch; None: all.

    Raises:
        ValueError: if it has no batches, or is known to have no end and `steps` is None.
    """
    length, by_index = _length(source), hasattr(source, "__getitem__")
    if steps is None and (isinstance(source, ENDLESS) or (by_index and length is None)):
        raise ValueError(
            f"The {type(source).__name__} has no end: say how many batches to take, with "
            "steps_per_epoch (fit), validation_steps, or steps (evaluate, predict)."
        )

    def begin(rng: np.random.Generator | None, left_out: int, cut: Cut) -> Iterator[Batch]:
        """Begin a pass; a data set that can be asked for any batch is asked in a new order."""
        places = itertools.count() if length is None else range(length)
        if by_index and rng is not None and length is not None:
            places = rng.permutation(length).tolist()
        batches = ((place, source[place]) for place in itertools.islice(places, left_out, None))
        if not by_index:
            batches = itertools.islice(enumerate(source), left_out, None)
        for place, batch in batches:
            try:
                x, y, weights = check(*unpack(batch))
            except ValueError as error:
                kind = type(source).__name__
                raise ValueError(f"Batch {place}, from 0, of the {kind}: {error}") from error
            own = cut(len(x))
            parts = (None if part is None else part[own] for part in (x, y, weights))
            yield *parts, slice(own.start or 0, own.stop), len(x)

    return Feed(begin, length, steps, source, once=isinstance(source, Iterator))


def feed(
    check: Check,
    x: object,
    y: object = None,
    sample_weight: object = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    default: int = 32,
) -> Feed:
    """Return the `Feed` of what `fit`, `evaluate` or `predict` was given.

    Args:
        check: see `of_stream`.
        x, y, sample_weight: arrays (y and sample_weight may be None), or x alone for batches.
        batch_size: samples in a batch of arrays; None: what makes `steps` batches of all, or else `default`.
        steps: batches in an epoch; None: all that there are.
        default: a batch size.

    Raises:
        ValueError: for data that do not fit.
    """
    if batch_size is not None:
        batch_size = check_int("batch_size", batch_size)
    if steps is not None:
        steps = check_int("steps", steps)
    if type(x) is np.ndarray or not is_stream(x):
        x, y, weights = check(x, y, sample_weight)
        size = default if steps is None else max(1, -(-len(x) // steps))
        size = size if batch_size is None else batch_size
        begin = functools.partial(_batches_of_arrays, x, y, weights, size)
        return Feed(begin, -(-len(x) // size), steps, arrays=(x, y, weights))
    if y is not None or sample_weight is not None:
        name = "y" if y is not None else "sample_weight"
        raise ValueError(
            f"{name} must be None where x hands over batches, as this {type(x).__name__} does: its batches "
            "are (x, y) or (x, y, sample_weight)."
        )
    return of_stream(x, check, steps)
