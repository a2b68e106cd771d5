"""Numbers and arrays that people really hand over: strange shapes, dtypes, memory layouts, extremes, NaN.

What comes back is the right result or an error of our own, never a silently wrong number.
"""

import os
import re

import numpy as np
import pytest

from tests.support.marks import needs_kernels
from tinycnn import losses, metrics, ops, utils
from tinycnn.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
)
from tinycnn.models.sequential import Sequential
from tinycnn.ops import reference
from tinycnn.optimizers import SGD, Adadelta, Adam

RNG = np.random.default_rng(4)
PIXELS = RNG.integers(0, 2, (6, 8, 8, 2))  # whole numbers that every dtype holds
Y = np.arange(6) % 3
NONE = ((0, 0), (0, 0))


def net(*layers, loss="sparse_categorical_crossentropy", optimizer="sgd", shape=(8, 8, 2)):
    utils.set_random_seed(2)
    kinds = layers or (Conv2D(4, 3, activation="relu"), MaxPooling2D(), Flatten())
    model = Sequential([Input(shape), *kinds, Dense(3, activation="softmax")])
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def model():
    return net()


@pytest.fixture(scope="module")
def usual(model):
    return model.predict(PIXELS.astype(np.float32), verbose=0)


# --- dtypes and layouts ------------------------------------------------------------------------------

DTYPES = ("f4", "f8", "f2", "longdouble", "i1", "u1", "i8", "u8", "?", ">f4", ">f8", ">i4", "<u2")
LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "negative strides": lambda x: np.ascontiguousarray(x[::-1, ::-1, :, ::-1])[::-1, ::-1, :, ::-1],
    "every second": lambda x: np.repeat(x, 2, axis=0)[::2],
    "axes exchanged": lambda x: np.ascontiguousarray(x.transpose(3, 1, 2, 0)).transpose(3, 1, 2, 0),
    "a list": lambda x: x.tolist(),
    "a tuple of arrays": tuple,
    "a masked array without a mask": np.ma.asarray,
    "not aligned": lambda x: unaligned(x),
    "read-only": lambda x: read_only(x),
}


def unaligned(x):
    copy = np.ndarray(x.shape, x.dtype, bytearray(x.nbytes + 1), offset=1)
    copy[...] = x
    return copy


def read_only(x):
    copy = x.copy()
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_of_real_numbers(dtype, model, usual):
    x = PIXELS.astype(dtype)
    before = x.tobytes()
    assert model.predict(x, verbose=0).tobytes() == usual.tobytes()
    assert x.tobytes() == before


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_in_memory(layout, model, usual):
    x = LAYOUTS[layout](PIXELS.astype(np.float32))
    assert model.predict(x, verbose=0).tobytes() == usual.tobytes()
    first, second = net(), net()
    utils.set_random_seed(0)
    one = first.fit(x, Y, verbose=0, batch_size=4).history
    utils.set_random_seed(0)
    assert one == second.fit(PIXELS, Y, verbose=0, batch_size=4).history


def test_a_read_only_array_does_not_make_the_kernels_compile_once_more(model):
    batch = model.as_batch(read_only(PIXELS.astype(np.float32)))
    assert (batch.flags.writeable, batch.flags.c_contiguous, batch.dtype) == (
        True,
        True,
        np.float32,
    )


@needs_kernels
def test_a_broadcast_view(model):
    x = np.broadcast_to(PIXELS[:1].astype(np.float32), (5, 8, 8, 2))
    found = model.predict(x, verbose=0)
    assert found.tobytes() == np.repeat(found[:1], 5, axis=0).tobytes()


@pytest.mark.parametrize(
    "samples",
    [
        PIXELS + 0j,
        PIXELS.astype(object),
        PIXELS.astype(str),
        PIXELS.astype("datetime64[s]"),
        None,
        "text",
        {"x": 1},
        [[1, 2], [3]],
        np.ma.masked_equal(PIXELS, 0),
    ],
    ids=["complex", "object", "str", "time", "None", "text", "dict", "ragged", "masked"],
)
@pytest.mark.parametrize("use", ["predict", "predict_on_batch", "activations", "fit", "evaluate"])
def test_samples_that_are_no_numbers(samples, use, model):
    labels = (Y,) if use in ("fit", "evaluate") else ()
    with pytest.raises(ValueError, match=r"Samples must (be numbers|be an array|not have masked)"):
        getattr(model, use)(samples, *labels)


@pytest.mark.parametrize(
    "shape", [(), (8,), (8, 8), (8, 8, 2), (1, 8, 2, 8), (1, 8, 8, 2, 1), (1, 7, 8, 2)]
)
def test_samples_of_another_shape(shape, model):
    for use in (model.predict, model.predict_on_batch, model.activations):
        with pytest.raises(ValueError, match=r"Samples must have the shape \(None, 8, 8, 2\)"):
            use(np.zeros(shape))


def test_a_shape_that_does_not_fit_leaves_a_model_that_can_be_used():
    model = Sequential([Conv2D(2, 3), Flatten(), Dense(3, activation="softmax")])
    with pytest.raises(ValueError, match="does not fit"):
        model.predict(np.zeros((1, 2, 2, 1)), verbose=0)
    assert model.predict(np.zeros((1, 5, 5, 1)), verbose=0).shape == (1, 3)


# --- batches and windows -----------------------------------------------------------------------------

GEOMETRIES = [
    (Conv2D(2, 3, strides=5), (7, 7, 1)),
    (Conv2D(2, 2, strides=9), (4, 4, 3)),
    (Conv2D(2, 5, padding="same"), (2, 3, 1)),
    (Conv2D(2, 7, strides=3, padding="same"), (2, 2, 1)),
    (MaxPooling2D(2, strides=5, padding="same"), (3, 3, 2)),
    (MaxPooling2D(5, strides=1, padding="same"), (2, 3, 2)),
    (AveragePooling2D(5, strides=1, padding="same"), (2, 3, 2)),
    (AveragePooling2D(3, strides=7), (4, 4, 1)),
]


@pytest.mark.parametrize(("layer", "shape"), GEOMETRIES, ids=lambda v: str(v).split(" ")[0])
@pytest.mark.parametrize("samples", [1, 5])
def test_every_sample_is_computed_as_if_alone(layer, shape, samples):
    model = net(type(layer)(**layer.get_config()), Flatten(), shape=shape)
    x = RNG.normal(size=(samples, *shape))
    together = model.predict(x, verbose=0, batch_size=3)
    alone = [model.predict(x[place : place + 1], verbose=0)[0] for place in range(samples)]
    assert np.linalg.norm(together - alone) <= 1e-6 * np.linalg.norm(alone)
    if ops.implementation() is not reference:  # NumPy's sums do not promise the same bits
        assert together.tobytes() == np.array(alone).tobytes()


@pytest.mark.parametrize("batch_size", [1, 4, 6, 100])
def test_an_epoch_sees_every_sample_whatever_the_batch(batch_size):
    model = net(optimizer=SGD(0.0))
    history = model.fit(PIXELS, Y, batch_size=batch_size, verbose=0).history
    assert history["loss"] == pytest.approx([model.evaluate(PIXELS, Y, verbose=0)[0]], rel=1e-6)


def test_nothing_to_learn_from_is_refused(model):
    for use in (
        model.fit,
        model.evaluate,
        model.train_on_batch,
        model.test_on_batch,
        model.gradients,
    ):
        with pytest.raises(ValueError, match=r"as many samples, at least 1. Received: 0"):
            use(PIXELS[:0], Y[:0])
    with pytest.raises(ValueError, match=r"as many samples, at least 1. Received: 6, \(5,\)"):
        model.fit(PIXELS, Y[:5])


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_split_that_leaves_nothing_on_one_side(share, model):
    with pytest.raises(ValueError, match=f"validation_split={share} leaves no samples"):
        model.fit(PIXELS[:1], Y[:1], verbose=0, validation_split=share)


@pytest.mark.parametrize(
    ("x", "kernel", "bias", "words"),
    [
        ((1, 4, 4, 2), (3, 3, 3, 1), 1, "kernel must have the shape (None, None, 2, None)"),
        ((1, 4, 4, 2), (3, 3, 2, 1), 2, "bias must have the shape (1,)"),
        ((4, 4, 2), (3, 3, 2, 1), 1, "x must have the shape"),
        ((1, 2, 4, 2), (3, 3, 2, 1), 1, "does not fit"),
    ],
)
def test_the_door_to_the_kernels_is_guarded(x, kernel, bias, words):
    arrays = [np.zeros(shape, np.float32) for shape in (x, kernel, bias)]
    with pytest.raises(ValueError, match=re.escape(words)):
        ops.conv2d_forward(*arrays, (1, 1), NONE)


@pytest.mark.parametrize("dtype", ["f2", "i4", ">f4", "c8", "O"])
def test_only_two_dtypes_pass_the_door(dtype):
    with pytest.raises(ValueError, match="x must be an array of float32 or float64"):
        ops.relu_forward(np.zeros(3, dtype))


def test_two_dtypes_do_not_pass_the_door_together():
    with pytest.raises(ValueError, match=r"kernel must be an array of float32\. Received: float64"):
        ops.dense_forward(np.zeros((1, 2), np.float32), np.zeros((2, 3)), np.zeros(3))


def test_what_is_changed_in_place_must_be_one_block():
    param = np.arange(16, dtype=np.float32).reshape(4, 4)
    with pytest.raises(ValueError, match="param must be C-contiguous"):
        ops.sgd_update(param.T, param.copy(), param.copy(), 0.5, 0.0, False)
    with pytest.raises(ValueError, match="velocity must be C-contiguous"):
        ops.sgd_update(param, param.copy(), param.copy().T, 0.5, 0.0, False)
    wanted = param - 0.5 * param.T
    ops.sgd_update(param, param.T, param.copy(), 0.5, 0.0, False)  # the gradient is only read
    np.testing.assert_array_equal(param, wanted)


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", None, True])
def test_a_number_of_threads_that_is_none(count):
    with pytest.raises(ValueError, match=f"Received: {count!r}"):
        ops.set_num_threads(count)


# --- labels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        Y + 1,
        Y - 1,
        Y + 0.5,
        Y * np.nan,
        np.full(6, np.inf),
        np.full(6, 2**40),
        np.full(6, 255, "u1"),
    ],
)
def test_a_class_that_is_not_there(labels, model):
    before = model.get_weights()
    for use in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(
            ValueError, match=r"Labels must be whole numbers from 0 to 2\. Received"
        ):
            use(PIXELS, labels)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    "labels", [Y.astype(str), Y + 0j, Y.astype(object), None, "012012", np.ma.masked_equal(Y, 1)]
)
def test_labels_that_are_no_numbers(labels, model):
    with pytest.raises(ValueError, match=r"Labels must (be numbers|not have masked)"):
        model.fit(PIXELS, labels)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i8", "f4", ">i2", "f2"])
def test_class_numbers_of_every_dtype(dtype, model):
    found = model.evaluate(PIXELS, Y.astype(dtype), verbose=0)
    assert found == model.evaluate(PIXELS, Y, verbose=0)


def test_one_hot_labels_and_class_numbers_are_not_mixed_up(model):
    one_hot = np.eye(3)[Y]
    with pytest.raises(ValueError, match="One-hot labels go with categorical_crossentropy"):
        model.fit(PIXELS, one_hot)
    other = net(loss="categorical_crossentropy")
    for labels in (Y, Y[:, None], np.eye(4)[Y], np.eye(2)[Y % 2]):
        with pytest.raises(ValueError, match="One-hot labels go with categorical_crossentropy"):
            other.fit(PIXELS, labels)


@pytest.mark.parametrize("spoil", [-1, np.nan, np.inf, 0])
def test_one_hot_labels_that_are_no_probabilities(spoil):
    labels = np.eye(3)[Y]
    labels[2] = spoil
    with pytest.raises(ValueError, match="y_true must be probabilities"):
        net(loss="categorical_crossentropy").fit(PIXELS, labels)


def test_one_hot_labels_weigh_as_much_as_they_sum_to():
    model = net(loss="categorical_crossentropy")
    plain = model.evaluate(PIXELS, np.eye(3)[Y], verbose=0)
    five_times = model.evaluate(PIXELS, 5 * np.eye(3)[Y], verbose=0)
    assert five_times == pytest.approx([5 * plain[0], plain[1]])
    assert model.evaluate(PIXELS, np.eye(3, dtype=bool)[Y], verbose=0) == pytest.approx(plain)


def test_a_metric_takes_only_its_own_labels():
    y_pred = np.eye(3)[[0, 1, 1]]
    assert metrics.categorical_accuracy(np.eye(3), y_pred).tolist() == [1, 1, 0]
    assert metrics.sparse_categorical_accuracy([0, 1, 2], y_pred).tolist() == [1, 1, 0]
    assert metrics.sparse_categorical_accuracy([[0], [1], [2]], y_pred).tolist() == [1, 1, 0]
    with pytest.raises(ValueError, match="categorical_accuracy takes one-hot labels"):
        metrics.categorical_accuracy([0, 1, 2], y_pred)
    with pytest.raises(ValueError, match="sparse_categorical_accuracy takes class numbers"):
        metrics.sparse_categorical_accuracy(np.eye(3), y_pred)


def test_the_other_metric_for_the_loss_is_refused_and_not_wrong():
    utils.set_random_seed(1)
    model = Sequential([Input((4,)), Dense(3, activation="softmax")])
    x, y = np.zeros((3, 4)), np.arange(3)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["categorical_accuracy"])
    with pytest.raises(ValueError, match="one-hot labels"):
        model.evaluate(x, y, verbose=0)
    model.compile("sgd", "categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    with pytest.raises(ValueError, match="class numbers"):
        model.evaluate(x, np.eye(3), verbose=0)


# --- extremes ----------------------------------------------------------------------------------------


def scores_of(*rows):
    return np.float32(rows)


@pytest.mark.parametrize("size", [1e4, 1e30, 3e38])
def test_large_logits_stay_finite(size):
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loss([0], scores_of([size, 0, 0])) == 0
    assert loss([1], scores_of([size, 0, 0])) == pytest.approx(size, rel=1e-6)
    model = Sequential([Input((3,)), Dense(3, activation="softmax")])
    model.compile(SGD(1.0), "sparse_categorical_crossentropy")
    model.set_weights([size * np.eye(3), np.zeros(3)])
    grads = model.gradients(scores_of([1, 0, 0]), [1])
    np.testing.assert_array_equal(grads["dense/bias"], [1, -1, 0])
    np.testing.assert_array_equal(model.predict(np.eye(3), verbose=0), np.eye(3))


def test_an_impossible_class_costs_nothing_unless_it_is_the_true_one():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loss([0], scores_of([0, -np.inf])) == 0
    assert loss([1], scores_of([0, -np.inf])) == np.inf


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_nan_in_a_prediction_is_a_nan_in_the_loss(from_logits):
    for row in ([np.nan, 0.5, 0.5], [0.5, np.nan, 0.5]):
        assert np.isnan(losses.SparseCategoricalCrossentropy(from_logits)([0], scores_of(row)))


def test_a_nan_pixel_is_a_nan_in_its_own_sample_only(model, usual):
    x = PIXELS.astype(np.float32)
    x[3, 4, 4, 0] = np.nan
    found = model.predict(x, verbose=0)
    assert np.isnan(found[3]).all()
    good = [0, 1, 2, 4, 5]
    assert found[good].tobytes() == usual[good].tobytes()
    with pytest.warns(UserWarning, match=r"x\[3\] holds NaN"):
        assert np.isnan(model.evaluate(x, Y, verbose=0)[0])


@pytest.mark.parametrize("pool", [MaxPooling2D, AveragePooling2D])
def test_pooling_hands_a_nan_on(pool):
    x = np.zeros((1, 4, 4, 1), np.float32)
    x[0, 1, 1] = np.nan
    layer = pool()
    layer.build(x.shape, None)
    y, _ = layer.forward(x, False, None)
    assert np.isnan(y[0, :, :, 0]).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_pixels_never_look_like_an_answer(value, model):
    with np.errstate(invalid="ignore"):
        found = model.predict(np.full((2, 8, 8, 2), value), verbose=0)
    assert np.isnan(found).any(axis=1).all()


def test_windows_of_equal_numbers_have_one_winner():
    x, layer = np.full((2, 6, 6, 3), 7, np.float32), MaxPooling2D(3, strides=1)
    layer.build(x.shape, None)
    y, ctx = layer.forward(x, True, None)
    dx, _ = layer.backward(np.ones_like(y), ctx)
    assert dx.sum() == y.size
    assert np.count_nonzero(dx) == y.size  # the first of each window, so each pixel wins once


def test_black_pictures_still_move_the_bias():
    model = net()
    grads = model.gradients(np.zeros((6, 8, 8, 2)), np.zeros(6))
    assert not grads["conv2d/kernel"].any()
    np.testing.assert_allclose(grads["dense/bias"], [1 / 3 - 1, 1 / 3, 1 / 3], rtol=1e-6)
    assert all(np.isfinite(grad).all() for grad in grads.values())


@pytest.mark.parametrize("optimizer", [SGD, Adadelta, Adam])
def test_dead_units_stay_where_they_are(optimizer):
    model = net(optimizer=optimizer())
    kernel, bias, *others = model.get_weights()
    model.set_weights([kernel, np.full_like(bias, -100), *others])
    model.fit(PIXELS, Y, verbose=0, epochs=3)
    found = model.get_weights()
    np.testing.assert_array_equal(found[0], kernel)
    np.testing.assert_array_equal(found[1], -100)
    assert all(np.isfinite(weight).all() for weight in found)


@pytest.mark.parametrize("optimizer", [SGD, Adadelta, Adam])
def test_a_learning_rate_of_nothing_changes_nothing(optimizer):
    model = net(Dropout(0.5), Flatten(), optimizer=optimizer(0.0))
    before = model.get_weights()
    model.fit(PIXELS, Y, verbose=0, epochs=2)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("optimizer", [SGD, Adadelta, Adam])
def test_a_learning_rate_that_is_far_too_large_shows_in_the_loss(optimizer):
    model = net(optimizer=optimizer(1e30))
    with pytest.warns(UserWarning, match="diverged"):
        history = model.fit(PIXELS, Y, verbose=0, epochs=4).history["loss"]
    assert np.isfinite(history[0])
    assert not np.isfinite(history[-1]) or history[-1] > 1e6


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(-1), "learning_rate=-1"),
        (lambda: SGD(float("nan")), "learning_rate=nan"),
        (lambda: SGD(float("inf")), "learning_rate=inf"),
        (lambda: SGD("fast"), "learning_rate='fast'"),
        (lambda: SGD(momentum=1.1), "momentum=1.1"),
        (lambda: Adadelta(rho=1), "rho=1"),
        (lambda: Adadelta(rho=1.1), "rho=1.1"),
        (lambda: Adadelta(epsilon=0), "epsilon=0"),
        (lambda: Adam(beta_1=1), "beta_1=1"),
        (lambda: Adam(epsilon=-1e-7), "epsilon=-1e-07"),
    ],
)
def test_an_impossible_setting_is_named_with_its_value(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_the_learning_rate_is_checked_when_it_is_set_later():
    optimizer = SGD(0.1)
    with pytest.raises(ValueError, match="learning_rate=nan"):
        optimizer.learning_rate = float("nan")
    assert optimizer.learning_rate == 0.1


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_same_input_twice_gives_the_same_bytes(threads, model):
    x = np.repeat(PIXELS, 2000, axis=0)  # enough work to be shared
    before = model.predict(x, batch_size=len(x), verbose=0).tobytes()
    ops.set_num_threads(threads)
    try:
        for _ in range(2):
            assert model.predict(x, batch_size=len(x), verbose=0).tobytes() == before
    finally:
        ops.set_num_threads(os.cpu_count() or 1)


@needs_kernels
def test_an_overflow_into_float32_warns_and_is_not_hidden(model):
    with pytest.warns(RuntimeWarning, match="overflow"):
        found = model.predict(np.full((1, 8, 8, 2), 1e300), verbose=0)
    assert np.isnan(found).any()
