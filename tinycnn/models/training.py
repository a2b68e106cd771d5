"""The loops: a training step, an epoch, an evaluation, a prediction.

How a net learns is in `loss_gradients` (forward, loss, backward) and `train_step` (then one step of the
optimizer); all else repeats them over batches and epochs.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tinycnn.callbacks import Callback, CallbackList, History, ProgbarLogger
from tinycnn.models import penalty
from tinycnn.models.divergence import Watch
from tinycnn.models.plan import AnyStep, backward, forward, updates

# Decorator: no warnings of NumPy about overflow and NaN; `Watch` warns once, with the cause.
QUIETLY = np.errstate(over="ignore", invalid="ignore")
Arrays = list[dict[str, np.ndarray]]  # arrays by parameter, one dict for each layer
LARGE_BATCH = 256  # for evaluate and predict: there it changes the memory needed, not the result


@dataclasses.dataclass
class Means:
    """Running means of the loss and the metrics over all samples so far.

    Args:
        names: "loss" and those of the metrics.
        totals: the sums so far, float64, one for each name; None before the first batch.
        count: how many samples these are.
    """

    names: list[str]
    totals: np.ndarray | None = None
    count: int = 0

    def add(self, values: list[np.ndarray]) -> None:
        """Add a batch of n samples: for each name an array (n,), one number a sample."""
        sums = np.array([value.sum(dtype=np.float64) for value in values])
        self.totals = sums if self.totals is None else self.totals + sums
        self.count += len(values[0])

    def logs(self) -> dict[str, float]:
        """Return the means so far, by name."""
        means = self.totals / self.count
        return dict(zip(self.names, means.tolist(), strict=True))


@dataclasses.dataclass(frozen=True)
class Objective:
    """What training computes: the steps up to the loss, the loss, the metrics.

    Args:
        steps: from `plan`, without the activation `end`.
        loss: an object of `tinycnn.losses`.
        from_logits: whether the steps end in scores, so that the loss must apply the softmax itself.
        metrics: (name, function) pairs; function(y, y_pred) returns one number a sample, (n,).
        end: the activation at the model's end that is left to the loss, "softmax" or "sigmoid", or "".
        probabilities: makes the model's outputs of what the steps end in, for the metrics; None if these
            take that as it is.
        penalties: what regularizers add to the loss.
    """

    steps: list[AnyStep]
    loss: object
    from_logits: bool
    metrics: list[tuple]
    end: str = ""
    probabilities: Callable[[np.ndarray], np.ndarray] | None = None
    penalties: Sequence[penalty.Penalty] = ()

    def names(self) -> list[str]:
        """Return "loss" and the metrics' names."""
        return ["loss", *(name for name, _ in self.metrics)]

    def values(self, y: np.ndarray, y_pred: np.ndarray, losses: np.ndarray) -> list[np.ndarray]:
        """Return [losses, metric, ...]: each an array (n,), one number a sample; losses with penalties."""
        if self.penalties:
            losses = losses + losses.dtype.type(penalty.total(self.penalties))
        if self.probabilities is not None:
            y_pred = self.probabilities(y_pred)
        return [losses, *(function(y, y_pred) for _, function in self.metrics)]


def loss_gradients(
    objective: Objective,
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator | None,
    training: bool = True,
) -> tuple[Arrays, list[np.ndarray], Arrays]:
    """Run forward, loss and backward for one batch; return gradients, losses and metrics, and updates.

    Args:
        objective: of the model.
        x: (n, ...), of the model's dtype.
        y: labels, as the loss takes them.
        rng: random numbers for dropout.
        training: False to leave dropout out.

    Returns:
        One dict {parameter: gradient of the mean loss} a layer, [losses, metric, ...], each (n,), and one
        dict {parameter: new value} a layer, of those that follow from the batch itself.
    """
    y_pred, tape = forward(objective.steps, x, training, rng)
    target = objective.loss.target(y, y_pred)
    losses, ctx = objective.loss.forward(target, y_pred, objective.from_logits)
    dy_pred = objective.loss.backward(target, ctx, objective.from_logits)
    _, grads = backward(objective.steps, dy_pred, tape, input_gradient=False)
    if objective.penalties:
        penalty.add_gradients(objective.penalties, grads)
    return grads, objective.values(y, y_pred, losses), updates(objective.steps, tape)


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
        rng: random numbers for dropout.
        check: called with the loss of each sample (n,) before the weights change; None: a new `Watch`
            warns of losses that are not finite.

    Returns:
        [losses, metric, ...] from before the step, each (n,).
    """
    grads, values, new_values = loss_gradients(model.objective, x, y, rng)
    check = check or functools.partial(Watch(model).check, x, y, slice(len(x)), "this batch")
    check(values[0])
    pairs = zip(model.layers, grads, strict=True)
    gradients = [grad[name] for layer, grad in pairs for name in layer.trained_names]
    model.optimizer.apply(gradients, model.trainable_weights)
    for layer, new in zip(model.layers, new_values, strict=True):
        for name, value in new.items():
            layer.params[name][...] = value
    return values


@QUIETLY
def test_step(objective: Objective, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return [losses, metric, ...] of one batch, each (n,); the weights do not change."""
    y_pred, _ = forward(objective.steps, x, False, None)
    losses, _ = objective.loss.forward(
        objective.loss.target(y, y_pred), y_pred, objective.from_logits
    )
    return objective.values(y, y_pred, losses)


@QUIETLY
def quiet_batch(model: object, x: np.ndarray) -> np.ndarray:
    """Return `model.as_batch(x)`, without NumPy's warning if a number is too large for the model's dtype.

    Such a number becomes infinite, and `Watch` warns of the loss that follows from it.
    """
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
    """Train for some epochs; `Sequential.fit` has checked the arguments.

    Args:
        model: compiled and built.
        data: (x, y) to train on.
        validation: (x, y) to evaluate after each epoch, or None.
        callbacks: called at the begin and end of the training, of each epoch and of each batch.
        rng: random numbers for the order of the samples and for dropout.
        batch_size, validation_batch_size: samples in a batch.
        epochs: the epochs to train, counted from 0.
        shuffle: True for a new order of the samples in each epoch.
        verbose: 0, 1 or 2: see `Sequential.fit`.
    """
    steps = -(-len(data[0]) // batch_size)  # rounded up
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
    model.optimizer.finalize_variable_values(model.trainable_weights)
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
    """Train on all samples once, batch by batch; return {"loss": mean, metric: mean}.

    Args:
        model: compiled and built.
        data: (x, y).
        hooks: the callbacks.
        rng: random numbers for the order of the samples and for dropout.
        batch_size: samples in a batch.
        shuffle: True for a new order of the samples.
        epoch: its number, from 0, for messages.
        watch: warns of losses that are not finite.
    """
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
    """Return {"loss": mean, metric: mean} over all samples; the weights do not change.

    Args:
        model: compiled and built.
        x, y: samples (n, ...) and labels.
        batch_size: samples in a batch.
        bar: a `utils.progress.Bar` that moves with each batch, or None.
        watch: warns of losses that are not finite; None: a new one.
    """
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
    """Return the model's output for every sample, (n, ...).

    Args:
        model: built.
        x: samples (n, ...).
        batch_size: samples in a batch.
        bar: a `utils.progress.Bar` that moves with each batch, or None.
    """
    y, steps = np.empty((len(x), *model.output_shape[1:]), model.dtype), model.steps()
    for part in batches(len(x), batch_size):
        y[part] = forward(steps, model.as_batch(x[part]), False, None)[0]
        if bar is not None:
            bar.advance({})
    return y
