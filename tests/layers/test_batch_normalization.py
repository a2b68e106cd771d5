"""Batch normalization: an example, running means, frozen layers, and the same bits for all thread counts."""

import hashlib

import numpy as np
import pytest

from tinycnn import ops, utils
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Flatten, Input, ReLU
from tinycnn.models import Sequential


def built(**options):
    layer = BatchNormalization(epsilon=1e-9, dtype="float64", **options)
    layer.build((None, 2), None)
    return layer


X = np.array([[1.0, 10], [3, 10], [1, 30], [3, 30]])


def test_it_normalizes_by_the_batch_while_training():
    layer = built()
    layer.params["gamma"][:], layer.params["beta"][:] = [2, 1], [0, 5]
    y, _ = layer.forward(X, True, None)
    np.testing.assert_allclose(y, [[-2, 4], [2, 4], [-2, 6], [2, 6]], rtol=1e-8)


def test_running_means_follow_the_batches_and_are_used_when_predicting():
    layer = built(momentum=0.75)
    _, ctx = layer.forward(X, True, None)
    new = layer.updates(ctx)
    np.testing.assert_allclose(new["moving_mean"], [0.5, 5])  # a quarter of 2 and 20
    np.testing.assert_allclose(new["moving_variance"], [0.75 + 0.25, 0.75 + 25])
    assert not layer.params["moving_mean"].any(), "forward itself changes nothing"
    y, ctx = layer.forward(X, False, None)
    np.testing.assert_allclose(y, X, rtol=1e-8)
    assert layer.updates(ctx) == {}


def net(seed=5):
    utils.set_random_seed(seed)
    layers = [Input((8, 8, 1)), Conv2D(8, 3), BatchNormalization(), ReLU(), Flatten()]
    model = Sequential([*layers, Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


PICTURES = np.random.default_rng(0).random((37, 8, 8, 1), np.float32)
LABELS = np.arange(37) % 3


def test_frozen_it_uses_and_keeps_its_running_means():
    model = net()
    model.layers[1].trainable = False
    before = model.get_weights()
    model.fit(PICTURES, LABELS, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [True, True, False, False, False, False, True, True]
    x = model.activations(PICTURES)
    np.testing.assert_allclose(x[1], x[0] / np.sqrt(1 + 1e-3), rtol=1e-6, atol=1e-7)


def test_same_bits_for_any_number_of_threads():
    digests = set()
    try:
        for threads in (1, 2, 4):
            ops.set_num_threads(threads)
            model = net()
            model.fit(PICTURES, LABELS, epochs=2, batch_size=16, verbose=0)
            weights = b"".join(weight.tobytes() for weight in model.get_weights())
            digests.add(hashlib.sha256(weights).hexdigest())
    finally:
        ops.set_num_threads(utils.thread_count.available_threads())
    assert len(digests) == 1


@pytest.mark.parametrize("shape", [(None,), (None, 3, None)])
def test_what_it_cannot_take(shape):
    with pytest.raises(ValueError, match="BatchNormalization takes"):
        BatchNormalization().compute_output_shape(shape)
    with pytest.raises(ValueError, match="axis"):
        BatchNormalization(axis=1).compute_output_shape((None, 4, 4, 2))
