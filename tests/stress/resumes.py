"""Trainings that are killed at any moment and started again until they end: the result is always the same.

    python -m tests.stress.resumes --count 200 --threads 1 2 4

Three programs: scripts/train.py, the same with --augment, and tests/support/resumed_training.py with
dropout, batch normalization, Adam and callbacks. A quarter of the kills comes inside of saving; in some
rounds the disk is full, in some the newest backup is torn afterwards. SHA-256 of weights, optimizer and
history must equal those of a training that nobody disturbed; no file may stay that it does not leave.
"""

import argparse
import collections
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from tests.support import patience
from tests.support.few_digits import few_digits
from tinycnn.saving import backup
from tinycnn.utils import cli

ROOT = pathlib.Path(__file__).parents[2]
PROGRAMS = {
    "train.py": [
        *("scripts.train", "--data", "sample", "--model", "lenet", "--optimizer", "adam"),
        *("--epochs", "4", "--patience", "2", "--output", "net.h5"),
    ],
    "train.py --augment": [
        *("scripts.train", "--data", few_digits(), "--model", "lenet", "--optimizer", "adam"),
        *("--epochs", "4", "--batch-size", "64", "--augment", "--output", "net.h5"),
    ],
    "all that goes on": ["tests.support.resumed_training", "--output", "net.json"],
}
KEPT = "net.json-backup"  # the last program does not delete its backups
PLACES = 70  # calls of the system that saving makes in a training, or some more
FULL = 40_000  # bytes of a file that a full disk takes: enough for a table, too few for a net


def fill_disk():
    """Let this process write no file larger than that, as if the disk were full."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, FULL))


class Round:
    """A training that is killed and goes on, in a folder of its own.

    Args:
        program: of `PROGRAMS`.
        threads: that share the work.
        folder: for its files.
    """

    def __init__(self, program, threads, folder):
        self.words = [*PROGRAMS[program], "--threads", str(threads)]
        self.folder = pathlib.Path(folder)

    def start(self, place=None, full=False, fresh=False):
        """Return the process; it kills itself at this place of saving."""
        killing = [] if place is None else ["tests.support.killed_while_saving", str(place)]
        words = [sys.executable, "-m", *killing, *self.words, *["--fresh"] * fresh]
        preparing = {"preexec_fn": fill_disk} if full else {}
        return subprocess.Popen(
            words,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            **preparing,
        )

    def disturb(self, chance, span):
        """Start it and kill it, at once or after some time; return how, and what it complained about."""
        saving, full = chance.random() < 1 / 4, chance.random() < 1 / 8
        place = chance.randrange(PLACES) if saving else None
        with self.start(place, full) as process:
            if not saving:
                time.sleep(chance.uniform(0, span))
                process.kill()
            complaints = process.communicate(timeout=patience.PATIENCE)[1]
        how = "while saving" if saving else "at any moment"
        ended = process.returncode == 0
        return ("too late" if ended else how) + (", disk full" if full else ""), complaints

    def tear(self, chance):
        """Cut the newest backup off somewhere; return whether there was one, and one before it."""
        there = [*self.folder.glob(f"*-backup/{backup.BEFORE}")]
        newest = [path.with_name(backup.NEWEST) for path in there]
        if not newest or not newest[0].exists():
            return False
        os.truncate(newest[0], chance.randrange(newest[0].stat().st_size))
        return True

    def end(self):
        """Run it to its end; return what it complained about."""
        with self.start() as process:
            complaints = process.communicate(timeout=patience.PATIENCE)[1]
        return f"exit code {process.returncode}: {complaints}" if process.returncode else ""

    def files(self):
        """Return SHA-256 by file: a net's holds weights and optimizer, a table the history."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix != ".png" and path.parent.name != KEPT
        }


def undisturbed(program, threads):
    """Return the files of a training that nobody disturbs, and how many seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = Round(program, threads, folder)
        quiet.end()  # what is missing is compiled
        for path in quiet.folder.rglob("*"):
            if path.is_file():
                path.unlink()
        begin = time.monotonic()
        assert not (complaint := quiet.end()), complaint
        return quiet.files(), time.monotonic() - begin


def one_round(program, threads, wanted, span, chance):
    """Disturb a training once or more, let it end; return what happened, and what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        training, happened = Round(program, threads, folder), []
        while True:
            how, complaints = training.disturb(chance, span)
            happened.append(how)
            if "Traceback" in complaints:
                return happened, [complaints]
            if chance.random() < 1 / 8 and training.tear(chance):
                happened.append("torn")
            if "too late" in how or chance.random() < 2 / 3:
                break
        complaint, files = training.end(), training.files()
        if (
            "another training has made it" in complaint
        ):  # killed after its end, before it could say so
            complaint = ""
        differing = [name for name in {*files, *wanted} if files.get(name) != wanted.get(name)]
        return happened, [complaint] * bool(complaint) + [f"other: {name}" for name in differing]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=cli.whole_number(), default=200, help="default: 200")
    parser.add_argument("--threads", type=cli.whole_number(), nargs="+", default=[1, 2, 4])
    parser.add_argument("--seed", type=cli.whole_number(0), default=0)
    options = parser.parse_args()
    chance, seen, wrong = random.Random(options.seed), collections.Counter(), 0
    kinds = [(program, threads) for program in PROGRAMS for threads in options.threads]
    wanted = {kind: undisturbed(*kind) for kind in kinds}
    for program in PROGRAMS:
        results = [wanted[program, threads][0] for threads in options.threads]
        assert all(one == results[0] for one in results), "threads change the result"
    kills = 0
    while kills < options.count:
        kind = kinds[chance.randrange(len(kinds))]
        happened, problems = one_round(*kind, *wanted[kind], chance)
        kills += sum(how != "torn" and "too late" not in how for how in happened)
        seen.update(happened)
        for problem in problems:
            wrong += 1
            print(f"{kind}, {happened}: {problem}", flush=True)
    for how, count in sorted(seen.items()):
        print(f"{count:4} {how}")
    print(f"{kills} kills, {wrong} problems")
    return int(wrong > 0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.run(main)
