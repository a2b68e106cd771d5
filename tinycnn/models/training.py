"""The loops: a training step, an epoch, an evaluation, a prediction.

How a net learns is in `loss_gradients` (forward, loss, backward) and `train_step` (then one step of the
optimizer); all else repeats them over batches and epochs.
"""

import functools
from collections.abc import Callable

import numpy as np

from tinycnn.callbacks import Callback, CallbackList, History, ProgbarLogger
from tinycnn.models import penalty, sharing
from tinycnn.models.ahead import compiled_ahead
from tinycnn.models.data import Feed, Validation
from tinycnn.models.divergence import Watch
from tinycnn.models.means import Means
from tinycnn.models.objective import Objective
from tinycnn.models.plan import backward, forward, updates
from tinycnn.models.progress import Progress

# Decorator: no warnings of NumPy about overflow and NaN; `Watch` warns once, with the cause.
QUIETLY = np.errstate(over="ignore", invalid="ignore")
Arrays = list[dict[str, np.ndarray]]  # arrays by parameter, one dict for each layer


def loss_gradients(
    objective: Objective,
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator | None,
    training: bool = True,
    weights: np.ndarray | None = None,
) -> tuple[Arrays, list[np.ndarray], Arrays]:
    """Run forward, loss and backward for one batch; return gradients, losses and metrics, and updates.

    Args:
        objective: of the model.
        x: (n, ...), of the model's dtype.
        y: labels, as the loss takes them.
        rng: random numbers for dropout.
        training: False to leave dropout out.
        weights: how much each sample counts, (n,); None: 1.

    Returns:
        One dict {parameter: gradient of the mean loss} a layer, [losses, metric, ...], each (n,), and one
        dict {parameter: new value} a layer, of those that follow from the batch itself.
    """
    steps = objective.training_steps if training else objective.steps
    y_pred, tape = forward(steps, x, training, rng)
    target = objective.loss.target(y, y_pred)
    losses, ctx = objective.loss.forward(target, y_pred, objective.from_logits)
    dy_pred = objective.loss.backward(target, ctx, objective.from_logits)
    if weights is not None:  # the loss is the sum of weight times loss, divided by n
        dy_pred = (dy_pred.T * weights.astype(dy_pred.dtype)).T
    _, grads = backward(steps, dy_pred, tape, input_gradient=False)
    if objective.penalties:
        penalty.add_gradients(objective.penalties, grads)
    return grads, objective.values(y, y_pred, losses, weights), updates(steps, tape)


@QUIETLY
@compiled_ahead
def train_step(
    model: object,
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    check: Callable[[np.ndarray], None] | None = None,
    weights: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Learn from one batch: forward, loss, backward, one step of the optimizer.

    Args:
        model: compiled and built.
        x: (n, ...), of the model's dtype.
        y: labels, as the loss takes them.
        rng: random numbers for dropout.
        check: called with the loss of each sample (n,) before the weights change; None: a new `Watch`
            warns of losses that are not finite.
        weights: how much each sample counts, (n,); None: 1.

    Returns:
        [losses, metric, ...] from before the step, each (n,).
    """
    grads, values, new_values = loss_gradients(model.objective, x, y, rng, True, weights)
    check = check or functools.partial(Watch(model).check, x, y, slice(len(x)), "this batch")
    check(values[0])
    pairs = zip(model.layers, grads, strict=True)
    gradients = [grad[name] for layer, grad in pairs for name in layer.trained_names]
    step = step_of(model)
    model.optimizer.apply(gradients, model.trainable_weights)
    model.optimizer.iterations = max(
        model.optimizer.iterations, step + 1
    )  # an own one may not count
    for layer, new in zip(model.layers, new_values, strict=True):
        for name, value in new.items():
            layer.params[name][...] = value
    return values


@QUIETLY
def test_step(
    objective: Objective, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None
) -> list[np.ndarray]:
    """Return [losses, metric, ...] of one batch, each (n,): as `loss_gradients` does, without backward."""
    y_pred, _ = forward(objective.steps, x, False, None)
    losses, _ = objective.loss.forward(
        objective.loss.target(y, y_pred), y_pred, objective.from_logits
    )
    return objective.values(y, y_pred, losses, weights)


@sharing.together
def run_fit(
    model: object,
    feed: Feed,
    validation: Validation | None,
    callbacks: list[Callback],
    seed: int,
    *,
    epochs: range,
    shuffle: bool,
    verbose: int,
) -> History:
    """Train for some epochs; `Sequential.fit` has checked the arguments.

    Args:
        model: compiled and built.
        feed: the batches to train on.
        validation: what to evaluate on after epochs, or None.
        callbacks: called at the begin and end of the training, of each epoch and of each batch.
        seed: of the order of the samples and of dropout.
        epochs: the epochs to train, counted from 0.
        shuffle: True for a new order of the samples in each epoch.
        verbose: 0, 1 or 2: see `Sequential.fit`.
    """
    progress = Progress(sharing.seed(seed), shuffle, epochs, feed, validation and validation.feed)
    sharing.share(feed, progress.validation)
    feed.restart(model, progress.order, step_of(model))
    callbacks = sharing.begin_fit(model, progress, validation, callbacks)
    history = next((one for one in callbacks if isinstance(one, History)), None) or History()
    own = [] if history in callbacks else [history]
    bar = [ProgbarLogger(verbose)] if verbose else []
    params = {"epochs": epochs.stop, "steps": feed.count, "verbose": verbose}
    names = model.objective.names()
    names += [f"val_{name}" for name in names] if validation else []
    hooks = CallbackList([*bar, *callbacks, *own], model, params, names)
    progress.callbacks = hooks.callbacks
    outer = model.progress  # of a `fit` whose callback has called this one
    model.stop_training, model.history, model.progress = False, history, progress
    watch = Watch(model)
    try:
        hooks.on_train_begin({})
        for epoch in range(progress.epoch, epochs.stop):
            if epoch > epochs.start and feed.is_over():
                break
            hooks.on_epoch_begin(epoch, {})
            logs = run_epoch(model, progress, hooks, watch)
            if validation is not None and validation.is_due(epoch):
                val_logs = run_evaluate(model, validation.feed, hooks, watch)
                logs.update({f"val_{name}": value for name, value in val_logs.items()})
            progress.end_epoch(logs)
            hooks.on_epoch_end(epoch, logs)
            if sharing.stops(model):
                break
    finally:
        model.progress = outer
        if bar:
            bar[0].close()
    model.optimizer.finalize_variable_values(model.trainable_weights)
    hooks.on_train_end(progress.logs)
    return history


def step_of(model: object) -> int:
    """Return how many steps the optimizer has taken: the random numbers of the next follow from that."""
    return model.optimizer.iterations if model.optimizer else 0


def run_epoch(
    model: object, progress: Progress, hooks: CallbackList, watch: Watch
) -> dict[str, float]:
    """Train on all samples once, batch by batch; return {"loss": mean, metric: mean}.

    Args:
        model: compiled and built.
        progress: where the training stands: in an epoch, if an earlier training took some of its batches.
        hooks: the callbacks.
        watch: warns of losses that are not finite.
    """
    means, done = progress.begin_epoch(model.objective), progress.batch
    batches, shared = progress.feed.epoch(progress.order, step_of(model), done), sharing.share()
    for batch, (x, y, weights, chosen, whole) in enumerate(batches, done):
        hooks.on_train_batch_begin(batch, {})
        x = model.as_batch(x, quiet=True)
        watch.look(x)
        place = f"epoch {progress.epoch + 1}, batch {batch + 1}"
        check, step = functools.partial(watch.check, x, y, chosen, place), step_of(model)
        if shared is None:
            values = train_step(model, x, y, progress.masks(step), check, weights)
            means.add(values, weights)
        else:
            masks = [progress.masks(step, shard) for shard in shared.own_shards]
            sharing.sharded().train_step(model, x, y, weights, whole, masks, shared, means, check)
        progress.batch = batch + 1
        hooks.on_train_batch_end(batch, means.logs())
        if sharing.stops(model):
            break
    return means.logs()


def run_evaluate(
    model: object, feed: Feed, hooks: CallbackList | None, watch: Watch | None = None
) -> dict[str, float]:
    """Return {"loss": mean, metric: mean} over all samples; the weights do not change.

    Args:
        model: compiled and built.
        feed: the batches.
        hooks: the callbacks, or None.
        watch: warns of losses that are not finite; None: a new one.
    """
    shared = sharing.share(feed)
    feed.restart(model)
    if shared is not None and watch is None:  # no validation, before which all was compared
        sharing.agree(shared, model, {"data": feed}, {})
    hooks = hooks or CallbackList([], model, {})
    hooks.on_test_begin({})
    objective, watch = model.objective, watch or Watch(model)
    means = Means(objective.names(), objective.weighted)
    for batch, (x, y, weights, part, whole) in enumerate(feed.epoch()):
        hooks.on_test_batch_begin(batch, {})
        x = model.as_batch(x, quiet=True)
        check = functools.partial(watch.check, x, y, part, f"batch {batch + 1} of the evaluation")
        if shared is None:
            values = test_step(objective, x, y, weights)
            check(values[0])
            means.add(values, weights)
        else:
            sharing.sharded().test_step(model, x, y, weights, whole, shared, means, check)
        hooks.on_test_batch_end(batch, means.logs())
    hooks.on_test_end(logs := means.logs())
    return logs


@compiled_ahead
def run_predict(model: object, feed: Feed, hooks: CallbackList | None) -> np.ndarray:
    """Return the model's output for every sample, (n, ...).

    Args:
        model: built, unless the first batch shows the shape.
        feed: the batches; labels and weights are not used.
        hooks: the callbacks; None: none, so that one prediction takes few calls.
    """
    shared = sharing.share(feed)
    if shared is not None:
        model.built or feed.peek()  # the first batch shows the shape
        sharing.agree(shared, model, {"data": feed}, {})
    if hooks:
        hooks.on_predict_begin({})
    outputs = []
    for batch, (x, *_, whole) in enumerate(feed.epoch()):
        if hooks:
            hooks.on_predict_batch_begin(batch, {})
        x = model.as_batch(x)
        if shared is None:
            outputs.append(model.predicted(x))
        else:
            outputs.append(sharing.sharded().predicted(model, x, whole, shared))
        if hooks:
            hooks.on_predict_batch_end(batch, {"outputs": outputs[-1]})
    if hooks:
        hooks.on_predict_end({})
    if not outputs:
        return np.empty((0, *model.output_shape[1:]), model.dtype)
    return np.concatenate(outputs) if len(outputs) > 1 else outputs[0].copy()


# What a `Sequential` calls
evaluate = sharing.together(run_evaluate, alone_inside=True)
predict = sharing.together(run_predict, alone_inside=True)
