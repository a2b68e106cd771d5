"""What really runs: which steps, planned when, how many Python calls, and what they keep between calls."""

import copy
import sys
import threading

import numpy as np
import pytest

from tests.support.marks import needs_kernels
from tinycnn.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, ReLU, Softmax
from tinycnn.models import Sequential, plan, replay

MOST_CALLS = 75


def classic():
    return Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(32, 3, activation="relu"),
            Conv2D(64, 3, activation="relu"),
            MaxPooling2D(2),
            Dropout(0.25),
            Flatten(),
            Dense(128, activation="relu"),
            Dropout(0.5),
            Dense(10, activation="softmax"),
        ]
    )


@pytest.fixture
def digits():
    return np.random.default_rng(3).random((5, 28, 28, 1), np.float32)


def test_the_steps_of_a_prediction_and_of_training():
    model = classic()
    assert [repr(step) for step in model.steps()] == [
        "<ConvolutionReLU: conv2d>",
        "<ConvolutionReLUPooling: conv2d_1 + max_pooling2d>",
        "<Flatten: flatten>",
        "<Dense: dense>",
        "<Dense: dense_1>",
    ]
    model.compile("adadelta", "categorical_crossentropy")
    assert [repr(step) for step in model.steps(training=True)] == [
        "<ConvolutionReLU: conv2d>",
        "<ConvolutionReLUPooling: conv2d_1 + max_pooling2d + dropout>",
        "<Flatten: flatten>",
        "<Dense: dense>",
        "<Dropout: dropout_1>",
        "<Dense: dense_1>",
    ]
    model.compile("adadelta", "categorical_crossentropy", run_eagerly=True)
    assert [repr(step) for step in model.steps(training=True)] == [
        f"<{type(layer).__name__}: {layer.name}>" for layer in model.layers
    ]


def test_there_are_no_steps_before_the_model_is_built_and_compiled():
    with pytest.raises(ValueError, match="not built yet"):
        Sequential([Dense(3)]).steps()
    with pytest.raises(RuntimeError, match="Compile the model first"):
        classic().steps(training=True)


def test_steps_are_planned_once_and_anew_after_a_change(monkeypatch):
    planned, real = [], plan.plan
    monkeypatch.setattr(
        "tinycnn.models.compiled.plan", lambda *a, **k: planned.append(1) or real(*a, **k)
    )
    model = classic()
    assert not planned  # not at every add
    assert model.steps() is model.steps()
    assert len(planned) == 1
    model.add(Dense(3))
    assert repr(model.steps()[-1]) == "<Dense: dense_2>"
    model.compile("sgd", "categorical_crossentropy")
    assert model.objective is model.objective
    assert len(planned) == 3


def python_calls(function):
    """Return how many Python functions are called, within `function`."""
    calls = []

    def note(frame, event, argument):
        if event == "call":
            calls.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls[1:]  # without `function` itself


@needs_kernels
def test_one_digit_takes_few_python_calls(digits):
    model = classic()
    for _ in range(replay.CALLS + 1):  # until it is recorded
        model.predict(digits[:1], verbose=0)
    calls = python_calls(lambda: model.predict(digits[:1], verbose=0))
    assert 10 < len(calls) < MOST_CALLS


CHANGES = {
    "set_weights": lambda model: model.set_weights([2 * w for w in model.get_weights()]),
    "a layer's": lambda model: model.layers[1].set_weights(
        [-w for w in model.layers[1].get_weights()]
    ),
    "one bit": lambda model: np.put(
        model.layers[1].params["kernel"].view(np.uint32), 7, 0x3F800001
    ),
    "another array": lambda model: model.layers[1].params.update(
        kernel=np.ones_like(model.layers[1].params["kernel"])
    ),
    "training": lambda model: model.train_on_batch(np.ones((2, 28, 28, 1)), np.eye(10)[:2]),
}


@needs_kernels
@pytest.mark.parametrize("change", CHANGES)
def test_kept_filters_are_dropped_when_weights_change(change, digits):
    model = classic()
    model.compile("sgd", "categorical_crossentropy")
    before = model.predict(digits, verbose=0)
    CHANGES[change](model)
    fresh = classic()
    for layer, other in zip(fresh.layers, model.layers, strict=True):
        layer.set_weights(other.get_weights())
    after = model.predict(digits, verbose=0)
    np.testing.assert_array_equal(after, fresh.predict(digits, verbose=0))
    assert change == "one bit" or np.abs(after - before).max() > 1e-6


@needs_kernels
def test_filters_are_transformed_once_for_predictions_and_every_time_in_training(
    digits, monkeypatch
):
    from tinycnn.ops.kernels.convolution import winograd

    made, real = [], winograd.filter_transform
    monkeypatch.setattr(winograd, "filter_transform", lambda k: made.append(k.shape) or real(k))
    model = classic()
    for _ in range(3):
        model.predict(digits[:1], verbose=0)
    assert made == [(3, 3, 32, 64)]
    made.clear()
    model.compile("sgd", "categorical_crossentropy")
    for _ in range(3):
        model.train_on_batch(digits, np.eye(10)[:5])
    assert made == [(3, 3, 32, 64)] * 3


@needs_kernels
def test_predictions_side_by_side_and_copies_give_the_same(digits):
    model = classic()
    wanted = model.predict(digits, verbose=0)
    twice = copy.deepcopy(model)
    twice.set_weights([0 * weight for weight in model.get_weights()])
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.extend(model.predict(digits, verbose=0) for _ in range(20))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80
    assert all(np.array_equal(result, wanted) for result in results)
    np.testing.assert_allclose(twice.predict(digits, verbose=0), 0.1, rtol=1e-6)


def test_a_model_of_nothing_but_dropout_hands_its_input_on():
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    model = Sequential([Input((3,)), Dropout(0.5)])
    y = model.predict(x, verbose=0)
    np.testing.assert_array_equal(y, x)
    assert not np.shares_memory(x, y)


@needs_kernels
def test_a_kernel_replaced_by_one_of_another_shape_and_the_same_bytes():
    model = Sequential([Input((20, 6, 32)), Conv2D(32, 3, activation="relu"), Flatten()])
    x = np.random.default_rng(1).random((2, 20, 6, 32), np.float32)
    model.predict(x, verbose=0)
    model.layers[0].params["kernel"] = model.layers[0].params["kernel"].reshape(9, 1, 32, 32)
    (step,) = model.steps()[:1]
    wanted, _ = plan.plan(model.layers)[0].forward(x, False, None)
    np.testing.assert_array_equal(step.forward(x, False, None)[0], wanted)


def test_strides_far_larger_than_the_image_take_no_time():
    layers = [Conv2D(2, 1), Conv2D(4, 3, strides=2**31 - 1, activation="relu"), Flatten()]
    model = Sequential([Input((8, 8, 2)), *layers, Dense(3, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    assert np.isfinite(model.train_on_batch(np.ones((2, 8, 8, 2)), np.eye(3)[:2]))


class Clipped(ReLU):
    """A ReLU that is not only that."""

    def forward(self, x, training, rng):
        y, _ = super().forward(x, training, rng)
        return np.minimum(y, 0.5), y


class Sharpened(Softmax):
    """A softmax that is not only that."""

    def forward(self, x, training, rng):
        y, ctx = super().forward(x, training, rng)
        return y**2 / (y**2).sum(axis=-1, keepdims=True), ctx


def test_a_subclass_with_its_own_forward_runs_by_itself():
    model = Sequential(
        [Input((8, 8, 2)), Conv2D(4, 3), Clipped(), Flatten(), Dense(3), Sharpened()]
    )
    x = np.random.default_rng(2).random((3, 8, 8, 2), np.float32)
    model.compile("sgd", "categorical_crossentropy")
    y = model.predict(x, verbose=0)
    np.testing.assert_array_equal(y, model.activations(x)[-1])
    assert model.evaluate(x, np.eye(3), verbose=0) == pytest.approx(
        -np.log(np.diag(y)).mean(), rel=1e-5
    )


def test_a_plan_made_while_layers_are_added_is_not_kept(monkeypatch):
    model, real = Sequential([Input((4,)), Dense(3)]), plan.plan

    def interrupted(layers, **options):
        monkeypatch.setattr("tinycnn.models.compiled.plan", real)
        model.add(Softmax())  # as another thread might
        return real(layers, **options)

    monkeypatch.setattr("tinycnn.models.compiled.plan", interrupted)
    model.steps()
    assert repr(model.steps()[-1]) == "<Softmax: softmax>"


def test_a_shallow_copy_compiled_otherwise_leaves_the_original_alone():
    model = classic()
    model.compile("sgd", "categorical_crossentropy")
    before = model.objective
    copy.copy(model).compile("sgd", "sparse_categorical_crossentropy")
    assert model.objective is before


def test_loss_and_metrics_may_be_given_by_the_name_of_the_output():
    model = Sequential([Input((4,)), Dense(3, activation="softmax", name="out")])
    mse = {"class_name": "MeanSquaredError", "config": {}}
    model.compile("sgd", {"out": "mse"}, metrics={"out": ["mae"]}, weighted_metrics={"out": mse})
    assert model.metrics_names == ["loss", "mae", "mean_squared_error"]
    with pytest.raises(ValueError, match=r"one output out\. Received: \['other'\]"):
        model.compile("sgd", {"other": "mse"})
    assert model.metrics_names == ["loss", "mae", "mean_squared_error"]
