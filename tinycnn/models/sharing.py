"""What ranks that work together must have alike before they begin, and how they come to have it."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from tinycnn.callbacks import Callback
from tinycnn.distribution import distribution
from tinycnn.distribution.agreement import digest
from tinycnn.models.data import Feed, Validation
from tinycnn.models.progress import Progress

if TYPE_CHECKING:
    from tinycnn.distribution import DataParallel

SAMPLED = 64  # samples of the data, evenly spaced, that are compared


def together(run: Callable, alone_inside: bool = False) -> Callable:
    """Decorate what all ranks do together, if there is a distribution: see `DataParallel.together`.

    Args:
        run: `run_fit`, `run_evaluate` or `run_predict`.
        alone_inside: whether a rank does it by itself within something else that all do together: there a
            callback calls it, which may be that of one rank alone.
    """

    @functools.wraps(run)
    def run_together(*arguments: object, **named: object) -> object:
        shared = distribution()
        if shared is None:
            return run(*arguments, **named)
        if alone_inside and shared.inside:
            with shared.alone():
                return run(*arguments, **named)
        with shared.together():
            shared.agree({"call": run.__name__.removeprefix("run_")})
            return run(*arguments, **named)

    return run_together


def stops(model: object) -> bool:
    """Return whether the training stops: all ranks do if one wants to."""
    shared = share()
    if shared is not None:
        wish = np.array([float(model.stop_training)])
        parts = [wish, *[np.zeros(1)] * (len(shared.own_shards) - 1)]
        model.stop_training = bool(shared.total(parts)[0])
    return model.stop_training


def share(*feeds: Feed | None) -> "DataParallel | None":
    """Return the distribution, or None; with one, let feeds give this rank's part of each batch."""
    shared = distribution()
    if shared is not None and shared.is_alone:
        return None
    for feed in feeds:
        if feed is not None and shared is not None:
            feed.cut = shared.part
    return shared


def sharded() -> ModuleType:
    """Return the module that computes with shards, which is imported here, where it is used."""
    from tinycnn.models import sharded

    return sharded


def agree(
    shared: "DataParallel",
    model: object,
    feeds: dict[str, Feed | None],
    facts: dict[str, object],
) -> None:
    """Compare what all ranks need alike; a new model gets the first weights of rank 0.

    Args:
        shared: the distribution.
        model: built, on all ranks or on none.
        feeds: by name, for the message.
        facts: arguments, by name.

    Raises:
        RanksDiffer: the first difference is named.
        ValueError: for a layer that cannot share its work.
    """
    layers = {layer.name: _config(layer) for layer in model.layers}
    compiled = {} if model.objective is None else _learning(model)
    data = {name: feed_facts(feed) for name, feed in feeds.items() if feed is not None}
    shared.agree({"model": layers, "weights": _shapes(model), **compiled, **data, **facts})
    sharded().check_layers(model.layers)
    optimizer = model.optimizer
    if "epochs" in facts and not optimizer.iterations:
        take_weights(model, shared)
    slots = optimizer.slots.values() if optimizer else ()
    held = digest(array for slot in slots for array in slot)
    shared.agree({"weights": digest(model.weights), "optimizer state": held})


def seed(own: int) -> int:
    """Return rank 0's seed: without `set_random_seed` the others have drawn another."""
    shared = distribution()
    return own if shared is None else int(shared.gathered(str(own).encode())[0])


def begin_fit(
    model: object, progress: Progress, validation: Validation | None, callbacks: list[Callback]
) -> list[Callback]:
    """Compare what a training hangs on, see `agree`; return those callbacks that this rank calls."""
    shared = distribution()
    if shared is None:
        return callbacks
    facts = {"epochs": progress.epochs, "shuffle": progress.shuffle}
    facts["validation_freq"] = validation and validation.freq
    agree(shared, model, {"data": progress.feed, "validation": progress.validation}, facts)
    return [one for one in callbacks if shared.rank == 0 or not one.only_writes]


def take_weights(model: object, shared: "DataParallel") -> None:
    """Copy the weights of rank 0 into a model that is new, and was drawn by each rank for itself."""
    own = digest(model.weights).encode()
    if len(set(shared.gathered(own))) == 1:
        return
    sent = b"".join(weight.tobytes() for weight in model.weights) if shared.rank == 0 else b""
    data, place = shared.gathered(sent)[0], 0
    for weight in model.weights:
        numbers = np.frombuffer(data, weight.dtype, weight.size, place)
        weight[...] = numbers.reshape(weight.shape)
        place += weight.nbytes


def feed_facts(feed: Feed) -> dict[str, object]:
    """Return what can be compared of data without reading all: shapes, dtypes, some samples."""
    facts: dict[str, object] = {"batches": feed.length, "steps": feed.steps}
    facts["kind"] = type(feed.source).__name__ if feed.source is not None else "arrays"
    for name, array in zip(("x", "y", "sample_weight"), feed.arrays, strict=False):
        if array is not None:
            places = np.linspace(0, len(array) - 1, SAMPLED).astype(int) if len(array) else []
            held = {"shape": array.shape, "dtype": array.dtype}
            facts[name] = held | {"some of its numbers, SHA-256": digest([array[places]])}
    return facts


def _learning(model: object) -> dict[str, object]:
    """Return optimizer, loss and metrics in plain values."""
    optimizer = {"steps": model.optimizer.iterations, **_config(model.optimizer)}
    return {
        "optimizer": optimizer,
        "loss": _config(model.loss),
        "metrics": model.objective.names()[1:],
    }


def _config(thing: object) -> dict[str, object]:
    """Return the class of a layer, an optimizer or a loss, and its arguments."""
    config = {key: _plain(value) for key, value in thing.get_config().items()}
    return {"class": type(thing).__name__, **config}


def _plain(value: object) -> object:
    """Return a value that reads the same in every process: of a function or object its name."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    known = isinstance(value, str | int | float | None)
    return value if known else getattr(value, "__name__", type(value).__name__)


def _shapes(model: object) -> list[str]:
    """Return the shape and dtype of each weight array."""
    return [f"{weight.dtype} {weight.shape}" for weight in model.weights]
