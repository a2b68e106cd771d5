"""What ranks have alike before they begin, see `sharing`, and who reads, prints and writes what."""

import numpy as np
import pytest

from tests.support.nets import X, Y, dense
from tests.support.ranks import default, in_threads
from tinycnn import callbacks, utils
from tinycnn.distribution import DataParallel
from tinycnn.distribution.agreement import RanksDiffer
from tinycnn.models import sharing
from tinycnn.models.data import feed


class Alone:
    """A link with one rank."""

    rank, size = 0, 1

    def wait(self, done):
        assert done()


class Second(Alone):
    """The same, that says it is another rank: for what hangs on the number alone."""

    rank = 1


@pytest.fixture
def one_rank():
    with default(DataParallel.of(Alone())) as shared:
        yield shared


def new_model():
    model = dense()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_one_rank_trains_evaluates_and_predicts(one_rank, capsys):
    model = new_model()
    history = model.fit(X, Y, batch_size=4, epochs=2, verbose=2, validation_data=(X, Y)).history
    assert [len(values) for values in history.values()] == [2] * 4
    assert model.evaluate(X, Y, verbose=0)[0] == pytest.approx(history["val_loss"][-1])
    assert model.predict(X, verbose=0).shape[0] == len(X)
    assert capsys.readouterr().out.count("Epoch") == 2


def test_a_rank_reads_its_own_samples_only():
    class Noting(np.ndarray):
        def __getitem__(self, chosen):
            if isinstance(chosen, slice | np.ndarray):
                taken.extend(np.arange(len(self))[chosen].tolist())
            return super().__getitem__(chosen).view(np.ndarray)

    x = np.zeros((20, 3)).view(Noting)
    check = lambda *parts: (x, None, None)  # noqa: E731
    for rank in range(4):
        shared = DataParallel.of(Alone(), 4)
        shared.link = type("Link", (Alone,), {"rank": rank, "size": 4})()
        batches, taken = feed(check, np.zeros((20, 3)), batch_size=10), []
        batches.cut = shared.part
        wholes = [(len(batch[0]), batch[-1]) for batch in batches.epoch()]
        assert taken == [n for start in (0, 10) for n in range(start, start + 10)[shared.part(10)]]
        assert all(whole == 10 and own in (2, 3) for own, whole in wholes)


def test_a_data_set_is_cut_on_every_rank():
    class Batches(utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.arange(9.0)[:, None] + 10 * index

    shared = DataParallel.of(Alone(), 4)
    shared.link = type("Link", (Alone,), {"rank": 1, "size": 2})()
    batches = feed(lambda x: (x, None, None), Batches())
    batches.cut = shared.part
    assert [(x[:, 0].tolist(), whole) for x, *_, whole in batches.epoch()] == [
        ([4.0, 5, 6, 7, 8], 9),
        ([14.0, 15, 16, 17, 18], 9),
    ]


def test_files_are_written_by_rank_0(tmp_path):
    model = new_model()
    hooks = [callbacks.CSVLogger(tmp_path / "a.csv"), callbacks.ModelCheckpoint(tmp_path / "a.h5")]
    hooks.append(callbacks.BackupAndRestore(tmp_path / "backups", delete_checkpoint=False))
    with default(DataParallel.of(Second())):
        model.save(tmp_path / "b.h5")
        model.save_weights(tmp_path / "b.weights.h5")
    assert not list(tmp_path.iterdir())
    with default(DataParallel.of(Alone())):
        model.fit(X, Y, verbose=0, callbacks=hooks)
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "a.h5", "backups"}


def test_a_new_model_gets_the_weights_of_rank_0():
    def take(shared):
        model = new_model()
        for weight in model.weights:
            weight[...] = shared.rank
        sharing.take_weights(model, shared)
        return sorted({float(number) for weight in model.weights for number in weight.ravel()})

    assert in_threads(4, take) == [[0.0]] * 4


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda model: model.compile("sgd", "sparse_categorical_crossentropy"), "optimizer, "),
        (lambda model: model.layers[-1].__dict__.update(use_bias=False), "model, dense"),
    ],
)
def test_what_is_not_alike_is_named(change, name):
    def compare(shared):
        model = new_model()
        if shared.rank == 1:
            change(model)
        with pytest.raises(RanksDiffer) as caught:
            sharing.agree(shared, model, {"data": feed(model._weighted, X, Y)}, {})
        return str(caught.value)

    first, second = in_threads(2, compare)
    assert first == second
    assert f"The ranks differ in {name}" in first
