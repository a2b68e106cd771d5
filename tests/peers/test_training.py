"""Weights, batches and callbacks in whole trainings, as in Keras. Skipped without Keras."""

import numpy as np
import pytest

import tinycnn
from tests.support.peers import import_keras

# Keras's own, when it reads an optimizer's learning rate.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RNG = np.random.default_rng(2)
X = RNG.normal(size=(20, 4)).astype(np.float32)
Y = np.arange(20) % 3
ONE_HOT = np.eye(3, dtype=np.float32)[Y]
WEIGHTS = np.linspace(0, 2, 20).astype(np.float32)
CLASSES = {0: 2.0, 2: 0.25}
START = [
    RNG.normal(size=(4, 5)).astype(np.float32),
    np.zeros(5, np.float32),
    RNG.normal(size=(5, 3)).astype(np.float32),
    np.zeros(3, np.float32),
]


@pytest.fixture(scope="module")
def keras():
    return import_keras()


def net(peer, one_hot=False, **compiled):
    """A small net of Keras or ours, with the same weights."""
    layers = peer.layers
    model = peer.models.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(5, activation="tanh"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    compiled = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"], **compiled}
    compiled["run_eagerly"] = True  # else Keras compiles each first, for seconds
    model.compile(peer.optimizers.SGD(0.5, momentum=0.9), loss, **compiled)
    model.set_weights([weight.copy() for weight in START])
    return model


def compare(keras, fit, one_hot=False):
    """Train both; weights, as a share of their change, and the history must agree."""
    models = [net(peer, one_hot) for peer in (tinycnn, keras)]
    histories = [fit(model, peer) for model, peer in zip(models, (tinycnn, keras), strict=True)]
    ours, theirs = (model.get_weights() for model in models)
    for one, other, start in zip(ours, theirs, START, strict=True):
        change = np.abs(other - start).max()
        assert change > 0.01
        assert np.abs(one - other).max() <= 1e-4 * change
    assert histories[0].keys() == histories[1].keys()
    for name, values in histories[1].items():
        assert histories[0][name] == pytest.approx(values, rel=1e-4, abs=1e-6), name


def batches(steps, parts=2):
    """Yield (x, y) or (x, y, sample_weight), batches of 4 samples."""
    for step in range(steps):
        part = slice(4 * (step % 5), 4 * (step % 5) + 4)
        yield (X[part], Y[part], WEIGHTS[part])[:parts]


def data_set(peer):
    """A data set with its base class from Keras or us."""

    class Batches(peer.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return [*batches(5, 3)][index]

    return Batches()


FITS = {
    "plain": (lambda y: {"y": y}, {}),
    "sample_weight": (lambda y: {"y": y, "sample_weight": WEIGHTS}, {}),
    "class_weight": (lambda y: {"y": y, "class_weight": CLASSES}, {}),
    "validation with weights": (
        lambda y: {"y": y, "validation_data": (X, y, WEIGHTS), "validation_batch_size": 6},
        {},
    ),
    "split": (lambda y: {"y": y, "sample_weight": WEIGHTS, "validation_split": 0.3}, {}),
    "split, classes": (lambda y: {"y": y, "class_weight": CLASSES, "validation_split": 0.3}, {}),
    "every second": (lambda y: {"y": y, "validation_data": (X, y), "validation_freq": 2}, {}),
    "some epochs": (lambda y: {"y": y, "validation_data": (X, y), "validation_freq": [1, 3]}, {}),
    "validation_steps": (
        lambda y: {"y": y, "validation_data": (X, y), "validation_steps": 2},
        {},
    ),
    "steps of arrays": (lambda y: {"y": y, "steps_per_epoch": 4}, {"batch_size": None}),
}


@pytest.mark.parametrize(
    ("case", "one_hot"),
    [*((case, False) for case in FITS), ("sample_weight", True), ("split, classes", True)],
)
def test_arrays(keras, case, one_hot):
    make, others = FITS[case]
    options = {"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0, **others}

    def fit(model, peer):
        return model.fit(X, **make(ONE_HOT if one_hot else Y), **options).history

    compare(keras, fit, one_hot)


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
@pytest.mark.parametrize("parts", [2, 3])
def test_generators(keras, parts):
    def fit(model, peer):
        return model.fit(batches(100, parts), steps_per_epoch=3, epochs=3, verbose=0).history

    compare(keras, fit)


def test_data_sets(keras):
    def fit(model, peer):
        options = {"validation_data": data_set(peer), "shuffle": False}
        return model.fit(data_set(peer), epochs=3, verbose=0, **options).history

    compare(keras, fit)
    ours, theirs = (
        net(peer).evaluate(data_set(peer), verbose=0, return_dict=True) for peer in (tinycnn, keras)
    )
    assert ours == pytest.approx(theirs, rel=1e-5)
    ours, theirs = (net(peer).predict(data_set(peer), verbose=0) for peer in (tinycnn, keras))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_evaluations_and_single_steps(keras):
    ours, theirs = net(tinycnn), net(keras)
    uses = [
        lambda m: m.evaluate(X, Y, 8, 0, WEIGHTS, return_dict=True),
        lambda m: m.evaluate(X, Y, 8, 0, WEIGHTS, steps=2, return_dict=True),
        lambda m: m.evaluate(X, Y, verbose=0, steps=3, return_dict=True),
        lambda m: m.test_on_batch(X, Y, WEIGHTS, return_dict=True),
        lambda m: m.train_on_batch(X, Y, WEIGHTS, return_dict=True),
        lambda m: m.train_on_batch(X, Y, class_weight=CLASSES, return_dict=True),
        lambda m: m.train_on_batch(X, Y, return_dict=True),
    ]
    for use in uses:
        assert use(ours) == pytest.approx(use(theirs), rel=1e-4, abs=1e-6)


def recorder(peer):
    """A callback that notes each call of each hook, and the names in its logs."""
    ends = ("begin", "end")
    calls = []
    functions = {}
    for mode in ("train", "test", "predict"):
        for end in ends:
            name = f"on_{mode}_{end}"
            functions[name] = lambda self, logs=None, name=name: calls.append((name, sorted(logs)))
    for mode in ("epoch", "batch", "train_batch", "test_batch", "predict_batch"):
        for end in ends:
            name = f"on_{mode}_{end}"
            functions[name] = lambda self, at, logs=None, name=name: calls.append(
                (name, at, sorted(logs))
            )
    for older in ends:  # else the older names are not called
        functions.pop(f"on_train_batch_{older}")
    return type("Recorder", (peer.callbacks.Callback,), functions)(), calls


def test_the_sequence_of_calls(keras):
    seen = []
    for peer in (tinycnn, keras):
        callback, calls = recorder(peer)
        model = net(peer)
        options = {"validation_data": (X, Y), "validation_batch_size": 8, "validation_freq": 2}
        model.fit(X, Y, 8, epochs=2, verbose=0, callbacks=[callback], **options)
        model.evaluate(X, Y, 8, 0, callbacks=[callback])
        model.predict(X, 8, 0, callbacks=[callback])
        seen.append((calls, callback.params))
    assert seen[0] == seen[1]
    assert len(seen[0][0]) > 40


SCORES = [3.0, 3.0, 3.00005, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5, 1.0, 1.0, 1.0, 1.0]
PLATEAUS = [
    {"patience": 1},
    {"patience": 2, "cooldown": 2},
    {"patience": 1, "factor": 0.5, "min_lr": 0.1},
    {"patience": 0},
    {"patience": 2, "min_delta": 0.9},
    {"patience": 2, "mode": "max"},
]


@pytest.mark.parametrize("options", PLATEAUS)
def test_reduce_lr_on_plateau(keras, options):
    rates = []
    for peer in (tinycnn, keras):
        model = net(peer)
        callback = peer.callbacks.ReduceLROnPlateau("loss", **options)
        callback.set_model(model)
        callback.on_train_begin({})
        seen = []
        for epoch, score in enumerate(SCORES):
            logs = {"loss": score}
            callback.on_epoch_begin(epoch, {})
            callback.on_epoch_end(epoch, logs)
            seen.append(logs["learning_rate"])
        rates.append(seen)
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)
    assert len({*rates[1]}) > 1


def test_learning_rate_scheduler(keras):
    def fit(model, peer):
        callback = peer.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
        options = {"shuffle": False, "verbose": 0, "callbacks": [callback]}
        return model.fit(X, Y, 8, epochs=3, **options).history

    compare(keras, fit)


@pytest.mark.parametrize("options", [{}, {"validation_data": (X, Y), "validation_freq": 2}])
@pytest.mark.parametrize("rate", [False, True])
def test_the_text_of_a_csv_file(keras, options, rate, tmp_path):
    texts = []
    for peer in (tinycnn, keras):
        path = tmp_path / f"{peer.__name__}.csv"
        callbacks = [peer.callbacks.CSVLogger(path)]
        if rate:
            callbacks.insert(0, peer.callbacks.LearningRateScheduler(lambda epoch, rate: 0.25))
        net(peer).fit(X, Y, 8, 4, 0, callbacks=callbacks, shuffle=False, **options)
        texts.append(path.read_text())
    ours, theirs = ([row.split(",") for row in text.splitlines()] for text in texts)
    assert ours[0] == theirs[0]
    assert [[cell == "NA" for cell in row] for row in ours] == [
        [cell == "NA" for cell in row] for row in theirs
    ]
    numbers = [[float(c) for row in rows[1:] for c in row if c != "NA"] for rows in (ours, theirs)]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-4, abs=1e-6)


def test_terminate_on_nan(keras, capsys):
    bad = X.copy()
    bad[9] = np.nan
    seen = []
    for peer in (tinycnn, keras):
        batches_seen = []
        note = peer.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, seen=batches_seen: seen.append(batch),
            on_train_end=lambda logs, seen=batches_seen: seen.append("end"),
        )
        callbacks = [note, peer.callbacks.TerminateOnNaN()]
        model = net(peer)
        if peer is tinycnn:
            with pytest.warns(UserWarning, match="batch 3"):
                model.fit(bad, Y, 4, 3, 0, callbacks=callbacks, shuffle=False)
        else:
            model.fit(bad, Y, 4, 3, 0, callbacks=callbacks, shuffle=False)
        seen.append((batches_seen, capsys.readouterr().out.split()))
    assert seen[0] == seen[1]
