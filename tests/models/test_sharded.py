"""A step on a batch that is cut into shards: the whole batch's gradients, for any number of ranks."""

import numpy as np
import pytest

from tests.support.ranks import in_threads
from tinycnn import losses
from tinycnn.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    Layer,
    MaxPooling2D,
    ReLU,
)
from tinycnn.models import Sequential, sharded
from tinycnn.models.means import Means
from tinycnn.models.training import loss_gradients, train_step
from tinycnn.utils.rng import rng_at

NOTHING = lambda losses: None  # noqa: E731 (checks nothing)


def net(dropout=0.0, frozen=False, dtype="float64"):
    layers = [
        Input((8, 8, 1), dtype=dtype),
        Conv2D(3, 3, activation="relu", kernel_regularizer="l2", dtype=dtype),
        Conv2D(4, 3, dtype=dtype),
        BatchNormalization(trainable=not frozen, dtype=dtype),
        ReLU(dtype=dtype),
        MaxPooling2D(dtype=dtype),
        Flatten(dtype=dtype),
        Dropout(dropout, dtype=dtype),
        Dense(6, activation="tanh", trainable=not frozen, dtype=dtype),
        BatchNormalization(scale=False, dtype=dtype),
        Dense(5, activation="softmax", bias_regularizer="l1", dtype=dtype),
    ]
    model = Sequential._of(layers, "net", np.random.default_rng(0))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def batch(samples, dtype=np.float64):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((samples, 8, 8, 1)).astype(dtype) + 3, rng.integers(0, 5, samples)
    return x, y, rng.random(samples)


def step_with(shared, model, x, y, weights):
    """Take a step as one of some ranks; return the means, the gradients being in the weights that moved."""
    whole, own = len(x), shared.part(len(x))
    means = Means(model.objective.names(), model.objective.weighted)
    masks = [rng_at(0, "masks", 0, shard + 1) for shard in shared.own_shards]
    parts = x[own], y[own], None if weights is None else weights[own]
    sharded.train_step(model, *parts, whole, masks, shared, means, NOTHING)
    return means.logs()


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("samples", [2, 5, 8, 13, 32])
@pytest.mark.parametrize("size", [1, 4])
def test_a_step_is_that_of_the_whole_batch(size, samples, weighted, frozen):
    x, y, weights = batch(samples)
    weights = weights if weighted else None
    model, means = net(frozen=frozen), Means(["loss", "accuracy"])
    means.add(train_step(model, x, y, None, NOTHING, weights), weights)

    def step(shared):
        own = net(frozen=frozen)
        return step_with(shared, own, x, y, weights), own.get_weights()

    for logs, found in in_threads(size, step):
        assert logs == pytest.approx(means.logs(), rel=1e-10)
        for ours, plain in zip(found, model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, plain, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("samples", [3, 19])
def test_the_same_bytes_for_any_number_of_ranks(samples):
    x, y, weights = batch(samples, np.float32)

    def steps(shared):
        model, logs = net(dropout=0.4, dtype="float32"), []
        for _ in range(3):
            logs.append(step_with(shared, model, x, y, weights))
        return b"".join(w.tobytes() for w in model.weights), logs

    (alone,) = in_threads(1, steps)
    for size in (2, 4, 8):
        assert in_threads(size, steps, seed=size) == [alone] * size


def test_masks_are_those_of_each_shard():
    """Without batch normalization a step is the mean of the shards' own steps, each with its own mask."""
    x, y, _ = batch(12)
    layers = [Input((8, 8, 1), dtype="float64"), Flatten(dtype="float64")]
    layers += [Dropout(0.5, dtype="float64"), Dense(5, activation="softmax", dtype="float64")]
    model = Sequential._of(layers, "net", np.random.default_rng(0))
    model.compile("sgd", "sparse_categorical_crossentropy")
    wanted, before = 0.0, model.get_weights()
    for shard in range(8):
        own = slice(12 * shard // 8, 12 * (shard + 1) // 8)
        grads, *_ = loss_gradients(
            model.objective, x[own], y[own], rng_at(0, "masks", 0, shard + 1)
        )
        wanted += grads[-1]["kernel"] * (own.stop - own.start) / 12
    in_threads(1, lambda shared: step_with(shared, model, x, y, None))
    moved = (before[0] - model.get_weights()[0]) / model.optimizer.learning_rate
    np.testing.assert_allclose(moved, wanted, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 8])
def test_evaluations_and_predictions_are_shared(size):
    x, y, weights = batch(21)
    model = net()
    plain = model.evaluate(x, y, verbose=0, sample_weight=weights, return_dict=True)

    def look(shared):
        part, means = shared.part(21), Means(model.objective.names())
        parts = x[part], y[part], weights[part]
        sharded.test_step(model, *parts, 21, shared, means, NOTHING)
        return means.logs(), sharded.predicted(model, x[part], 21, shared)

    for logs, outputs in in_threads(size, look):
        assert logs == pytest.approx(plain, rel=1e-12)
        np.testing.assert_array_equal(outputs, model.predict(x, verbose=0))


def test_losses_are_checked_before_the_weights_change():
    class Stop(Exception):
        pass

    def check(losses):
        raise Stop

    def step(shared):
        model = net()
        before = b"".join(w.tobytes() for w in model.weights)
        x, y, _ = batch(9)
        masks = [None] * 8
        with pytest.raises(Stop):
            sharded.train_step(
                model, x, y, None, 9, masks, shared, Means(["loss", "accuracy"]), check
            )
        return b"".join(w.tobytes() for w in model.weights) == before

    assert in_threads(1, step) == [True]


def test_another_loss_gives_the_mean_over_the_batch():
    x, _, _ = batch(7)
    model = net()
    model.compile("sgd", losses.MeanSquaredError())
    y, other = np.full((7, 5), 0.2), net()
    other.compile("sgd", losses.MeanSquaredError())
    train_step(model, x, y, None, NOTHING)
    in_threads(1, lambda shared: step_with(shared, other, x, y, None))
    for ours, plain in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-10, atol=1e-12)


def test_a_layer_that_follows_its_own_part_of_the_batch_is_refused():
    class Counting(Layer):
        state_names = weight_names = ("count",)

        def updates(self, ctx):
            return {"count": ctx}

    sharded.check_layers(net().layers)
    with pytest.raises(ValueError, match="needs forward_shards and backward_shards"):
        sharded.check_layers([Counting(name="counting")])
