"""`scripts/train.py --augment`: the same bytes whether run at once, killed or shared; data it is not for."""

import hashlib
import math
import os
import signal
import sys

import pytest

from tests.scripts.test_train import SCRIPT, train
from tests.support import patience, ranks
from tests.support.few_digits import write_few_digits
from tests.support.mean_digits import mean_digits
from tinycnn.models import load_model
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.pretrained.drawing_batches import counts

WORDS = ("--augment", "--model", "lenet", "--optimizer", "adam", "--epochs", 3, "--batch-size", 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    write_few_digits(folder)
    return folder


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """The folder of a training that nobody disturbed, and what it said."""
    cwd = tmp_path_factory.mktemp("whole")
    done = train(cwd, "--data", folder, *WORDS, "--threads", 2)
    assert done.returncode == 0, done.stderr
    return cwd, done.stdout


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_says_what_it_learns_from_and_how_well_it_reads_drawings(whole):
    cwd, said = whole
    assert "augmented: of 64 samples a step 15 are drawn digits" in said
    assert "test accuracy" in said
    last = said.splitlines()[-1]
    assert last.startswith("simulated drawings: ")
    assert last.endswith("% of 300 are read")
    steps = math.ceil(256 / (64 - sum(counts(64))))  # an epoch, of 256 digits
    assert load_model(cwd / "mnist.h5").optimizer.iterations == 3 * steps


@pytest.mark.parametrize("threads", [1, 4])
def test_any_number_of_threads_gives_the_same_file(whole, folder, tmp_path, threads):
    done = train(tmp_path, "--data", folder, *WORDS, "--threads", threads)
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path / "mnist.h5") == digest(whole[0] / "mnist.h5")


def test_killed_it_goes_on_to_the_same_bytes(whole, folder, tmp_path):
    command = [sys.executable, "-m", "tests.support.killed_while_saving", "50", "scripts.train"]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1])}
    words = ["--data", str(folder), *map(str, WORDS)]
    done = patience.run([*command, *words], cwd=tmp_path, env=environment)
    assert done.returncode == -signal.SIGKILL

    plain = [word for word in WORDS if word != "--augment"]
    other = train(tmp_path, "--data", folder, *plain)
    assert "had other options: --augment was True, and is None" in other.stderr

    done = train(tmp_path, "--data", folder, *WORDS, "--resume")
    assert done.returncode == 0, done.stderr
    assert "going on after epoch" in done.stdout
    for path in whole[0].iterdir():
        assert digest(tmp_path / path.name) == digest(path), path.name
    assert sorted(os.listdir(tmp_path)) == sorted(os.listdir(whole[0]))


@pytest.mark.slow
@ranks.needs_mpi
def test_any_number_of_ranks_gives_the_same_file(folder, tmp_path):
    digests = set()
    for count in (1, 2):
        output = tmp_path / f"{count}.h5"
        words = ("--data", folder, *WORDS, "--output", output)
        command = ranks.command(count, SCRIPT, *map(str, words))
        done = patience.run(command, cwd=tmp_path, env=ranks.environment())
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("simulated drawings: ") == 1
        digests.add(digest(output))
    assert len(digests) == 1


def test_a_file_is_trained_in_its_own_shape_and_range_or_told_that_its_loss_is_no_good(
    folder, tmp_path
):
    model = mean_digits(DigitInput((784,), 0, 255))
    for loss in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        model.compile("sgd", loss)
        model.optimizer.learning_rate = 1e-9
        model.save(tmp_path / f"{loss}.h5")
    options = ("--data", folder, "--augment", "--epochs", 1, "--patience", 1, "--model")
    done = train(tmp_path, *options, "categorical_crossentropy.h5")
    assert done.returncode == 0, done.stderr
    assert "pixels from 0 to 255" in done.stdout
    read = float(done.stdout.splitlines()[-1].split()[2].removesuffix("%"))
    assert read > 30  # drawings were prepared so, too
    done = train(tmp_path, *options, "sparse_categorical_crossentropy.h5", "--fresh", "--force")
    assert done.returncode == 1
    assert done.stderr.startswith("error: sparse_categorical_crossentropy.h5: its loss takes the")
    assert "compile the model with categorical_crossentropy" in done.stderr


def test_clothes_are_refused(tmp_path):
    (tmp_path / "clothes").mkdir()
    write_few_digits(tmp_path / "clothes", lambda x, y: (x[::-1], y))
    done = train(tmp_path, "--data", "clothes", "--augment", "--model", "lenet")
    assert done.returncode == 1
    assert "--augment is for handwritten digits, and clothes seems to hold something" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Epoch" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["clothes"]
