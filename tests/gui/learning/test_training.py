"""A training that is watched, paused and stopped, and is what `fit` alone would be. No screen needed."""

import numpy as np
import pytest

from gui.learning import trainer, training
from gui.learning.trainer import TrainingWorker, made
from gui.learning.training import BATCH, Run, Setting
from tests.support.nets import same
from tests.support.patience import PATIENCE, until
from tinycnn.datasets import Digits, sample
from tinycnn.pretrained.digit_input import USUAL
from tinycnn.utils.errors import DownloadError

(X, Y), (X_TEST, Y_TEST) = sample.load_data()
FEW = Digits(X[:300], Y[:300], X_TEST[:50], Y_TEST[:50], "sample")
SETTING = Setting(epochs=2, rate=0.005, seed=5)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr("tinycnn.datasets.load", lambda name: FEW)


@pytest.fixture
def worker(few):
    worker = TrainingWorker()
    worker.start()
    yield worker
    worker.stop()
    worker.join(PATIENCE)


def answer(worker):
    """Wait for the one answer of a worker."""
    (one,) = until(worker.answers)
    return one


def plain_fit(setting=SETTING):
    """Return the net that `fit` alone makes of a setting."""
    model = made(setting)
    x, y, _, _ = trainer.prepared(FEW, USUAL)
    model.fit(x, y, BATCH, setting.epochs, verbose=0)
    return model


@pytest.mark.parametrize("optimizer", list(training.OPTIMIZERS))
def test_it_gives_the_same_bytes_as_fit_alone(worker, optimizer):
    setting = Setting(optimizer=optimizer, rate=0.01, epochs=2, seed=5)
    worker.begin("train", setting)
    run = worker.run
    run.ask_for_snapshot()
    run.pause()
    until(lambda: run.state == "paused")
    run.go_on()
    model = answer(worker).value
    assert same(model.get_weights(), plain_fit(setting).get_weights())
    assert run.state == "ended"
    assert run.over


def test_the_same_seed_gives_the_same_net_and_another_one_another(worker):
    nets = []
    for seed in (1, 1, 2):
        worker.begin("train", Setting(epochs=1, seed=seed))
        nets.append(answer(worker).value.get_weights())
    assert same(nets[0], nets[1])
    assert not same(nets[0], nets[2])


def test_it_shows_each_batch_and_each_epoch(worker):
    worker.begin("train", SETTING)
    run = worker.run
    model = answer(worker).value
    batches = -(-300 // BATCH)
    assert len(run.losses) == len(run.accuracies) == 2 * batches
    assert run.losses[-1] < run.losses[0]
    assert all(0 <= share <= 1 for share in run.accuracies)
    assert [place for place, _ in run.epochs] == [batches, 2 * batches]
    assert run.done == 1
    confusion = np.array(run.confusion)
    assert confusion.sum() == 50
    assert confusion.trace() / 50 == run.epochs[-1][1]
    history = plain_fit().history.history
    sizes = np.array([min(BATCH, 300 - start) for start in range(0, 300, BATCH)])
    for epoch in (0, 1):
        part = slice(epoch * batches, (epoch + 1) * batches)
        for name, values in (("loss", run.losses), ("accuracy", run.accuracies)):
            mean = (np.array(values[part]) * sizes).sum() / 300
            assert mean == pytest.approx(history[name][epoch])
    assert model.history.history["loss"] == history["loss"]


def test_a_snapshot_is_never_from_the_middle_of_a_step(worker):
    """Each is one of the weights that stand between two steps, and what it holds changes no more."""
    from tinycnn.callbacks import LambdaCallback

    between = []
    model = made(SETTING)
    x, y, _, _ = trainer.prepared(FEW, USUAL)

    def note(*_):
        between.append(b"".join(weight.tobytes() for weight in model.weights))

    noting = LambdaCallback(on_train_begin=note, on_train_batch_end=note)
    model.fit(x, y, BATCH, SETTING.epochs, verbose=0, callbacks=[noting])
    worker.begin("train", SETTING)
    run, snapshots = worker.run, []
    while not run.over:
        run.ask_for_snapshot()
        snapshot = until(lambda: run.take_snapshot() or run.over)
        if snapshot is not True:
            snapshots.append(snapshot)
    answer(worker)
    assert len(snapshots) > 1
    for one in snapshots:
        assert b"".join(weight.tobytes() for weight in one.weights) == between[one.step]


def test_a_pause_stands_still_and_a_snapshot_can_be_taken_meanwhile(worker):
    worker.begin("train", SETTING)
    run = worker.run
    run.pause()
    until(lambda: run.state == "paused")
    count = len(run.losses)
    for _ in range(2):
        run.ask_for_snapshot()
        assert until(run.take_snapshot).step == count
    assert run.take_snapshot() is None
    assert (len(run.losses), run.state) == (count, "paused")
    run.go_on()
    answer(worker)
    assert (run.state, run.paused) == ("ended", False)


@pytest.mark.parametrize("paused", [False, True])
def test_it_stops_when_it_is_told_to(worker, paused):
    worker.begin("train", Setting(epochs=1000))
    run = worker.run
    until(lambda: run.losses)
    if paused:
        run.pause()
        until(lambda: run.state == "paused")
    run.stop()
    assert answer(worker).value is not None
    assert run.state == "stopped"


def test_the_end_of_the_worker_ends_its_run(worker):
    worker.begin("train", Setting(epochs=1000))
    until(lambda: worker.run.losses)
    worker.stop()
    worker.join(PATIENCE)
    assert worker.run.state == "stopped"


@pytest.mark.parametrize("rate", [1e20, 1e30])
def test_a_loss_that_is_no_number_is_said_and_stops(worker, rate, capsys):
    worker.begin("train", Setting(optimizer="SGD", net="Compact", rate=rate))
    run = worker.run
    run.ask_for_snapshot()
    answer(worker)
    assert run.state == "diverged"
    assert f"learning rate below {rate:g}" in run.sentence
    assert len(run.losses) < 5
    assert np.isfinite(run.losses).all()
    assert capsys.readouterr().err == ""


def test_without_mnist_the_sample_stands_in_and_says_so(worker, monkeypatch):
    def load(name):
        if name == "mnist":
            raise DownloadError("/cache", "not here yet, and no mirror delivered it")
        return FEW

    monkeypatch.setattr("tinycnn.datasets.load", load)
    monkeypatch.setattr(trainer, "fetch", lambda run: None)
    worker.begin("train", Setting(data="MNIST", epochs=1))
    run = worker.run
    assert answer(worker).value is not None
    assert "no mirror delivered it" in run.note


def test_a_download_shows_how_far_it_is_and_can_be_stopped(monkeypatch, tmp_path):
    run, sentences = Run(), []

    def download(files, folder, mirrors, progress):
        progress(files[0].name, files[0].size // 2)
        sentences.append((run.done, run.sentence))
        run.stop()
        progress(files[0].name, files[0].size)

    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path))
    monkeypatch.setattr("tinycnn.datasets.download.download", download)
    assert not trainer.has_mnist()
    assert trainer.digits(run, "MNIST") is None
    assert run.state == "stopped"
    ((done, sentence),) = sentences
    assert 0.42 < done < 0.43  # a half of the first file of four
    assert sentence == "Downloading MNIST, 43% of 12 MB…"


def test_what_goes_wrong_ends_the_run(worker, monkeypatch):
    def fail(setting):
        raise MemoryError

    monkeypatch.setattr(trainer, "made", fail)
    worker.begin("train", SETTING)
    assert answer(worker).error == "the memory is too small for this"
    assert worker.run.over
