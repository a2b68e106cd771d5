"""Where batches come from: every kind of data trains alike, and what runs out is told."""

import itertools

import numpy as np
import pytest

from tests.support.nets import IMAGES, X, Y, conv, dense, same
from tinycnn import utils
from tinycnn.callbacks import LambdaCallback
from tinycnn.layers import Dense
from tinycnn.models import Sequential, data

PARTS = [slice(start, start + 4) for start in range(0, 10, 4)]  # 3 batches: 4, 4 and 2 samples
WEIGHTS = np.linspace(0, 2, 10)


class Batches(utils.PyDataset):
    """The batches of X and Y in order; notes what is asked of it."""

    def __init__(self, weighted=False):
        super().__init__(workers=2)
        self.weighted, self.calls = weighted, []

    def __len__(self):
        return len(PARTS)

    def __getitem__(self, index):
        self.calls.append(index)
        part = PARTS[index]
        return (X[part], Y[part], WEIGHTS[part]) if self.weighted else (X[part], Y[part])

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


class Older:
    """As `Batches`, without a base class."""

    def __len__(self):
        return len(PARTS)

    def __getitem__(self, index):
        return X[PARTS[index]], Y[PARTS[index]]


class Tensor:
    """An array of another library."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


class Loader:
    """What can be iterated again and again, over lists of tensors; with and without a length."""

    def __iter__(self):
        return ([Tensor(X[part]), Tensor(Y[part])] for part in PARTS)


class Sized(Loader):
    def __len__(self):
        return 3


def with_length(length):
    """Return batches by index whose `__len__` is this function; None: there is none."""
    methods = {"__getitem__": lambda self, index: (X, Y)}
    methods |= {} if length is None else {"__len__": lambda self: length()}
    return type("Own", (utils.PyDataset,), methods)()


def endless():
    return ((X[part], Y[part]) for part in itertools.cycle(PARTS))


def fitted(x, y=None, **options):
    model = dense()
    options = {"epochs": 3, "verbose": 0, "shuffle": False, **options}
    model.fit(x, y, **options)
    return [*model.get_weights(), np.array([*model.history.history.values()])]


WANTED = fitted(X, Y, batch_size=4)
KINDS = {
    "PyDataset": (Batches, {}),
    "older": (Older, {}),
    "loader": (Loader, {}),
    "sized loader": (Sized, {}),
    "generator": (endless, {"steps_per_epoch": 3}),
    "batches of lists": (
        lambda: ([X[p].tolist(), Y[p].tolist()] for p in PARTS * 3),
        {"steps_per_epoch": 3},
    ),
    "arrays": (lambda: X, {"y": Y, "batch_size": 4, "steps_per_epoch": 3}),
    "arrays, batch_size by steps": (lambda: X, {"y": Y, "batch_size": None, "steps_per_epoch": 3}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data_trains_alike(kind):
    make, options = KINDS[kind]
    assert same(fitted(make(), **options), WANTED)


@pytest.mark.parametrize("kind", ["PyDataset", "older", "loader", "generator"])
def test_every_kind_of_data_evaluates_and_predicts_alike(kind):
    make, options = KINDS[kind]
    model, steps = dense(), options.get("steps_per_epoch")
    wanted = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(make(), steps=steps, verbose=0) == pytest.approx(wanted, rel=1e-6)
    outputs = model.predict(X, batch_size=4, verbose=0)
    assert same([model.predict(make(), steps=steps, verbose=0)], [outputs])
    alone = (batch[0] for batch in make())
    alone = itertools.islice(alone, steps)
    assert same([model.predict(alone, verbose=0)], [outputs])
    held = {"validation_data": make(), "validation_steps": steps, "batch_size": 4}
    assert fitted(X, Y, **held)[-1].ravel() == pytest.approx(
        fitted(X, Y, batch_size=4, validation_data=(X, Y))[-1].ravel(), rel=1e-6
    )


def test_batches_bring_their_weights():
    wanted = fitted(X, Y, batch_size=4, sample_weight=WEIGHTS)
    assert same(fitted(Batches(weighted=True)), wanted)
    assert same(
        fitted(X, Y, batch_size=4, class_weight={1: 3.0}), fitted(Batches(), class_weight={1: 3.0})
    )
    model = dense()
    assert model.evaluate(Batches(weighted=True), verbose=0) == pytest.approx(
        model.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0), rel=1e-6
    )
    with pytest.raises(ValueError, match="cannot both be given"):
        fitted(Batches(weighted=True), class_weight={1: 3.0})


def test_a_data_set_is_asked_in_a_new_order_every_epoch_from_the_seed():
    def orders():
        batches = Batches()
        fitted(batches, shuffle=True, epochs=6)
        return [call for call in batches.calls if call not in ("begin", "end")]

    first = orders()
    epochs = [tuple(first[start : start + 3]) for start in range(0, 18, 3)]
    assert {*map(frozenset, epochs)} == {frozenset({0, 1, 2})}
    assert len({*epochs}) > 1
    assert orders() == first


def test_a_data_set_is_told_of_every_epoch():
    """Also once before the first, as in Keras: a data set that shuffles itself gives the same batches."""
    batches = Batches()
    fitted(batches, epochs=2)
    assert batches.calls == ["end", *["begin", 0, 1, 2, "end"] * 2]


def test_steps_go_on_where_the_last_epoch_stopped():
    batches = Batches()
    with pytest.warns(UserWarning, match="The data ended after 1 of 2 batches"):
        fitted(batches, steps_per_epoch=2, epochs=3)
    assert [call for call in batches.calls if call not in ("begin", "end")] == [0, 1, 2, 0, 1]


def test_a_generator_that_ends_early_ends_the_training():
    epochs = []
    note = LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch))
    batches = itertools.islice(endless(), 5)
    with pytest.warns(UserWarning, match="ended after 2 of 3 batches") as said:
        fitted(batches, steps_per_epoch=3, epochs=4, callbacks=[note])
    assert (epochs, len(said)) == ([0, 1], 1)


@pytest.mark.parametrize("steps", [None, 3])
def test_a_generator_that_ends_with_an_epoch_ends_the_training(steps):
    model = dense()
    with pytest.warns(UserWarning, match="All batches of the data were taken"):
        model.fit(itertools.islice(endless(), 3), steps_per_epoch=steps, epochs=4, verbose=0)
    assert model.history.epoch == [0]


def test_a_generator_for_one_epoch_is_enough_for_one_epoch():
    """Without a warning."""
    assert len(fitted(itertools.islice(endless(), 3), epochs=1)[-1]) == 2


def test_validation_ends_with_its_generator():
    model = dense()
    with pytest.warns(UserWarning, match="All batches of the data were taken"):
        model.fit(X, Y, epochs=3, verbose=0, validation_data=itertools.islice(endless(), 3))
    lengths = {name: len(values) for name, values in model.history.history.items()}
    assert lengths == {"accuracy": 3, "loss": 3, "val_accuracy": 1, "val_loss": 1}


@pytest.mark.parametrize(("freq", "epochs"), [(1, 5), (2, 2), (3, 1), ([1, 5], 2), ((2,), 1)])
def test_validation_runs_after_the_epochs_that_are_told(freq, epochs):
    runs = []
    note = LambdaCallback(on_test_end=lambda logs: runs.append(logs["loss"]))
    options = {"validation_data": (X, Y), "validation_freq": freq}
    fitted_with = dense().fit(X, Y, epochs=5, verbose=0, callbacks=[note], **options)
    assert fitted_with.history["val_loss"] == runs
    assert len(runs) == epochs


def test_validation_steps_take_the_first_batches_every_time():
    history = dense(optimizer="sgd")
    history.optimizer.learning_rate = 0.0
    options = {"validation_data": (X, Y), "validation_steps": 2, "validation_batch_size": 3}
    values = history.fit(X, Y, epochs=3, verbose=0, **options).history["val_loss"]
    wanted = history.evaluate(X[:6], Y[:6], verbose=0)[0]
    assert values == pytest.approx([wanted] * 3)
    assert history.evaluate(X, Y, batch_size=3, steps=2, verbose=0)[0] == pytest.approx(wanted)
    assert len(history.predict(X, batch_size=3, steps=2, verbose=0)) == 6
    assert len(history.predict(X, steps=2, verbose=0)) == 10  # as many as fit in 2 batches: all


def test_a_model_without_a_shape_is_built_by_the_first_batch():
    for use in ("fit", "evaluate", "predict"):
        model = Sequential([Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        batches = iter([(X[part], Y[part]) for part in PARTS])
        got = getattr(model, use)(batches, verbose=0)
        assert model.input_shape == (None, 4)
        assert use != "predict" or got.shape == (10, 3)


def test_one_batch_at_a_time_is_asked_for():
    asked, trained = [], []

    def batches():
        for part in PARTS:
            asked.append(len(trained))
            yield X[part], Y[part]

    note = LambdaCallback(on_train_batch_end=lambda batch, logs: trained.append(batch))
    dense().fit(batches(), verbose=0, callbacks=[note])
    assert asked == [0, 1, 2]


def test_gray_pictures_in_batches_need_no_axis_for_their_channel():
    model = conv()
    pictures = ((IMAGES[part][..., 0], Y[part]) for part in PARTS)
    assert model.evaluate(pictures, verbose=0) == pytest.approx(
        model.evaluate(IMAGES, Y, verbose=0), rel=1e-6
    )


class WithoutEnd(utils.PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return X, Y


class Empty(Older):
    def __len__(self):
        return 0


REFUSED = {
    "no labels": (lambda m: m.fit(X), "There are no labels: pass x and y"),
    "nothing": (lambda m: m.fit(), "There are no samples"),
    "no labels to evaluate": (lambda m: m.evaluate(X), "There are no labels"),
    "batches without labels": (lambda m: m.fit(iter([X])), "There are no labels"),
    "four parts": (lambda m: m.fit(iter([(X, Y, Y, Y)])), r"must be x, \(x, y\) or .*a tuple of 4"),
    "labels twice": (lambda m: m.fit(endless(), Y), "y must be None .* this generator"),
    "weights twice": (
        lambda m: m.fit(endless(), sample_weight=Y),
        r"sample_weight must be None .* \(x, y, sample_weight\)",
    ),
    "split": (lambda m: m.fit(endless(), validation_split=0.5), "pass validation_data"),
    "no end": (lambda m: m.fit(WithoutEnd()), "WithoutEnd has no end: .* steps_per_epoch"),
    "a circle": (lambda m: m.fit(itertools.cycle([(X, Y)])), "The cycle has no end"),
    "empty": (lambda m: m.fit(Empty()), "Empty has no batches"),
    "empty generator": (lambda m: m.fit(iter([])), "gave no batch"),
    "empty generator to evaluate": (lambda m: m.evaluate(iter([])), "gave no batch"),
    "other shape": (
        lambda m: m.fit(iter([(X[:, :3], Y)])),
        r"Samples must have the shape \(None, 4\)",
    ),
    "other length": (lambda m: m.fit(iter([(X, Y[:3])])), "one label for each sample"),
    "a later shape": (
        lambda m: m.fit(iter([(X, Y), (X[:, :3], Y)])),
        r"Batch 1, from 0, of the list_iterator: Samples must have the shape",
    ),
    "an empty batch": (
        lambda m: m.fit(iter([(X[:0], Y[:0])])),
        "Batch 0, from 0, of the list_iterator: There are no samples: x is empty",
    ),
    "no samples": (lambda m: m.evaluate(X[:0], Y[:0]), "There are no samples: x is empty"),
    "a length of text": (
        lambda m: m.fit(with_length(lambda: int(None))),
        r"The length of Own cannot be taken: int\(\) argument",
    ),
    "a length of 2.5": (
        lambda m: m.fit(with_length(lambda: 2.5)),
        "The length of Own cannot be taken: 'float'",
    ),
    "no length": (lambda m: m.fit(with_length(None)), "Own has no end: say how many"),
    "a set": (lambda m: m.fit({1, 2}, Y), "Samples must be numbers"),
    "a dict": (lambda m: m.fit({"x": X}, Y), "Samples must be numbers. Received: dict of object"),
    "two inputs": (lambda m: m.fit([X, X], Y), r"Samples must have the shape \(None, 4\)"),
}


def test_a_data_set_without_a_length_trains_for_as_many_steps_as_are_asked_for():
    history = dense().fit(with_length(None), steps_per_epoch=2, verbose=0)
    assert len(history.history["loss"]) == 1


def test_an_error_of_an_own_kind_in_a_length_comes_out_as_it_is():
    with pytest.raises(AttributeError, match="nothing_there"):
        dense().fit(with_length(lambda: utils.nothing_there), verbose=0)


@pytest.mark.parametrize("built", [True, False])
def test_samples_and_labels_alone_in_a_list_are_taken_as_keras_takes_them(built):
    def new():
        return dense() if built else unbuilt()

    def unbuilt():
        model = Sequential([Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    for x, y in (([X], Y), ((X,), [Y])):
        model = new()
        model.fit(x, y, verbose=0)
        assert model.predict(x, verbose=0).shape == (10, 3)
        assert model.evaluate([X], [Y], verbose=0) == model.evaluate(X, Y, verbose=0)
    assert dense().predict([X[0]], verbose=0).shape == (1, 3)


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_batches_is_told(case):
    use, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        use(dense())


def test_an_error_in_a_generator_comes_out_as_it_is():
    def failing():
        yield X, Y
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        dense().fit(failing(), verbose=0)


def test_a_model_that_is_not_compiled_is_told_with_batches_too():
    for model in (Sequential([Dense(3)]), Sequential([Dense(3, input_shape=(4,))])):
        for use in (model.fit, model.evaluate):
            with pytest.raises(RuntimeError, match="Compile the model first"):
                use(endless())


def test_what_is_an_array_is_no_stream():
    arrays = [X, X.tolist(), (X, X), Tensor(X), range(3), "text", None, 5, {1: 2}, np.float32(1)]
    assert [data.is_stream(x) for x in arrays] == [False] * len(arrays)
    streams = [Batches(), Older(), Loader(), endless(), iter(X), map(abs, X)]
    assert [data.is_stream(x) for x in streams] == [True] * len(streams)
