"""Samples that people really hand over: strange dtypes, layouts, shapes and batches.

What comes back is the right result or an error of our own, never a silently wrong number.
"""

import numpy as np
import pytest

from tests.support.marks import needs_kernels
from tests.support.pixel_nets import LABELS, PIXELS, pixel_net
from tinycnn import ops, utils
from tinycnn.layers import (
    AveragePooling2D,
    Conv2D,
    Dense,
    Flatten,
    MaxPooling2D,
)
from tinycnn.models.sequential import Sequential
from tinycnn.ops import reference
from tinycnn.optimizers import SGD

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def model():
    return pixel_net()


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
    first, second = pixel_net(), pixel_net()
    utils.set_random_seed(0)
    one = first.fit(x, LABELS, verbose=0, batch_size=4).history
    utils.set_random_seed(0)
    assert one == second.fit(PIXELS, LABELS, verbose=0, batch_size=4).history


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
    predicted = model.predict(x, verbose=0)
    assert predicted.tobytes() == np.repeat(predicted[:1], 5, axis=0).tobytes()


@pytest.mark.parametrize(
    "samples",
    [
        PIXELS + 0j,
        PIXELS.astype(object),
        PIXELS.astype(str),
        PIXELS.astype("datetime64[s]"),
        "text",
        {"x": 1},
        [[1, 2], [3]],
        np.ma.masked_equal(PIXELS, 0),
    ],
    ids=["complex", "object", "str", "time", "text", "dict", "ragged", "masked"],
)
@pytest.mark.parametrize("use", ["predict", "predict_on_batch", "activations", "fit", "evaluate"])
def test_samples_that_are_no_numbers(samples, use, model):
    labels = (LABELS,) if use in ("fit", "evaluate") else ()
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
    model = pixel_net(type(layer)(**layer.get_config()), Flatten(), shape=shape)
    x = RNG.normal(size=(samples, *shape))
    together = model.predict(x, verbose=0, batch_size=3)
    alone = [model.predict(x[place : place + 1], verbose=0)[0] for place in range(samples)]
    assert np.linalg.norm(together - alone) <= 1e-6 * np.linalg.norm(alone)
    if ops.implementation() is not reference:  # NumPy's sums do not promise the same bits
        assert together.tobytes() == np.array(alone).tobytes()


@pytest.mark.parametrize("batch_size", [1, 4, 6, 100])
def test_an_epoch_sees_every_sample_whatever_the_batch(batch_size):
    model = pixel_net(optimizer=SGD(0.0))
    history = model.fit(PIXELS, LABELS, batch_size=batch_size, verbose=0).history
    assert history["loss"] == pytest.approx(
        [model.evaluate(PIXELS, LABELS, verbose=0)[0]], rel=1e-6
    )


ONE = {  # the shape of the input, that of one sample, what to pass instead
    "picture": ((8, 8, 2), (8, 8, 2), r"pass x\[:1\], of the shape \(1, 8, 8, 2\)"),
    "gray": ((8, 8, 1), (8, 8, 1), r"pass x\[:1\], of the shape \(1, 8, 8, 1\)"),
    "gray, no channel": ((8, 8, 1), (8, 8), r"pass x\[:1\], of the shape \(1, 8, 8\)"),
    "numbers": ((4,), (4,), r"pass x\[:1\], of the shape \(1, 4\)"),
}


@pytest.mark.parametrize("case", ONE)
@pytest.mark.parametrize(
    "use", ["fit", "evaluate", "predict", "train_on_batch", "predict_on_batch"]
)
def test_one_sample_without_the_axis_of_samples_is_told_so(case, use):
    inputs, shape, words = ONE[case]
    model = pixel_net(Flatten(), shape=inputs)
    labels = () if "predict" in use else (LABELS[:1],)
    with pytest.raises(ValueError, match=f"{words}$") as caught:
        getattr(model, use)(np.zeros(shape), *labels)
    start = f"Samples must have the shape {(None, *inputs)}. Received: {shape}, which is one"
    assert str(caught.value).startswith(start)


def test_other_wrong_shapes_are_not_taken_for_one_sample(model):
    with pytest.raises(ValueError, match=r"Received: \(3, 8, 8\)$"):
        model.predict(np.zeros((3, 8, 8)))


def test_nothing_to_learn_from_is_refused(model):
    for use in (
        model.fit,
        model.evaluate,
        model.train_on_batch,
        model.test_on_batch,
        model.gradients,
    ):
        with pytest.raises(ValueError, match=r"There are no samples: x is empty\. Received: x of"):
            use(PIXELS[:0], LABELS[:0])
    with pytest.raises(
        ValueError, match=r"one label for each sample\. Received: 6 samples, .* \(5,\)"
    ):
        model.fit(PIXELS, LABELS[:5])


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_split_that_leaves_nothing_on_one_side(share, model):
    with pytest.raises(ValueError, match=f"validation_split={share} leaves no samples"):
        model.fit(PIXELS[:1], LABELS[:1], verbose=0, validation_split=share)


# --- labels ------------------------------------------------------------------------------------------


# --- extremes ----------------------------------------------------------------------------------------
