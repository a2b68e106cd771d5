"""What `training.py` does with a batch, for one that is cut into shards and shared among ranks.

All shards of a rank go through the net side by side, a step at a time. So batch normalization can take its
sums over the whole batch, and the gradients of a step set out to the other ranks while the steps before it
are still computed. A shard may have no samples: it takes part with zeros.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tinycnn.distribution import DataParallel
from tinycnn.distribution.shards import tree_sum
from tinycnn.layers import Layer
from tinycnn.models import penalty, plan
from tinycnn.models.ahead import compiled_ahead
from tinycnn.models.means import Means
from tinycnn.models.objective import Objective
from tinycnn.models.plan import AnyStep
from tinycnn.models.replay import layers_of

QUIETLY = np.errstate(over="ignore", invalid="ignore")  # as in `training.py`
Masks = Sequence[np.random.Generator | None]  # random numbers for dropout, of each shard
Check = Callable[
    [np.ndarray], None
]  # called with the loss of each sample, (n,), before weights change


def check_layers(layers: Sequence[Layer]) -> None:
    """Raise ValueError for a layer whose `updates` would be other ones on each rank."""
    for layer in layers:
        own = type(layer).updates is not Layer.updates
        if own and not hasattr(layer, "forward_shards"):
            raise ValueError(
                f"Layer {layer.name}: a {type(layer).__name__} changes its weights by what it sees, and each "
                "rank sees another part of the batch. It needs forward_shards and backward_shards, as "
                "BatchNormalization has."
            )


def whole_batch_layer(step: AnyStep) -> Layer | None:
    """Return the layer of a step that has to look at the whole batch in training, if it is such a one."""
    layer = getattr(step, "layer", None)
    return layer if hasattr(layer, "forward_shards") else None


def forward(
    steps: list[AnyStep], xs: list[np.ndarray], masks: Masks, shared: DataParallel
) -> tuple[list[np.ndarray], list[list]]:
    """Run all steps in training, each with all shards; return the last ys, and ctx by step and shard."""
    tape = []
    for step in steps:
        if layer := whole_batch_layer(step):
            xs, ctxs = layer.forward_shards(xs, shared.total)
        else:
            pairs = [step.forward(x, True, rng) for x, rng in zip(xs, masks, strict=True)]
            xs, ctxs = [y for y, _ in pairs], [ctx for _, ctx in pairs]
        tape.append(ctxs)
    return xs, tape


def backward(
    steps: list[AnyStep], dys: list[np.ndarray], tape: list[list], shared: DataParallel
) -> list[dict[str, np.ndarray]]:
    """Run all steps backward; return {parameter: gradient over the whole batch} of each layer, in order.

    Only of parameters that are trained.

    Args:
        steps, tape: those of `forward`.
        dys: of each shard, the gradient with respect to the last y.
        shared: adds the gradients over all shards.
    """
    layers = layers_of(steps)
    grads: list[dict[str, np.ndarray]] = [{} for _ in layers]
    first = len(layers)  # of the step's layers
    for place in reversed(range(len(steps))):
        step, ctxs = steps[place], tape[place]
        first -= len(layers_of([step]))
        if layer := whole_batch_layer(step):
            dys, grads[first] = layer.backward_shards(dys, ctxs, shared.total)
            continue
        dxs: list[np.ndarray] = []
        parts = _gradients(step, zip(dys, ctxs, strict=True), dxs, place > 0)
        sums = tree_sum(parts, over=_is_ours(step))
        for (number, name), array in zip(_trained(step), sums, strict=True):
            shared.add_later((first + number, name), array)
        dys = dxs
    for (number, name), array in shared.sums().items():
        grads[number][name] = array
    return grads


def _is_ours(step: AnyStep) -> bool:
    """Return whether gradients are new arrays each time; of somebody's own layer nobody knows."""
    return all(type(layer).__module__.startswith("tinycnn.") for layer in layers_of([step]))


def _trained(step: AnyStep) -> list[tuple[int, str]]:
    """Return (number of the layer in the step, parameter) of all that a step's layers train."""
    layers = enumerate(layers_of([step]))
    return [(number, name) for number, layer in layers for name in layer.trained_names]


def _gradients(
    step: AnyStep, shards: Iterator[tuple], dxs: list[np.ndarray], input_gradient: bool
) -> Iterator[list[np.ndarray]]:
    """Yield the gradients of what a step trains, shard by shard, and append dx of each to `dxs`."""
    names = _trained(step)
    for dy, ctx in shards:
        dx, grads = step.backward(dy, ctx, input_gradient)
        dxs.append(dx)
        yield [grads[number][name] for number, name in names]


def cut(parts: Sequence[np.ndarray | None], whole: int, shared: DataParallel) -> list[tuple]:
    """Return the parts that arrays have in each of this rank's shards.

    Args:
        parts: x, y and weights, as far as this rank has them; None stays None.
        whole: how many samples the batch has on all ranks.
        shared: the distribution.
    """
    return [
        tuple(None if part is None else part[one] for part in parts) for one in shared.cuts(whole)
    ]


def loss_of_shard(
    objective: Objective, y_pred: np.ndarray, y: np.ndarray, weights: np.ndarray | None, whole: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return [losses, metric, ...] of a shard, each (n,), and the gradient with respect to y_pred.

    Args:
        objective: of the model.
        y_pred: what its steps end in, (n, ...).
        y, weights: of the shard.
        whole: how many samples the batch has, over which the loss is a mean.
    """
    if not len(y_pred):
        return [np.zeros(0)] * len(objective.names()), np.zeros_like(y_pred)
    target = objective.loss.target(y, y_pred)
    losses, ctx = objective.loss.forward(target, y_pred, objective.from_logits)
    dy_pred = objective.loss.backward(target, ctx, objective.from_logits)
    factors = np.full(len(y_pred), len(y_pred) / whole)
    if weights is not None:
        factors *= weights
    dy_pred = np.ascontiguousarray((dy_pred.T * factors.astype(dy_pred.dtype)).T)
    return objective.values(y, y_pred, losses, weights), dy_pred


@QUIETLY
@compiled_ahead
def train_step(
    model: object,
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    whole: int,
    masks: Masks,
    shared: DataParallel,
    means: Means,
    check: Check,
) -> None:
    """Learn from one batch, as `training.train_step` does, and add its loss and metrics to `means`.

    Args:
        model: compiled and built.
        x, y, weights: this rank's part of the batch; see `training.train_step`.
        whole: how many samples the batch has on all ranks.
        masks: random numbers for dropout, of each of this rank's shards.
        shared: the distribution.
        means: of the epoch.
        check: called with the losses of this rank's samples.
    """
    objective, shards = model.objective, cut((x, y, weights), whole, shared)
    ys, tape = forward(objective.steps, [x for x, *_ in shards], masks, shared)
    pairs = [
        loss_of_shard(objective, y_pred, y, weights, whole)
        for y_pred, (_, y, weights) in zip(ys, shards, strict=True)
    ]
    values = [value for value, _ in pairs]
    check(np.concatenate([value[0] for value in values]))
    grads = backward(objective.steps, [dy for _, dy in pairs], tape, shared)
    if objective.penalties:
        penalty.add_gradients(objective.penalties, grads)
    add_values(means, values, shards, shared)
    pairs = zip(model.layers, grads, strict=True)
    gradients = [grad[name] for layer, grad in pairs for name in layer.trained_names]
    model.optimizer.apply(gradients, model.trainable_weights)
    for step, ctxs in zip(objective.steps, tape, strict=True):
        if layer := whole_batch_layer(step):
            for name, value in layer.updates(ctxs[0]).items():
                layer.params[name][...] = value


def add_values(
    means: Means, values: list[list[np.ndarray]], shards: list[tuple], shared: DataParallel
) -> None:
    """Add the losses and metrics of a batch to means, the same on all ranks.

    Args:
        means: of all samples so far.
        values: [losses, metric, ...] of each shard.
        shards: from `cut`.
        shared: the distribution.
    """
    sums = [
        np.stack(means.sums(value, weights))
        for value, (*_, weights) in zip(values, shards, strict=True)
    ]
    means.add_sums(*shared.total(sums))


@QUIETLY
def test_step(
    model: object,
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    whole: int,
    shared: DataParallel,
    means: Means,
    check: Check,
) -> None:
    """Add the loss and metrics of a batch to `means`; arguments as for `train_step`."""
    objective, shards, values = model.objective, cut((x, y, weights), whole, shared), []
    for x_shard, y_shard, weights_shard in shards:
        y_pred, _ = plan.forward(objective.steps, x_shard, False, None)
        values.append(loss_of_shard(objective, y_pred, y_shard, weights_shard, whole)[0])
    check(np.concatenate([value[0] for value in values]))
    add_values(means, values, shards, shared)


def predicted(model: object, x: np.ndarray, whole: int, shared: DataParallel) -> np.ndarray:
    """Return the outputs for all samples of a batch, on all ranks; arguments as for `train_step`."""
    shards = cut((x,), whole, shared)
    own = b"".join(model.predicted(part).tobytes() for (part,) in shards if len(part))
    parts = bytearray(b"".join(shared.gathered(own)))
    return np.frombuffer(parts, model.dtype).reshape(whole, *model.output_shape[1:])
