"""scripts/train.py as a person runs it: a process of its own, good and bad input, Ctrl-C."""

import csv
import hashlib
import importlib.util
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from tests.support import patience
from tests.support.few_digits import write_few_digits
from tests.support.mean_digits import mean_digits
from tinycnn import datasets, utils
from tinycnn.layers import Dense, Flatten, Input
from tinycnn.models import Sequential, load_model
from tinycnn.optimizers import SGD
from tinycnn.optimizers.schedules import ExponentialDecay
from tinycnn.pretrained import recipes
from tinycnn.pretrained.digit_input import DigitInput

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "train.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a few digits as four MNIST files, two of them compressed."""
    folder = tmp_path_factory.mktemp("digits")
    write_few_digits(folder)
    return folder


def train(cwd, *options):
    command = [sys.executable, str(SCRIPT), *map(str, options)]
    return patience.run(command, cwd=cwd)


def test_it_trains_saves_and_reports(folder, tmp_path):
    done = train(tmp_path, "--data", folder, "--epochs", 2, "--batch-size", 64)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("test loss")
    assert lines[-1].endswith(f"({folder.name}, 100 digits)")
    assert any(line.startswith("Epoch 2/2") and "val_accuracy" in line for line in lines)
    assert "\x1b" not in done.stdout  # a pipe gets plain lines
    assert "\r" not in done.stdout
    model = load_model(tmp_path / "mnist.h5")
    assert model.optimizer.iterations == 2 * 4
    with open(tmp_path / "mnist-history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]  # as in the lines and the curves
    assert (tmp_path / "mnist-curves.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in tmp_path.iterdir()} == {
        "mnist.h5",
        "mnist-history.csv",
        "mnist-curves.png",
    }


def test_running_means_a_number_for_a_schedule_and_ten_sigmoids(folder, tmp_path):
    model = Sequential([Input((28, 28, 1)), Flatten(), Dense(10, activation="sigmoid")])
    sgd = SGD(ExponentialDecay(0.5, 10, 0.9), use_ema=True, ema_momentum=0.9)
    model.compile(sgd, "binary_crossentropy", metrics=["accuracy"])
    model.save(tmp_path / "a.keras")
    options = ("--learning-rate", 0.1, "--patience", 2, "--epochs", 2, "--output", "b.keras")
    done = train(tmp_path, "--data", folder, "--model", "a.keras", *options)
    assert done.returncode == 0, done.stderr
    assert "b.keras the running means of the weights have replaced them" in done.stdout
    trained, digits = load_model(tmp_path / "b.keras"), datasets.load(folder)
    y = np.eye(10)[digits.y_test]
    loss, accuracy = trained.evaluate(digits.x_test[..., None] / 255, y, verbose=0)
    assert f"test loss {loss:.4f}, test accuracy {accuracy:.2%}" in done.stdout
    assert trained.optimizer.get_config()["learning_rate"] == 0.1
    np.testing.assert_array_equal(trained.optimizer.slots["average"][0], trained.get_weights()[0])


def test_a_recipe_trains_its_own_net_and_reads_the_test_digits_once(folder, tmp_path):
    done = train(tmp_path, "--recipe", "fast", "--data", folder, "--seed", 3)
    assert done.returncode == 0, done.stderr
    assert "recipe: fast: " in done.stdout
    assert "val_" not in done.stdout
    model = load_model(tmp_path / "mnist.h5")
    recipe = recipes.load("fast")
    assert model.count_params() == recipe.parameters
    assert model.optimizer.iterations == 2  # three quarters of two batches
    digits = datasets.load(folder)
    utils.set_random_seed(3)
    again = recipe.model()
    x, y = digits.x_train[..., None] / np.float32(255), np.eye(10)[digits.y_train]
    again.fit(**recipe.prepare(again, x, y), verbose=0)
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    options = ("--recipe", "best", "--data", folder, "--epochs", 2, "--output", "b.h5")
    done = train(tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "b.h5").optimizer.iterations == 4
    assert "in b.h5 the running means of the weights have replaced them" in done.stdout


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file_for_any_number_of_threads(folder, tmp_path):
    hashes = {}
    for seed, threads in ((0, 1), (0, 2), (0, 4), (1, 2)):
        output = tmp_path / f"{seed}-{threads}.h5"
        done = train(
            tmp_path, "--data", folder, "--epochs", 1, "--seed", seed, "--threads", threads,
            "--output", output,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        hashes[seed, threads] = hashlib.sha256(output.read_bytes()).hexdigest()
    assert hashes[0, 1] == hashes[0, 2] == hashes[0, 4]
    assert hashes[0, 1] != hashes[1, 2]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--epochs", "0"), 2, "must be a whole number from 1"),
        (("--epochs", "many"), 2, "many"),
        (("--batch-size", "-5"), 2, "-5"),
        (("--data", "no-such-folder"), 1, "no-such-folder"),
        (("--data", "sample", "--output", "no/such/folder/mnist.h5"), 1, "no/such/folder"),
        (("--data", "no-such-folder", "--output", "mnist.txt"), 1, ".h5"),
        (("--learning-rate", "-1"), 2, "must be a number from 1e-12"),
        (("--learning-rate", "nan"), 2, "'nan'"),
        (("--learning-rate", "0"), 2, "'0'"),
        (("--patience", "0"), 2, "must be a whole number from 1"),
        (("--optimizer", "adamant"), 1, "adamant"),
        (("--optimizer", ""), 1, "optimizer"),
        (("--model", "missing.h5"), 1, "missing.h5"),
        (("--model", "alexnet"), 1, "classic, lenet, compact"),
        (("--model", "."), 1, "folder"),
        (("--unknown",), 2, "--unknown"),
        (("--recipe", "slow"), 1, "one of fast, fast995, best, tiny"),
        (("--recipe", "fast", "--model", "lenet"), 2, "leave out --model"),
        (
            ("--recipe", "fast", "--patience", "2", "--batch-size", "8"),
            2,
            "--patience, --batch-size",
        ),
        (("--recipe", "tiny", "--optimizer", "sgd", "--epochs", "2"), 2, "leave out --optimizer"),
        (("--recipe", "tiny", "--learning-rate", "1"), 2, "leave out --learning-rate"),
        (("--recipe", "best", "--augment"), 2, "decides that itself: leave out --augment"),
    ],
)
def test_a_mistake_gets_a_sentence_at_once(options, code, said, tmp_path):
    done = train(tmp_path, *options)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
    assert "Epoch" not in done.stdout


@pytest.mark.parametrize("name", ["mnist.h5", "mnist-history.csv", "mnist-curves.png"])
def test_a_name_that_a_folder_has_is_noticed_before_training(name, tmp_path):
    (tmp_path / name).mkdir()
    done = train(tmp_path, "--data", "sample")
    assert done.returncode == 1
    assert f"{name}: a folder or a device has that name" in done.stderr
    assert "Epoch" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts the whole path")
def test_a_name_that_is_too_long_is_noticed_before_training(tmp_path):
    done = train(tmp_path, "--data", "sample", "--output", f"{'x' * 245}.h5")
    assert done.returncode == 1
    assert "-history.csv: it cannot be written (File name too long)" in done.stderr
    assert "Epoch" not in done.stdout
    assert not list(tmp_path.iterdir())


LOCKED = """
import argparse, os, pathlib, sys  # before the modules cannot be read any more
sys.argv[1:] = ["--data", "sample"]
code = compile(open(sys.argv[0]).read(), sys.argv[0], "exec")
from tinycnn.utils import atomic, plots
from tinycnn import datasets, ops, saving, utils, callbacks
from tinycnn.saving import writer
if os.geteuid() == 0:  # for whom nothing is locked
    os.setuid(65534)
exec(code, {"__name__": "__main__"})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_locked_folder_is_noticed_before_training():
    with tempfile.TemporaryDirectory() as folder:  # unlike pytest's, in a folder open to all
        os.chmod(folder, 0o555)
        program = LOCKED.replace("sys.argv[0]", repr(str(SCRIPT)))
        command = [sys.executable, "-c", program]
        done = patience.run(command, cwd=folder)
        os.chmod(folder, 0o755)
    assert done.returncode == 1
    assert done.stderr.startswith("error: mnist.h5: it cannot be written (Permission denied). ")
    assert "Traceback" not in done.stderr
    assert "Epoch" not in done.stdout


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("train_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """Run in an empty folder, with the few digits of `folder`."""
    monkeypatch.chdir(tmp_path)
    return ["--data", str(folder), "--batch-size", "64", "--threads", "2"]


def test_net_optimizer_and_rate_are_chosen_and_a_file_goes_on(script, here, capsys):
    options = ["--optimizer", "SGD", "--learning-rate", "0.05", "--epochs", "1"]
    assert script.main([*here, "--model", "lenet", *options]) == 0
    first = load_model("mnist.h5")
    assert first.count_params() == 61_706
    assert type(first.optimizer).__name__ == "SGD"
    assert first.optimizer.learning_rate == pytest.approx(0.05)
    # Its own optimizer goes on, unless another one is named.
    more = [*here, "--model", "mnist.h5", "--epochs", "1", "--output"]
    assert script.main([*more, "more.h5", "--learning-rate", "0.01"]) == 0
    second = load_model("more.h5")
    assert second.optimizer.iterations == 2 * first.optimizer.iterations
    assert second.optimizer.learning_rate == pytest.approx(0.01)
    assert script.main([*more, "other.h5", "--optimizer", "adam"]) == 0
    assert type(load_model("other.h5").optimizer).__name__ == "Adam"
    assert "model: mnist.h5" in capsys.readouterr().out


def test_a_file_with_another_input_and_loss_is_trained_in_its_own_range(script, here, capsys):
    wanted = DigitInput((784,), 0, 255)
    model = mean_digits(wanted)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.optimizer.learning_rate = 1e-9
    model.save("means.h5")
    assert script.main([*here, "--model", "means.h5", "--epochs", "1"]) == 0
    said = capsys.readouterr().out
    assert "pixels from 0 to 255" in said
    assert "test loss" in said
    trained = load_model("mnist.h5")
    assert trained.input_shape == (None, 784)
    assert type(trained.objective.loss).__name__ == "SparseCategoricalCrossentropy"


def test_it_stops_when_the_validation_loss_gets_no_better_and_keeps_the_best(script, here, capsys):
    options = [
        "--optimizer",
        "sgd",
        "--learning-rate",
        "1e-12",
        "--epochs",
        "50",
        "--patience",
        "2",
    ]
    assert script.main([*here, "--model", "lenet", *options]) == 0
    said = capsys.readouterr().out
    with open("mnist-history.csv", newline="") as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    best = min(range(len(losses)), key=losses.__getitem__)
    assert len(losses) == best + 3 < 50
    assert (
        f"stopped after epoch {len(losses)}, no better for 2 epochs; the best was {best + 1}"
        in said
    )
    assert load_model("mnist.h5").optimizer.iterations == 4 * (best + 1)


def test_a_training_that_diverges_with_patience_writes_no_model(script, here, capsys):
    options = ["--optimizer", "sgd", "--learning-rate", "1e6", "--epochs", "9", "--patience", "1"]
    with pytest.warns(UserWarning, match="The loss is|will not be finite") as said:
        assert script.main([*here, "--model", "compact", *options]) == 1
    assert "The loss is" in str(said[0].message)
    assert "mnist.h5 is not written" in capsys.readouterr().err
    assert not os.path.exists("mnist.h5")


def test_what_another_training_made_is_not_replaced_in_a_pipe(folder, tmp_path):
    (tmp_path / "mnist.h5").write_bytes(b"mine")
    done = train(tmp_path, "--data", folder, "--epochs", 1, "--model", "lenet")
    assert done.returncode == 1
    assert done.stderr.startswith("error: mnist.h5: another training has made it. Add --force")
    assert [path.name for path in tmp_path.iterdir()] == ["mnist.h5"]
    assert (tmp_path / "mnist.h5").read_bytes() == b"mine"
    done = train(tmp_path, "--data", folder, "--epochs", 1, "--model", "lenet", "--force")
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "mnist.h5").count_params() == 61_706


def test_help_has_examples(tmp_path):
    done = train(tmp_path, "--help")
    assert done.returncode == 0
    assert "examples:" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_leaves_nothing_half_done(folder, tmp_path, name):
    command = [sys.executable, "-u", str(SCRIPT), "--data", str(folder), "--epochs", "1000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with patience.started(command, cwd=tmp_path, text=True, **pipes) as process:
        for line in process.stdout:
            if line.startswith("Epoch 3/"):
                break
        process.send_signal(getattr(signal, name))
        _, errors = process.communicate(timeout=patience.PATIENCE)
    assert process.returncode == 128 + getattr(signal, name)
    assert "nothing half-written was left behind" in errors
    assert "Traceback" not in errors
    assert "The same command goes on there." in errors
    files = {"mnist.h5", "mnist-history.csv", "mnist-backup"}
    assert {path.name for path in tmp_path.iterdir()} == files
    assert load_model(tmp_path / "mnist.h5").count_params() == 2_380_938


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_reader_that_goes_away_is_no_traceback(folder, tmp_path):
    line = f"'{sys.executable}' '{SCRIPT}' --data '{folder}' --epochs 2 | head -n 1"
    done = patience.run(line, shell=True, cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error there")
def test_a_reader_that_goes_away_in_the_middle_costs_no_epoch(folder, tmp_path):
    command = [sys.executable, "-u", str(SCRIPT), "--data", str(folder), "--epochs", "3"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with patience.started(command, cwd=tmp_path, text=True, **pipes) as process:
        for line in process.stdout:
            if line.startswith("Epoch 1/"):
                break
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (1, "")
    assert load_model(tmp_path / "mnist.h5").optimizer.iterations == 3 * 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
def test_output_that_cannot_be_written_is_named_and_costs_no_epoch(folder, tmp_path):
    options = ["--data", str(folder), "--epochs", "1"]
    with open("/dev/full", "w") as full:
        done = patience.run(
            [sys.executable, str(SCRIPT), *options],
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output cannot be written: ")
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "mnist.h5").exists()


@pytest.mark.parametrize("script", ["train.py", "evaluate.py", "predict.py"])
@pytest.mark.parametrize(("path", "missing"), [("", "tinycnn"), (str(SCRIPT.parents[1]), "numpy")])
def test_a_python_without_the_packages_gets_a_sentence(script, path, missing, tmp_path):
    command = [sys.executable, "-S", str(SCRIPT.with_name(script)), *["a.png"] * (script[0] == "p")]
    done = patience.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 1
    assert re.match(rf"error: this Python lacks (the package )?{missing}\b", done.stderr)
    assert "pip install -e ." in done.stderr
    assert len(done.stderr.splitlines()) == 1


WORDS = ("--model", "lenet", "--epochs", 3, "--batch-size", 32)


def test_killed_it_goes_on_to_the_same_bytes(folder, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert train(whole, "--data", folder, *WORDS).returncode == 0
    command = [sys.executable, "-m", "tests.support.killed_while_saving", "50", "scripts.train"]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[1])}
    words = ["--data", str(folder), *map(str, WORDS)]
    done = patience.run([*command, *words], cwd=killed, env=environment)
    assert done.returncode == -signal.SIGKILL
    assert (killed / "mnist-backup").is_dir()

    other = train(killed, "--data", folder, *WORDS, "--seed", 1)
    assert other.stderr.startswith("error: mnist-backup: an unfinished training had other options")
    assert "--seed was 0, and is 1" in other.stderr

    done = train(killed, "--data", folder, *WORDS)
    assert done.returncode == 0, done.stderr
    assert "going on after epoch" in done.stdout
    for path in whole.iterdir():
        assert (killed / path.name).read_bytes() == path.read_bytes(), path.name
    assert sorted(os.listdir(killed)) == sorted(os.listdir(whole))  # no backup is left


def test_resume_without_anything_to_go_on_with(folder, tmp_path):
    done = train(tmp_path, "--data", folder, "--resume")
    assert done.returncode == 1
    assert done.stderr == (
        "error: mnist-backup: no interrupted training is there to go on with. "
        "Leave out --resume to begin anew.\n"
    )
    assert os.listdir(tmp_path) == []
    both = train(tmp_path, "--resume", "--fresh")
    assert both.returncode == 2
    assert "--fresh: not allowed with argument --resume" in both.stderr
