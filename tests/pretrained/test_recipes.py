"""The recipes: each describes a net that is as large as said, trains, and gives the same weights again."""

import math

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from tinycnn import datasets, ops, utils
from tinycnn.pretrained import recipes
from tinycnn.pretrained.recipes import Recipe, VariedDigits
from tinycnn.utils.thread_count import available_threads

NAMES = ("fast", "fast995", "best", "tiny")


def digits(count):
    loaded = datasets.load("sample")
    x = loaded.x_train[:count, ..., None] / np.float32(255)
    return x, utils.to_categorical(loaded.y_train[:count], 10)


def trained(recipe, data, seed=0, epochs=None):
    """Return the model after training, and its `History`."""
    utils.set_random_seed(seed)
    model = recipe.model()
    return model, model.fit(**recipe.prepare(model, *data, epochs=epochs), verbose=0)


def test_these_are_there():
    assert tuple(recipes.recipes()) == NAMES
    with pytest.raises(ValueError, match="one of fast, fast995, best, tiny"):
        recipes.load("slow")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_as_large_as_it_says_and_takes_a_step(name):
    recipe = recipes.load(name)
    assert recipe.model().count_params() == recipe.parameters
    model, history = trained(recipe, digits(40), epochs=1)
    assert (model.input_shape, model.output_shape) == ((None, 28, 28, 1), (None, 10))
    assert model.optimizer.iterations == 1
    assert 0 < history.history["loss"][0] < 10
    changed = [
        not np.array_equal(*pair) for pair in zip(*first_and_last(recipe, model), strict=True)
    ]
    assert all(changed)


def first_and_last(recipe, model):
    """Return the trained weights before and after the training of `trained`."""
    utils.set_random_seed(0)
    return recipe.model().trainable_weights, model.trainable_weights


def test_tiny_is_tiny():
    assert recipes.load("tiny").parameters <= 5_000


@pytest.mark.parametrize("name", ["fast", "tiny"])
def test_the_same_seed_gives_the_same_bytes_for_any_number_of_threads(name):
    recipe, data, weights = recipes.load(name), digits(300), {}
    try:
        for seed, threads in ((0, 1), (0, 2), (1, 1)):
            ops.set_num_threads(threads)
            model, _ = trained(recipe, data, seed, epochs=2)
            weights[seed, threads] = b"".join(w.tobytes() for w in model.get_weights())
    finally:
        ops.set_num_threads(available_threads())
    assert weights[0, 1] == weights[0, 2] != weights[1, 1]


def small(**options):
    """Return a recipe of one Dense layer, two samples a step."""
    layers = [
        {"class_name": "InputLayer", "config": {"shape": [28, 28, 1]}},
        {"class_name": "Flatten", "config": {}},
        {"class_name": "Dense", "config": {"units": 10, "activation": "softmax"}},
    ]
    settings = {
        "about": "", "parameters": 7850, "layers": layers,
        "optimizer": {"class_name": "SGD", "config": {"momentum": 0.5}},
        "schedule": {"start": 0.25, "highest": 0.5, "warmup": 0.5},
        "label_smoothing": 0.1, "batch_size": 2, "epochs": 2,
    }  # fmt: skip
    return Recipe(**settings | options)


def test_the_learning_rate_rises_and_falls_over_all_steps():
    recipe = small()
    model = recipe.model()
    recipe.prepare(model, *digits(8))  # 4 steps an epoch: 4 up, 4 down
    rates = []
    for step in range(9):
        model.optimizer.iterations = step
        rates.append(model.optimizer.learning_rate)
    down = [0.25 + 0.25 * math.cos(math.pi * share / 4) for share in range(5)]
    np.testing.assert_allclose(rates, [0.25, 0.3125, 0.375, 0.4375, *down], atol=1e-12)
    assert model.optimizer.momentum == 0.5
    assert model.loss.label_smoothing == 0.1


@pytest.mark.parametrize(
    ("epochs", "given", "passes", "steps"),
    [(2, None, 2, 4), (0.75, None, 1, 3), (0.7, None, 1, 3), (0.75, 3, 3, 4)],
)
@pytest.mark.parametrize("strengths", [None, (1.0, 0.0)])
def test_epochs_may_be_a_part_of_one_and_may_be_replaced(epochs, given, passes, steps, strengths):
    recipe = small(epochs=epochs, strengths=strengths)
    model, history = trained(recipe, digits(7), epochs=given)  # the last batch has one sample
    assert len(history.history["loss"]) == passes
    assert model.optimizer.iterations == passes * steps
    assert model.optimizer.learning_rate == pytest.approx(0, abs=1e-12)


def test_deformed_digits_are_all_shown_in_each_epoch_in_another_order_and_shape():
    x, y = digits(20)
    y = np.arange(20)  # so that each digit can be told from the others
    utils.set_random_seed(0)
    data, shown, orders = VariedDigits(x, y, 8, [1.0, 0.0]), [], []
    for _ in range(2):
        data.on_epoch_begin()
        batches = [data[index] for index in range(len(data))]
        assert [len(labels) for _, labels in batches] == [8, 8, 4]
        orders.append(np.concatenate([labels for _, labels in batches]))
        shown.append(np.concatenate([images for images, _ in batches])[np.argsort(orders[-1])])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(20))
    assert list(orders[0]) != list(orders[1])
    assert shown[0].shape == x.shape
    assert shown[0].dtype == np.float32
    assert (np.abs(shown[0] - x).mean(axis=(1, 2, 3)) > 0.01).all()
    np.testing.assert_array_equal(shown[1], x)  # strength 0


def test_shifted_digits_are_those_of_the_data_elsewhere():
    x, y = digits(20)
    batch, labels = first_batch(x, y, shift=2)
    inside = np.s_[2:-2, 2:-2]
    for image, label in zip(batch[..., 0], labels, strict=True):
        original = x[label, ..., 0][inside]
        windows = sliding_window_view(image, original.shape)
        assert (windows == original).all(axis=(2, 3)).any()
    assert (batch != x[labels]).any()
    np.testing.assert_array_equal(batch, first_batch(x, y, shift=2)[0])  # the same seed


def first_batch(x, y, shift):
    """Return the first batch of x, and the places of its digits."""
    utils.set_random_seed(0)
    data = VariedDigits(x, np.arange(len(y)), 8, [0.0], shift)
    data.on_epoch_begin()
    return data[0]


def test_a_blank_picture_cannot_be_deformed():
    x, y = digits(3)
    x[1] = 0
    with pytest.raises(ValueError, match="image 1 is blank"):
        trained(small(strengths=(1.0, 1.0)), (x, y))
    trained(small(), (x, y))
