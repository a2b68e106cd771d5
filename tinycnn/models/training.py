"""The loops: a training step, an epoch, an evaluation, a prediction.

A training step is the whole of learning, and it is a few lines: `train_step` and `loss_gradients`.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator

import numpy as np

from tinycnn.callbacks import Callback, CallbackList, History, ProgbarLogger
from tinycnn.models.divergence import Watch
from tinycnn.models.plan import AnyStep, backward, forward

QUIETLY = np.errstate(over="ignore", invalid="ignore")  # a loss that is not finite gets one warning
LARGE_BATCH = 256  # for evaluate and predict, where the batch changes nothing but memory


@dataclasses.dataclass
class Means:
    """Running means of the loss and the metrics over samples."""

    names: list[str]
    totals: np.ndarray | None = None
    count: int = 0

    def add(self, values: list[np.ndarray]) -> None:
        """Add one batch: for each name, one value a sample (n,)."""
        sums = np.array([value.sum(dtype=np.float64) for value in values])
        self.totals = sums if self.totals is None else self.totals + sums
        self.count += len(values[0])

    def logs(self) -> dict[str, float]:
        """Return the means so far, by name."""
        means = self.totals / self.count
        return dict(zip(self.names, means.tolist(), strict=True))


@dataclasses.dataclass(frozen=True)
class Objective:
    """What a model is trained for: the steps up to the loss, the loss, the metrics.

    Args:
        steps: from `plan`, without a final softmax where the loss takes logits.
        loss: of `tinycnn.losses`.
        from_logits: whether the steps end in logits.
        metrics: (name, function) pairs.
    """

    steps: list[AnyStep]
    loss: object
    from_logits: bool
    metrics: list[tuple]

    def names(self) -> list[str]:
        """Return "loss" and the metrics' names."""
        return ["loss", *(name for name, _ in self.metrics)]

    def values(self, y: np.ndarray, y_pred: np.ndarray, losses: np.ndarray) -> list[np.ndarray]:
        """Return the loss and every metric, one value a sample each."""
        return [losses, *(function(y, y_pred) for _, function in self.metrics)]


def loss_gradients(
    objective: Objective,
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator | None,
    training: bool = True,
) -> tuple[list[dict[str, np.ndarray]], list[np.ndarray]]:
    """Return the mean loss's gradients with respect to the parameters, and each sample's loss and metrics.

    Args:
        objective: of the model.
        x: (n, ...), of the model's dtype.
        y: labels, as the loss takes them.
        rng: where dropout's chance comes from.
        training: False to leave dropout out.
    """
    y_pred, tape = forward(objective.steps, x, training, rng)
    target = objective.loss.target(y, y_pred)
    losses, ctx = objective.loss.forward(target, y_pred, objective.from_logits)
    dy_pred = objective.loss.backward(target, ctx, objective.from_logits)
    _, grads = backward(objective.steps, dy_pred, tape, input_gradient=False)
    return grads, objective.values(y, y_pred, losses)


@QUIETLY
def train_step(
    model: object,
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    check: Callable[[np.ndarray], None] | None = None,
) -> list[np.ndarray]:
    """Learn from one batch: forward, loss, backward, one step of the optimizer.

    Args:
        model: compiled and built.
        x: (n, ...), of the model's dtype.
        y: labels, as the loss takes them.
        rng: where dropout's chance comes from.
        check: receives the loss of each sample (n,) before the weights change; None: a `Watch` does.

    Returns:
        The loss and metrics before the step, one value a sample each.
    """
    grads, values = loss_gradients(model.objective, x, y, rng)
    check = check or functools.partial(Watch(model).check, x, y, slice(len(x)), "this batch")
    check(values[0])
    flat = [
        grad[name] for layer, grad in zip(model.layers, grads, strict=True) for name in layer.params
    ]
    model.optimizer.apply(flat, model.weights)
    return values


@QUIETLY
def test_step(objective: Objective, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return the loss and metrics of one batch, one value a sample each; nothing is learnt."""
    y_pred, _ = forward(objective.steps, x, False, None)
    losses, _ = objective.loss.forward(
        objective.loss.target(y, y_pred), y_pred, objective.from_logits
    )
    return objective.values(y, y_pred, losses)


@QUIETLY
def quiet_batch(model: object, x: np.ndarray) -> np.ndarray:
    """Return samples as a model takes them: one too large for its dtype makes a loss that is warned of."""
    return model.as_batch(x)


def batches(count: int, batch_size: int) -> Iterator[slice]:
    """Yield the slices that cut `count` samples into batches; the last may be smaller."""
    for start in range(0, count, batch_size):
        yield slice(start, min(start + batch_size, count))


def run_fit(
    model: object,
    data: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray] | None,
    callbacks: list[Callback],
    rng: np.random.Generator,
    *,
    batch_size: int,
    validation_batch_size: int,
    epochs: range,
    shuffle: bool,
    verbose: int,
) -> History:
    """Train for some epochs: see `Sequential.fit`, which checks everything first."""
    steps = -(-len(data[0]) // batch_size)
    history = History()
    bar = [ProgbarLogger(verbose)] if verbose else []
    params = {"epochs": epochs.stop, "steps": steps, "verbose": verbose}
    hooks = CallbackList([*bar, *callbacks, history], model, params)
    model.stop_training, model.history = False, history
    hooks.on_train_begin({})
    logs: dict[str, float] = {}
    watch = Watch(model)
    try:
        for epoch in epochs:
            hooks.on_epoch_begin(epoch, {})
            logs = run_epoch(model, data, hooks, rng, batch_size, shuffle, epoch, watch)
            if validation is not None:
                validation_logs = run_evaluate(
                    model, *validation, validation_batch_size, watch=watch
                )
                logs.update({f"val_{name}": value for name, value in validation_logs.items()})
            hooks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
    finally:
        if bar:
            bar[0].on_train_end()
    hooks.on_train_end(logs)
    return history


def run_epoch(
    model: object,
    data: tuple[np.ndarray, np.ndarray],
    hooks: CallbackList,
    rng: np.random.Generator,
    batch_size: int,
    shuffle: bool,
    epoch: int,
    watch: Watch,
) -> dict[str, float]:
    """Go through the training samples once, in a new order if wanted; return the running means."""
    x, y = data
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    means = Means(model.objective.names())
    for batch, part in enumerate(batches(len(x), batch_size)):
        hooks.on_train_batch_begin(batch, {})
        chosen = order[part]
        x_batch, y_batch = quiet_batch(model, x[chosen]), y[chosen]
        place = f"epoch {epoch + 1}, batch {batch + 1}"
        check = functools.partial(watch.check, x_batch, y_batch, chosen, place)
        means.add(train_step(model, x_batch, y_batch, rng, check))
        hooks.on_train_batch_end(batch, means.logs())
        if model.stop_training:
            break
    return means.logs()


def run_evaluate(
    model: object,
    x: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    bar: object = None,
    watch: Watch | None = None,
) -> dict[str, float]:
    """Return the mean loss and metrics, by name; nothing is learnt."""
    means, watch = Means(model.objective.names()), watch or Watch(model)
    for batch, part in enumerate(batches(len(x), batch_size)):
        x_batch, y_batch = quiet_batch(model, x[part]), y[part]
        values = test_step(model.objective, x_batch, y_batch)
        watch.check(x_batch, y_batch, part, f"batch {batch + 1} of the evaluation", values[0])
        means.add(values)
        if bar is not None:
            bar.advance(means.logs())
    return means.logs()


def run_predict(model: object, x: np.ndarray, batch_size: int, bar: object = None) -> np.ndarray:
    """Return the model's output for every sample."""
    y, steps = np.empty((len(x), *model.output_shape[1:]), model.dtype), model.steps()
    for part in batches(len(x), batch_size):
        y[part] = forward(steps, model.as_batch(x[part]), False, None)[0]
        if bar is not None:
            bar.advance({})
    return y
