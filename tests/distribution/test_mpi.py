"""Trainings over `MPILink`, by mpiexec: the same bytes for any ranks, an end when one is lost."""

import sys

import pytest

from tests.support import patience, ranks
from tests.support.ranks import needs_mpi

pytestmark = needs_mpi
PROGRAM = ranks.ROOT / "tests" / "support" / "mpi_training.py"
APART = ("-disable-auto-cleanup",)  # mpich's mpiexec would kill the others before they say why


def digests(count, net="small", *words, **options):
    """Return the three hashes that rank 0 prints, and assert that it printed its epochs and no other did."""
    done = ranks.run(count, PROGRAM, net, *words, **options)
    assert done.returncode == 0, done.stderr
    *epochs, found = done.stdout.splitlines()
    assert [line.split(" - ")[0] for line in epochs] == ["Epoch 1/2", "Epoch 2/2"]
    return found


@pytest.fixture(scope="module")
def alone():
    return digests(1)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_the_same_bytes_for_any_number_of_ranks(count, alone):
    assert digests(count) == alone


def test_ranks_may_have_different_numbers_of_threads(alone):
    assert digests(2, "small", "threads=[1,2]") == alone


def test_without_mpiexec_there_is_one_rank(alone):
    done = patience.run([sys.executable, PROGRAM, "small"], env=ranks.environment())
    assert done.stdout.splitlines()[-1] == alone, done.stderr


@pytest.mark.slow
def test_the_classic_net_on_the_sample():
    assert len({digests(count, "classic") for count in (1, 2, 4, 8)}) == 1


def test_three_ranks_are_told_which_counts_do():
    done = ranks.run(3, PROGRAM, "small")
    assert done.returncode
    assert "ValueError: 3 ranks cannot share the 8 shards" in done.stderr
    assert "start 1 or 2 or 4 or 8 of them" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (['options={"epochs":3}'], "epochs, 2: nothing on rank 0; 2 on rank 1"),
        (['options={"batch_size":10}'], "data, batches: 5 on rank 0; 9 on rank 1"),
        (["options={}", "shift=0.5"], "data, x, some of its numbers, SHA-256: "),
    ],
)
def test_ranks_that_are_not_alike_refuse(words, sentence):
    done = ranks.run(2, PROGRAM, "small", "other=1", *words)
    assert done.returncode
    assert "RanksDiffer: The ranks differ in " in done.stderr
    assert sentence in done.stderr


def said(tmp_path, count, rank, *words):
    """Let one rank of a training do something, and return what each of the others says at its end."""
    words = ["small", f"rank={rank}", "step=3", *words]
    command = ranks.command(count, PROGRAM, *words, options=APART, noted=True)
    done = patience.run(command, env={**ranks.environment(), "FOLDER": str(tmp_path)})
    assert done.returncode
    others = [other for other in range(count) if other != rank]
    for other in others:
        path = tmp_path / f"{other}.code"
        assert patience.until(lambda path=path: path.exists() and path.read_text()) == "1\n"
    return [(tmp_path / f"{other}.err").read_text() for other in others]


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_a_rank_that_is_killed_ends_the_others_with_a_sentence(rank, tmp_path):
    for text in said(tmp_path, 4, rank, 'way="SIGKILL"'):
        assert text.startswith(f"error: rank {rank} of 4 is lost: it was killed")
        assert text.count("\n") == 1


def test_an_error_on_one_rank_ends_the_others(tmp_path):
    texts = said(tmp_path, 4, 2, 'way="error"')
    assert texts == ["error: rank 2 of 4 has ended: OSError: no such file\n"] * 3
    assert "OSError: no such file" in (tmp_path / "2.err").read_text()


def test_an_interrupt_of_one_rank_ends_all():
    done = ranks.run(2, PROGRAM, "small", "rank=1", "step=3", 'way="SIGINT"', options=APART)
    assert done.returncode
    assert "KeyboardInterrupt" in done.stderr


def test_train_goes_on_with_another_number_of_ranks(tmp_path):
    """Of three trainings the last goes on where the second was killed, and comes to the first's bytes."""
    script = ranks.ROOT / "scripts" / "train.py"
    options = ["--data", "sample", "--model", "lenet", "--batch-size", 500, "--epochs"]
    whole = ranks.run(2, script, *options, 4, "--output", "whole.h5", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    words = ranks.command(4, script, *options, 4, "--output", "killed.h5")
    with ranks.patience.started(
        words, env=ranks.environment(), cwd=tmp_path, stdout=-1, stderr=-3, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith("Epoch 1/4"):
                break
        ranks.kill_a_rank(process.pid)
        process.stdout.read()
        assert process.wait()
    going_on = ranks.run(1, script, *options, 4, "--output", "killed.h5", cwd=tmp_path)
    assert "going on " in going_on.stdout, going_on.stdout + going_on.stderr
    assert (tmp_path / "killed.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()
    assert not list(tmp_path.glob("*backup*"))
