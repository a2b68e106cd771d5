"""Where a training stands: what comes next follows from the seed and the step, not from what was drawn."""

import copy

import numpy as np
import pytest

from tinycnn import utils
from tinycnn.callbacks import LambdaCallback
from tinycnn.layers import BatchNormalization, Dense, Dropout, Input
from tinycnn.models import Sequential, load_model

X = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[np.arange(50) % 3]


class Numbers(utils.PyDataset):
    """Batches that are asked for by their number."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return X[10 * index :][:10], Y[10 * index :][:10]


DATA = {
    "arrays": {"x": X, "y": Y, "batch_size": 16},
    "a data set": {"x": Numbers()},
}


def net():
    utils.set_random_seed(5)
    layers = [Dense(8, activation="relu"), BatchNormalization(), Dropout(0.4), Dense(3)]
    model = Sequential([Input((6,)), *layers])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def weights(model):
    return [weight.tobytes() for weight in model.get_weights()]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("options", [{}, {"initial_epoch": 2, "epochs": 4}])
def test_two_epochs_a_file_and_two_more_are_four(data, options, tmp_path):
    through, halved = net(), net()
    through.fit(**DATA[data], epochs=4, verbose=0)
    halved.fit(**DATA[data], epochs=2, verbose=0)
    halved.save(tmp_path / "half.keras")
    utils.next_rng()  # what was drawn meanwhile does not matter
    loaded = load_model(tmp_path / "half.keras")
    loaded.fit(**DATA[data], verbose=0, **{"epochs": 2} | options)
    assert weights(loaded) == weights(through)


def test_single_steps_draw_the_masks_of_fit():
    one, other = net(), net()
    one.fit(X, Y, batch_size=10, shuffle=False, verbose=0)
    for start in range(0, 50, 10):
        other.train_on_batch(X[start:][:10], Y[start:][:10])
    assert weights(one) == weights(other)


def test_another_seed_draws_another_order_and_other_masks():
    model = net()
    model.fit(X, Y, epochs=1, verbose=0)
    other = net()
    utils.set_random_seed(6)
    other.fit(X, Y, epochs=1, verbose=0)
    assert weights(model) != weights(other)


def test_a_training_says_where_it_stands_and_a_copy_does_not():
    model, seen = net(), []

    def look(batch, logs):
        assert copy.deepcopy(model).progress is None
        seen.append((model.progress.epoch, model.progress.batch))

    model.fit(
        X,
        Y,
        batch_size=25,
        epochs=2,
        verbose=0,
        callbacks=[LambdaCallback(on_train_batch_end=look)],
    )
    assert seen == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert model.progress is None


def test_a_callback_that_trains_too_leaves_the_outer_training_its_place():
    model, seen = net(), []

    def train_more(epoch, logs):
        if epoch == 1:
            model.fit(X[:8], Y[:8], verbose=0)
        seen.append((model.progress.epoch, model.progress.epochs))

    hook = LambdaCallback(on_epoch_begin=train_more)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[hook])
    assert seen == [(epoch, range(3)) for epoch in range(3)]
