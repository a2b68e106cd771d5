"""Training and predictions that are recorded: the same bytes as without, and never when it could differ."""

import copy
import threading

import numpy as np
import pytest

from tests.support.marks import needs_kernels
from tinycnn import utils
from tinycnn.layers import (
    ELU,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
    Rescaling,
    Reshape,
    Softmax,
    ZeroPadding2D,
)
from tinycnn.metrics import Metric
from tinycnn.models import Sequential, plan, replay
from tinycnn.ops import set_num_threads
from tinycnn.ops.dispatch import available_threads
from tinycnn.optimizers import SGD
from tinycnn.utils.recording import Call

pytestmark = needs_kernels


def net(kind):
    """Return the layers of a small net for images of 12 x 12."""
    first = {
        "relu and max": lambda: [Conv2D(5, 3, activation="relu"), MaxPooling2D()],
        "tanh and mean": lambda: [Conv2D(3, 5, activation="tanh"), AveragePooling2D()],
        "strides": lambda: [Conv2D(8, 5, strides=2, activation="relu"), Conv2D(9, 3)],
        "3 x 3": lambda: [Conv2D(8, 3), Activation("sigmoid"), Conv2D(16, 3, activation="relu")],
        "batch normalization": lambda: [Conv2D(4, 3), BatchNormalization(), Activation("relu")],
        "without bias": lambda: [
            Conv2D(4, 3, use_bias=False),
            BatchNormalization(scale=False),
            Conv2D(5, 3, use_bias=False, activation="relu"),
            BatchNormalization(center=False),
        ],
        "means": lambda: [Conv2D(4, 3, activation="elu"), GlobalAveragePooling2D()],
        "dropout": lambda: [Conv2D(4, 3, activation="relu"), Dropout(0.5)],
    }[kind]()
    return [
        Input((12, 12, 1)),
        *first,
        Flatten(),
        Dense(7, activation="relu"),
        Dense(3, activation="softmax"),
    ]


KINDS = ("relu and max", "tanh and mean", "strides", "3 x 3", "batch normalization", "means")
KINDS += ("without bias",)


def model_of(kind, eager=False, optimizer="adam"):
    utils.set_random_seed(3)
    model = Sequential(net(kind))
    model.compile(
        optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eager
    )
    return model


def batches(count, size=24):
    rng = np.random.default_rng(5)
    for _ in range(count):
        yield rng.random((size, 12, 12, 1), np.float32), rng.integers(0, 3, size)


def recordings(model):
    steps = model.objective.training_steps[0]
    return list(steps._kept.values()) if isinstance(steps, replay.RecordedSteps) else []


@pytest.fixture(params=[1, 2, 5])
def threads(request):
    set_num_threads(request.param)
    yield request.param
    set_num_threads(available_threads())


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(replay, "CALLS", 3)


def trained(model, count=12):
    utils.set_random_seed(9)
    results = [model.train_on_batch(x, y) for x, y in batches(count)]
    return results, [weight.tobytes() for weight in model.get_weights()]


@pytest.mark.parametrize("kind", KINDS)
def test_training_gives_the_same_bytes(kind, threads):
    # run_eagerly leaves layers unfused: so the reference is the very same plan, without recording.
    plain, recording = model_of(kind), model_of(kind)
    object.__setattr__(plain.objective, "training_steps", plain.objective.steps)
    assert trained(recording) == trained(plain)
    (one,) = recordings(recording)
    assert one is not None
    assert one._backward.program is not None


def test_dropout_is_not_recorded_and_draws_as_before():
    plain, recording = model_of("dropout"), model_of("dropout")
    object.__setattr__(plain.objective, "training_steps", plain.objective.steps)
    assert trained(recording) == trained(plain)
    assert recordings(recording) == [None]


def test_predictions_are_the_same_and_follow_the_weights(threads):
    for kind in (*KINDS, "dropout"):
        model = model_of(kind)
        x = next(batches(1))[0]
        expected = model.predict(x, verbose=0)
        for _ in range(6):
            np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
        (one,) = model._plans["predictor"][0]._kept.values()
        assert one is not None
        for weight in model.weights:
            before = weight.copy()
            weight *= np.float32(1.5)
            again = Sequential(net(kind))
            again.set_weights(model.get_weights())
            actual = model.predict(x, verbose=0)
            np.testing.assert_array_equal(actual, again.predict(x, verbose=0))
            weight[...] = before


def test_results_are_the_callers_own():
    model, x = model_of("relu and max"), next(batches(1))[0]
    results = [
        model.predict(x * scale, verbose=0) for scale in np.linspace(0, 1, 8, dtype=np.float32)
    ]
    once = [model.predict(x * scale, verbose=0) for scale in np.linspace(0, 1, 8, dtype=np.float32)]
    np.testing.assert_array_equal(results, once)


def test_a_new_activation_or_array_ends_a_recording():
    model, x = model_of("relu and max"), next(batches(1))[0]
    for _ in range(5):
        before = model.predict(x, verbose=0)
    model.layers[-2].activation = "tanh"
    assert not np.array_equal(model.predict(x, verbose=0), before)
    model.layers[-2].activation = "relu"
    for _ in range(5):
        model.predict(x, verbose=0)
    kernel = model.layers[0].params["kernel"]
    model.layers[0].params["kernel"] = np.zeros_like(kernel)
    assert not np.array_equal(model.predict(x, verbose=0), before)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_goes_through_and_leaves_nothing_behind(bad):
    model, x = model_of("relu and max"), next(batches(1))[0]
    good = [model.predict(x, verbose=0) for _ in range(6)][-1]
    spoilt = x.copy()
    spoilt[3, 5, 5] = bad
    with np.errstate(invalid="ignore"):
        y = model.predict(spoilt, verbose=0)
    assert np.isnan(y[3]).all()
    np.testing.assert_array_equal(np.delete(y, 3, axis=0), np.delete(good, 3, axis=0))
    np.testing.assert_array_equal(model.predict(x, verbose=0), good)


@pytest.mark.parametrize("size", [0, 1])
def test_a_batch_may_be_empty_or_of_one_sample(size):
    model = model_of("strides")
    x = next(batches(1))[0][:size]
    results = [model.predict_on_batch(x) for _ in range(9)]
    assert results[-1].shape == (size, 3)
    np.testing.assert_array_equal(results[0], results[-1])


def test_doubles_and_arrays_in_another_order_are_taken():
    model = Sequential([Dense(3, dtype="float64", input_shape=(8,))])
    x = np.asfortranarray(np.random.default_rng(1).random((5, 8)))
    expected = model.predict(x, verbose=0)
    for scale in (1, 2, 3, 4, 1):
        actual = model.predict(x * scale, verbose=0)
    assert actual.dtype == np.float64
    np.testing.assert_array_equal(actual, expected)


def test_an_interrupt_in_a_repetition_leaves_the_next_one_whole(monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    model, x = model_of("relu and max"), next(batches(1))[0]
    expected = [model.predict(x, verbose=0) for _ in range(6)][-1]
    monkeypatch.setattr(Call, "repeat", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.predict(x, verbose=0)
    monkeypatch.undo()
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    assert not model._plans["predictor"][0]._busy.locked()


class Counting(Layer):
    """Counts how often it ran: a repetition must not leave that out."""

    count = 0

    def forward(self, x, training, rng):
        type(self).count += 1
        return x, None

    def backward(self, dy, ctx, input_gradient=True):
        return dy, {}


def test_layers_of_somebody_elses_own_run_each_time():
    model = Sequential([Input((4,)), Dense(3), Counting()])
    x = np.ones((2, 4), np.float32)
    for _ in range(9):
        model.predict(x, verbose=0)
    assert Counting.count == 9


def test_what_is_too_large_or_of_many_sizes_is_not_recorded(monkeypatch):
    monkeypatch.setattr(replay, "MOST_BYTES", 10_000)
    model = model_of("relu and max")
    trained(model)
    assert recordings(model) == [None]
    monkeypatch.undo()
    monkeypatch.setattr(replay, "CALLS", 2)
    model = model_of("relu and max")
    for size in range(1, 9):
        for x, _ in batches(4, size):
            model.predict(x, verbose=0)
    kept = model._plans["predictor"][0]._kept
    assert len(kept) == replay.MOST


def test_copies_record_by_themselves():
    model = model_of("relu and max")
    trained(model)
    other = copy.deepcopy(model)
    assert recordings(other) == []
    assert trained(other) == trained(model)


def test_several_threads_predict_while_another_trains(threads):
    def predict():
        while not stop.is_set():
            for index, x in enumerate(xs):
                if not np.array_equal(frozen.predict(x, verbose=0), expected[index]):
                    wrong.append(index)

    frozen, model = model_of("strides"), model_of("strides")
    xs = [x for x, _ in batches(5)]
    expected, wrong, stop = [frozen.predict(x, verbose=0) for x in xs], [], threading.Event()
    others = [threading.Thread(target=predict) for _ in range(3)]
    for thread in others:
        thread.start()
    results = trained(model, 60)
    stop.set()
    for thread in others:
        thread.join()
    assert wrong == []
    assert results == trained(model_of("strides"), 60)


def test_something_between_the_kernels_that_is_not_recorded_is_noticed(monkeypatch):
    from tinycnn.ops.kernels import dense

    monkeypatch.setattr(dense, "pack_panels", dense.pack_panels.__wrapped__)
    model = model_of("strides")
    results = trained(model)
    (one,) = recordings(model)
    assert one._backward.program is None
    monkeypatch.undo()
    assert results == trained(model_of("strides"))


ENDS = {
    "LeakyReLU": lambda: [LeakyReLU(0.3)],
    "ELU": lambda: [ELU(0.3)],
    "ReLU": lambda: [ReLU(max_value=0.5)],
    "Rescaling": lambda: [Rescaling(0.5, 1)],
    "ZeroPadding2D": lambda: [Reshape((1, 1, 3)), ZeroPadding2D(), Flatten()],
    "Softmax": lambda: [Softmax()],
    "Reshape": lambda: [Reshape((3, 1)), Flatten()],
    "BatchNormalization": lambda: [BatchNormalization()],
    "Dropout": lambda: [Dropout(0.5)],
    "relu": lambda: [Activation("relu")],
    "gelu": lambda: [Activation("gelu")],
    "ReLU and Dense": lambda: [ReLU(max_value=6), Dense(2)],
    "nothing": lambda: [],
}


def ending_in(end, eager=False, optimizer="sgd", metrics=()):
    utils.set_random_seed(3)
    model = Sequential([Input((4,)), Dense(3), *ENDS[end]()])
    model.compile(optimizer, "mse", metrics=[*metrics], run_eagerly=eager)
    return model


def rows(count, n=6):
    rng = np.random.default_rng(7)
    for _ in range(count):
        yield rng.normal(size=(n, 4)).astype(np.float32)


@pytest.mark.parametrize("end", ENDS)
def test_a_net_may_end_in_any_layer(end):
    recorded, eager = ending_in(end), ending_in(end, eager=True)
    y = np.zeros((6, *recorded.output_shape[1:]), np.float32)
    for x in rows(3 * replay.CALLS):
        losses = [model.train_on_batch(x, y) for model in (recorded, eager)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5, abs=1e-7)
        one, other = recorded.predict_on_batch(x), eager.predict_on_batch(x)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf])
def test_a_batch_without_numbers_at_the_recording_spoils_nothing(bad):
    utils.set_random_seed(3)
    recorded = Sequential([Input((4,)), ReLU(max_value=6), Dense(2)])
    eager = copy.deepcopy(recorded)
    eager.predicted = lambda x: plan.forward(eager.steps(), x, False, None)[0]
    *before, good = rows(replay.CALLS)
    for x in [*before, np.full_like(good, bad), *[good] * (replay.CALLS + 2)]:
        one, other = recorded.predict_on_batch(x), eager.predict_on_batch(x)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


class Extrapolating(SGD):
    """Looks at the gradient of the step before."""

    def update(self, param, grad, slots):
        before = self.__dict__.setdefault("before", {}).get(id(param), grad)
        self.before[id(param)] = grad
        param -= np.float32(0.05) * (2 * grad - before)


class Keeping(Metric):
    """Keeps what it was shown."""

    seen = ()

    def call(self, y_true, y_pred):
        self.seen += (y_pred,)
        return 0.0


def test_own_code_may_keep_the_arrays_that_it_is_shown():
    found = []
    for eager in (False, True):
        own, kept = Keeping(), []
        metrics = [own, lambda y_true, y_pred, kept=kept: kept.append(y_pred) or 0.0]
        model = ending_in("nothing", eager, Extrapolating(), metrics)
        for x in rows(2 * replay.CALLS):
            model.train_on_batch(x, x[:, :3])
        assert len(kept) == len(own.seen) == 2 * replay.CALLS
        found.append([*model.get_weights(), *kept, *own.seen])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
