"""The face of Keras. Numbers of every kind, and data of every kind: taken alike, or refused in our words."""

import functools
import itertools
from fractions import Fraction

import numpy as np
import pytest

from tests.support.nets import ONE_HOT, X, Y, dense, same
from tests.support.peers import import_torch
from tinycnn import activations, initializers, losses, metrics, optimizers, utils
from tinycnn.callbacks import EarlyStopping
from tinycnn.layers import Conv2D, Dense, Dropout, Input, MaxPooling2D

# --- numbers -----------------------------------------------------------------------------------------


def fitted(**options):
    model = dense()
    model.fit(X, Y, **{"verbose": 0, "epochs": 2, **options})
    return [*model.get_weights(), np.array([*model.history.history.values()])]


def trained(**options):
    model = dense(**options)
    model.fit(X, Y, verbose=0)
    return model.get_weights()


WHOLE = {  # takes a whole number -> arrays that must not depend on its kind
    "epochs": (lambda n: fitted(epochs=n), 3),
    "initial_epoch": (lambda n: fitted(initial_epoch=n), 1),
    "batch_size": (lambda n: fitted(batch_size=n), 4),
    "validation_batch_size": (
        lambda n: fitted(validation_split=0.5, validation_batch_size=n),
        3,
    ),
    "validation_freq": (lambda n: fitted(validation_freq=n), 1),
    "verbose": (lambda n: fitted(verbose=n), 2),
    "verbose of predict": (lambda n: [dense().predict(X, verbose=n)], 0),
    "batch_size of predict": (lambda n: [dense().predict(X, batch_size=n, verbose=0)], 3),
    "batch_size of evaluate": (lambda n: [np.array(dense().evaluate(X, Y, n, 0))], 3),
    "index": (lambda n: dense().get_layer(index=n).get_weights(), 1),
    "units": (lambda n: [np.array(Dense(n).units)], 5),
    "filters": (lambda n: [np.array(Conv2D(n, 3).filters)], 5),
    "kernel_size": (lambda n: [np.array(Conv2D(2, (n, n)).kernel_size)], 5),
    "pool_size": (lambda n: [np.array(MaxPooling2D(n).pool_size)], 2),
    "shape": (lambda n: [np.array(Input((n, n, 1)).batch_shape[1:])], 5),
    "seed of Dropout": (lambda n: [np.array(Dropout(0.5, seed=n).seed)], 5),
    "seed of an initializer": (
        lambda n: [initializers.HeNormal(seed=n)((3, 4), "float32", np.random.default_rng())],
        5,
    ),
    "seed": (lambda n: [utils.set_random_seed(n) or utils.next_rng().random(3)], 5),
    "num_classes": (lambda n: [utils.to_categorical([0, 2], n)], 4),
    "patience": (lambda n: [np.array(EarlyStopping(patience=n).patience)], 4),
    "class_index": (lambda n: [dense().input_gradient(X, n)], 2),
}
REAL = {
    "validation_split": (lambda v: fitted(validation_split=v), 0.25),
    "learning_rate": (lambda v: trained(optimizer=optimizers.SGD(v)), 0.5),
    "momentum": (lambda v: trained(optimizer=optimizers.SGD(0.5, v)), 0.5),
    "rho": (lambda v: trained(optimizer=optimizers.Adadelta(rho=v)), 0.5),
    "beta_1": (lambda v: trained(optimizer=optimizers.Adam(beta_1=v)), 0.5),
    "epsilon": (lambda v: trained(optimizer=optimizers.Adam(epsilon=v)), 0.5),
    "label_smoothing": (
        lambda v: [losses.categorical_crossentropy(ONE_HOT, ONE_HOT, label_smoothing=v)],
        0.25,
    ),
    "rate": (lambda v: [np.array(Dropout(v).rate)], 0.25),
    "min_delta": (lambda v: [np.array(EarlyStopping(min_delta=v).min_delta)], 0.25),
    "value": (lambda v: [initializers.Constant(v)((2,), "float32", None)], 0.25),
}
INTEGERS = [np.int8, np.uint8, np.int64, np.uint64, functools.partial(np.array, dtype=np.int32)]
FLOATS = [
    np.float16,
    np.float32,
    np.float64,
    np.longdouble,
    functools.partial(np.array, dtype="f4"),
]


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_of_every_kind(name):
    use, value = WHOLE[name]
    wanted = use(value)
    for kind in INTEGERS:
        assert same(use(kind(value)), wanted)


@pytest.mark.parametrize("name", REAL)
def test_real_numbers_of_every_kind(name):
    use, value = REAL[name]
    wanted = use(value)
    for kind in (*FLOATS, Fraction):
        assert same(use(kind(value)), wanted)


NO_NUMBERS = {
    "text": "a",
    "none": None,
    "list": [1],
    "complex": 1j,
    "object": object(),
    "true": True,
}
NO_NUMBERS |= {
    "two": np.array([1, 1]),
    "text in an array": np.array("a"),
    "numpy's": np.bool_(True),
}
TAKEN = {  # what means something there, though it is no number
    "none": ("batch_size", "validation_batch_size", "seed of", "num_classes"),
    "list": ("validation_freq",),
    "true": ("verbose",),
    "numpy's": ("verbose",),
    "two": ("pool_size",),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
@pytest.mark.parametrize("name", [*WHOLE, *REAL])
def test_what_is_no_number_is_refused_with_its_name(name, kind):
    use, _ = {**WHOLE, **REAL}[name]
    if name.startswith(TAKEN.get(kind, ())):
        use(NO_NUMBERS[kind])
        return
    with pytest.raises((ValueError, TypeError)) as caught:
        use(NO_NUMBERS[kind])
    assert name.split()[0] in str(caught.value)


@pytest.mark.parametrize("weights", [X, [X, X], (X, 1), [X[0], X[1]]])
@pytest.mark.parametrize("option", ["sample_weight", "class_weight", "validation_freq"])
def test_arrays_of_another_shape_are_refused(option, weights):
    with pytest.raises(ValueError, match=option):
        dense().fit(X, Y, verbose=0, **{option: weights})


# --- data --------------------------------------------------------------------------------------------


class Frame:
    """What NumPy asks a DataFrame, a tensor of PyTorch, or any other array, for its numbers."""

    def __init__(self, values, error=None):
        self.values, self.error = np.asarray(values), error
        self.shape = self.values.shape

    def __array__(self, dtype=None, copy=None):
        if self.error is not None:
            raise self.error
        return self.values

    def __len__(self):
        return len(self.values)

    def __int__(self):
        return int(self.values)

    def __bool__(self):
        raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")


NEEDS_GRADIENT = RuntimeError(
    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
)
UNREADABLE = {
    "needs a gradient": (NEEDS_GRADIENT, r"requires grad. Use tensor\.detach\(\)\.numpy\(\)"),
    "on another device": (TypeError("can't convert cuda:0 device type tensor"), "cuda:0"),
    "not ready": (AttributeError("numpy"), "numpy"),
    "own kind": (type("GpuError", (Exception,), {})("no device"), "no device"),
}
USES = {
    "fit x": lambda bad: dense().fit(bad, Y, verbose=0),
    "fit y": lambda bad: dense().fit(X, bad, verbose=0),
    "validation x": lambda bad: dense().fit(X, Y, verbose=0, validation_data=(bad, Y)),
    "validation y": lambda bad: dense().fit(X, Y, verbose=0, validation_data=(X, bad)),
    "evaluate x": lambda bad: dense().evaluate(bad, Y, verbose=0),
    "evaluate y": lambda bad: dense().evaluate(X, bad, verbose=0),
    "predict": lambda bad: dense().predict(bad, verbose=0),
    "predict_on_batch": lambda bad: dense().predict_on_batch(bad),
    "train_on_batch": lambda bad: dense().train_on_batch(X, bad),
    "test_on_batch": lambda bad: dense().test_on_batch(X, bad),
    "activations": lambda bad: dense().activations(bad),
    "gradients": lambda bad: dense().gradients(bad, Y),
    "input_gradient": lambda bad: dense().input_gradient(X, bad),
    "weights of a model": lambda bad: dense().set_weights([bad, *dense().get_weights()[1:]]),
    "weights of a layer": lambda bad: dense().layers[0].set_weights([bad, np.zeros(5)]),
    "to_categorical": utils.to_categorical,
    "loss y_true": lambda bad: losses.categorical_crossentropy(bad, ONE_HOT),
    "loss y_pred": lambda bad: losses.categorical_crossentropy(ONE_HOT, bad),
    "sparse loss y_true": lambda bad: losses.sparse_categorical_crossentropy(bad, ONE_HOT),
    "metric y_true": lambda bad: metrics.accuracy(bad, ONE_HOT),
    "metric y_pred": lambda bad: metrics.categorical_accuracy(ONE_HOT, bad),
    "sparse metric": lambda bad: metrics.sparse_categorical_accuracy(bad, ONE_HOT),
    "activation": activations.relu,
}


@pytest.mark.parametrize(("use", "kind"), [*itertools.product(USES, UNREADABLE)])
def test_data_that_cannot_be_read_are_refused_in_words(use, kind):
    error, words = UNREADABLE[kind]
    with pytest.raises(ValueError, match=f"must be an array: .*{words}.* Received: Frame"):
        USES[use](Frame(X, error))


@pytest.mark.parametrize("use", USES)
def test_lists_of_data_that_cannot_be_read_are_refused_in_words(use):
    with pytest.raises(ValueError, match=r"must be an array: .*requires grad"):
        USES[use]([Frame(row, NEEDS_GRADIENT) for row in X])


MASKED = np.ma.masked_array(X, X > 0.5)
HIDDEN = {
    "alone": MASKED,
    "in a list": [*MASKED],
    "in a tuple": tuple(MASKED),
    "one of many": [*X[:-1], MASKED[-1]],
    "in lists of lists": [[*row] for row in MASKED],
    "the constant": [[1.0, 2.0, 3.0, np.ma.masked]] * 10,
}


@pytest.mark.parametrize(("use", "place"), [*itertools.product(USES, HIDDEN)])
def test_masked_values_are_refused_wherever_they_are(use, place):
    with pytest.raises(ValueError, match=r"must not have masked values: .*\.filled"):
        USES[use](HIDDEN[place])


def test_arrays_that_mask_nothing_are_arrays():
    unmasked = np.ma.masked_array(X, np.zeros(X.shape, bool))
    wanted = dense().predict(X, verbose=0)
    for x in (unmasked, [*unmasked]):
        assert same([dense().predict(x, verbose=0)], [wanted])


@pytest.mark.parametrize(
    "kind", [list, tuple, Frame, lambda a: a.tolist(), lambda a: [Frame(row) for row in a]]
)
def test_whatever_turns_into_an_array_is_one(kind):
    model = dense()
    model.fit(kind(X), kind(Y), verbose=0, validation_data=(kind(X), kind(Y)))
    other = dense()
    other.fit(X, Y, verbose=0, validation_data=(X, Y))
    assert same(model.get_weights(), other.get_weights())
    assert model.evaluate(kind(X), kind(Y), verbose=0) == other.evaluate(X, Y, verbose=0)


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="must be an array"):
        dense().predict(endless, verbose=0)


def test_no_room_on_the_stack_is_no_fault_of_the_data():
    class Deep:
        def __array__(self, dtype=None, copy=None):
            return self.__array__()

    with pytest.raises(RecursionError):
        dense().predict(Deep(), verbose=0)


def test_tensors_of_pytorch():
    torch = import_torch()
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    for kind in (lambda t: t, list):
        assert same([dense().predict(kind(x), verbose=0)], [dense().predict(X, verbose=0)])
        model = dense()
        model.fit(kind(x), kind(y), verbose=0)
        other = dense()
        other.fit(X, Y, verbose=0)
        assert same(model.get_weights(), other.get_weights())
    needy = x.clone().requires_grad_()
    for use in USES.values():
        for bad in (needy, list(needy), [list(row) for row in needy]):
            with pytest.raises(ValueError, match=r"must be an array: .*requires grad"):
                use(bad)
    with pytest.raises(ValueError, match="sample_weight"):
        dense().fit(x, y, verbose=0, sample_weight=torch.ones(9))
