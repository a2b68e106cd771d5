"""Trainings that are killed at any moment: every file is absent, old or whole, and nothing stays behind.

    python -m tests.stress.kills --count 200

Each round forks a process that trains a tiny net on a few digits and writes model, table and picture
again and again. It gets SIGKILL, SIGTERM, SIGINT or SIGHUP: in two of three rounds after a random
time, in the third while it saves: there, a call of the system that saving makes, chosen by chance, says
so and waits. Afterwards every file is looked at, and one more training must leave only the three.
"""

import argparse
import collections
import csv
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
import traceback

import numpy as np
from PIL import Image

from tinycnn import callbacks, datasets, layers, models
from tinycnn.models import sequential
from tinycnn.saving import writer
from tinycnn.utils import atomic, cli, plots

SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
FILES = ("mnist.h5", "mnist-history.csv", "digits.png")
EPOCHS = 4
DIGITS = 64


def tiny_net():
    net = sequential.Sequential(
        [layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def train(folder, digits, epochs=EPOCHS):
    """Train and write the three files after every epoch, as scripts/train.py does in the end."""
    model, table, picture = (os.path.join(folder, name) for name in FILES)
    x, y = digits.x_train[:DIGITS], digits.y_train[:DIGITS]

    def draw(epoch, logs):
        captions = [f"epoch {epoch}"] * len(x)
        plots.save_picture(plots.contact_sheet(x, captions), picture)

    hooks = [
        callbacks.ModelCheckpoint(model),
        callbacks.CSVLogger(table),
        callbacks.LambdaCallback(on_epoch_end=draw),
    ]
    tiny_net().fit(x / np.float32(255), y, epochs=epochs, verbose=0, callbacks=hooks)


class Saving:
    """Announces the chosen one of the calls that saving makes, and waits there to be killed."""

    PLACES = (
        (atomic, "_opened"),
        (atomic.os, "fsync"),
        (atomic.os, "chmod"),
        (atomic.os, "replace"),
        (atomic.os, "unlink"),
        (writer, "_verify"),
    )

    def __init__(self, chosen, announce):
        self.left, self.announce = chosen, announce
        for module, name in self.PLACES:
            setattr(module, name, self._wrapped(getattr(module, name)))

    def _wrapped(self, function):
        def call(*arguments, **named):
            before = self.left % 2  # half of the moments are before the call, half are after it
            if before:
                self._moment()
            result = function(*arguments, **named)
            if not before:
                self._moment()
            return result

        return call

    def _moment(self):
        self.left -= 1
        if self.left == 0:
            self.announce(b"s")
            while True:
                pass  # not signal.pause(): a signal just before it would be lost


def child(folder, digits, chosen, pipe):
    """Be the training process; never return."""

    def main():
        announce(b"r")
        if chosen:
            Saving(chosen, announce)
        train(folder, digits)

    def announce(word):
        os.write(pipe, word)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & lets it be ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    code = 99
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        cli.run(main)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc(file=sys.stdout)
    finally:
        sys.stdout.flush()
        os._exit(code)


def one_round(folder, digits, number, chance, span):
    """Start a training, end it by a signal; return its exit status and whether it was saving."""
    saving = chance.random() < 1 / 3
    # Every save makes some 6 such calls, every epoch three saves; later ones are reached by none.
    chosen = chance.randrange(1, 15 * EPOCHS) if saving else 0
    ends, starts = os.pipe()
    process = os.fork()
    if not process:
        os.close(ends)
        child(folder, digits, chosen, starts)
    os.close(starts)
    os.read(ends, 1)  # its handlers are in place
    if saving:
        saving = os.read(ends, 1) == b"s"
    else:
        time.sleep(chance.uniform(0, span))
    os.kill(process, number)  # not yet waited for: the number is still its own
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(ends)
    return status, saving


def contents(folder):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


def check_whole(path):
    """Raise whatever there is to raise if a file is not whole."""
    if path.suffix == ".h5":
        models.load_model(path)
    elif path.suffix == ".csv":
        text = path.read_text()
        rows = list(csv.reader(text.splitlines()))
        assert text.endswith("\n"), text
        # As in Keras, the columns of a validation are there, NA without one.
        assert rows[0] == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"], rows
        assert [row[0] for row in rows[1:]] == [str(n) for n in range(len(rows) - 1)], rows
        assert len(rows) > 1, rows
        assert all(len(row) == 5 for row in rows), rows
    else:
        with Image.open(path) as image:
            image.load()


def problems(folder, before, status, number):
    """Yield what is wrong after a training that was ended by a signal."""
    after = contents(folder)
    if status not in (0, 128 + number, -number):
        yield f"exit code {status}"
    if number != signal.SIGKILL and {*after} - {*FILES}:
        yield f"left behind: {sorted({*after} - {*FILES})}"
    for name in FILES:
        if name in before and name not in after:
            yield f"{name} is gone"
        elif name in after and after[name] != before.get(name):
            try:
                check_whole(pathlib.Path(folder, name))
            except Exception as error:
                yield f"{name} is neither old nor whole: {error!r}"


def next_run(folder, digits):
    """Train once more in a process of its own; return what is there then besides the three files."""
    process = os.fork()
    if not process:
        child(folder, digits, 0, os.open(os.devnull, os.O_WRONLY))
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return [*({*contents(folder)} ^ {*FILES}), *([f"exit code {status}"] if status else [])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=cli.whole_number(), default=200, help="default: 200")
    parser.add_argument("--seed", type=cli.whole_number(0), default=0, help="default: 0")
    options = parser.parse_args()
    chance, digits = random.Random(options.seed), datasets.load("sample")
    counts, wrong = collections.Counter(), []
    with tempfile.TemporaryDirectory() as first:
        train(first, digits, epochs=1)  # every library is loaded now
        begin = time.perf_counter()
        train(first, digits)
        span = time.perf_counter() - begin
    for turn in range(options.count):
        number = SIGNALS[turn % len(SIGNALS)]
        with tempfile.TemporaryDirectory() as folder:
            if chance.random() < 0.75:  # else there are no old files
                train(folder, digits, epochs=1)
            before = contents(folder)
            status, saving = one_round(folder, digits, number, chance, span)
            parts = len({*contents(folder)} - {*FILES})
            bad = [*problems(folder, before, status, number), *next_run(folder, digits)]
        counts.update(
            [
                f"{number.name}{' while saving' if saving else ''}",
                *["parts left by the kill"] * parts,
            ]
        )
        counts["trainings that were over before"] += status == 0
        wrong += [f"round {turn}, {number.name}: {problem}" for problem in bad]
    for name, count in sorted(counts.items()):
        print(f"{count:5} {name}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{options.count} kills, {len(wrong)} problems")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
