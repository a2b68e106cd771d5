"""Ranks that are killed at any moment: the others end with a sentence, and the training goes on.

    python -m tests.stress.ranks --count 40

Each round trains with 2, 4 or 8 ranks, and kills one of them by -9 at a random moment. In every other round
`mpiexec -disable-auto-cleanup` leaves the other ranks alone: each must end within 10 seconds by itself, with
one sentence and a code that is not 0. In the rest mpiexec may end them as it likes to. Then the same
training is started with another number of ranks, and must come to the bytes of one that nobody disturbed.
"""

import argparse
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from tests.support import ranks

PROGRAM = ranks.ROOT / "tests" / "support" / "mpi_training.py"
LIMIT = 10.0  # seconds in which all others must have ended


def training(count, backup, epochs, **how):
    """Return the command of a training that keeps backups in a folder."""
    words = ("small", f'backup="{backup}"', f"epochs={epochs}")
    return ranks.command(count, PROGRAM, *words, **how)


def killed(count, folder, epochs, chance, apart):
    """Kill a rank of a training; return what went wrong, and whether it had come to its end before."""
    options = ("-disable-auto-cleanup",) if apart else ()
    words = training(count, folder / "backup", epochs, options=options, noted=apart)
    environment = {**ranks.environment(), "FOLDER": str(folder)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with ranks.patience.started(words, env=environment, text=True, **pipes) as process:
        ranks.patience.until(lambda: "begin" in process.stdout.readline())
        pids = ranks.processes(process.pid)
        time.sleep(chance.random() * 0.1 * epochs)  # the moment itself is what chance decides
        which = chance.randrange(count)
        try:
            ranks.os.kill(pids[which], ranks.signal.SIGKILL)
        except ProcessLookupError:
            return [], True
        end = time.monotonic() + LIMIT
        while time.monotonic() < end and any(map(is_alive, pids)):
            time.sleep(0.01)
        late = [pid for pid in pids if is_alive(pid)]
        for pid in late:
            ranks.os.kill(pid, ranks.signal.SIGKILL)
        code = process.wait()
    wrong = [f"{len(late)} ranks had not ended after {LIMIT:g} s"] if late else []
    wrong += [] if code else ["mpiexec ended with 0"]
    return wrong + (words_of(folder, count) if apart else []), False


def is_alive(pid):
    """Return whether a process runs."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")


def words_of(folder, count):
    """Return what was wrong with codes and sentences of the ranks that were not killed."""
    wrong, killed_ranks = [], 0
    for rank in range(count):
        path = folder / f"{rank}.code"
        ranks.patience.until(lambda path=path: path.exists() and path.read_text())
        code, said = path.read_text().strip(), (folder / f"{rank}.err").read_text()
        if code == "137":
            killed_ranks += 1
        elif code == "0" or said.count("error: rank ") != 1 or "is lost" not in said:
            wrong.append(f"rank {rank} ended with {code} and said: {said!r}")
    return wrong + ([] if killed_ranks == 1 else [f"{killed_ranks} ranks were killed"])


def digests(command):
    """Return the line of hashes that a training prints last."""
    done = ranks.patience.run(command, env=ranks.environment())
    return done.stdout.splitlines()[-1] if done.returncode == 0 else f"failed: {done.stderr}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, good, after_the_end = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        whole = digests(training(1, pathlib.Path(folder) / "backup", options.epochs))
    print(f"undisturbed: {whole}", flush=True)
    for number in range(options.count):
        with tempfile.TemporaryDirectory() as name:
            folder, counts = pathlib.Path(name), chance.sample([1, 2, 4, 8], 4)
            first = next(count for count in counts if count > 1)
            wrong, over = killed(first, folder, options.epochs, chance, number % 2 == 0)
            after_the_end += over
            last = next(count for count in counts if count != first)
            found = digests(training(last, folder / "backup", options.epochs))
        wrong += [] if found == whole else [f"it came to {found}"]
        good += not wrong
        print(f"{number + 1}: {first} ranks, then {last}: {'; '.join(wrong) or 'well'}", flush=True)
    print(
        f"{good} of {options.count} ended and went on ({after_the_end} were over before the kill)"
    )
    return int(good < options.count)


if __name__ == "__main__":
    sys.exit(main())
