"""Ranks for tests: threads in place of processes, and programs under mpiexec."""

import collections
import contextlib
import os
import pathlib
import random
import shutil
import signal
import sys
import threading
import time

import pytest

from tests.support import patience
from tinycnn.distribution import DataParallel

# Runs a rank, writes down what it says and how it ends, and keeps from mpiexec that a signal ended it:
# mpich's is quick to kill the others then. Of a rank that is lost it tells the others by SIGUSR1.
SHELL = (
    'trap : USR1; rank=${PMI_RANK:-$OMPI_COMM_WORLD_RANK}; "$@" 2>"$FOLDER/$rank.err"; '
    'code=$?; echo $code >"$FOLDER/$rank.code"; exit $code'
)
ROOT = pathlib.Path(__file__).parents[2]


class ThreadLink:
    """A `doubling.Link` between threads; messages come after as many looks as chance says."""

    def __init__(self, rank, size, boxes, seed):
        self.rank, self.size, self.boxes = rank, size, boxes
        self.chance, self.sent = random.Random(seed * size + rank), []

    def start(self, other, tag, send, receive):
        self.sent.append((other, tag, send.nbytes))
        looks = self.chance.choice([0, 0, 1, 5, 50])
        time.sleep(0)
        self.boxes[self.rank, other, tag].append(send.tobytes())
        received = []

        def done():
            nonlocal looks
            looks -= 1
            time.sleep(0)  # another thread's turn
            if looks >= 0:
                return False
            box = self.boxes[other, self.rank, tag]
            if not received and box:
                received.append(box.popleft())
                assert len(received[0]) == receive.nbytes
                receive.reshape(-1).view("u1")[:] = bytearray(received[0])
            return bool(received)

        return done

    def wait(self, done):
        patience.until(done)


def in_threads(size, run, shards=8, seed=0):
    """Return what `run(DataParallel)` returns on each of so many ranks, in threads."""
    boxes, results = collections.defaultdict(collections.deque), [None] * size
    for key in [(a, b, tag) for a in range(size) for b in range(size) for tag in range(64)]:
        boxes[key] = collections.deque()  # here, so that no two threads make it

    def be(rank):
        try:
            shared = DataParallel.of(ThreadLink(rank, size, boxes, seed), shards)
            results[rank] = run(shared)
        except BaseException as error:
            results[rank] = error

    threads = [threading.Thread(target=be, args=(rank,), daemon=True) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience.PATIENCE)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def mpiexec():
    """Return the command mpiexec, beside this Python or on the path; None without it or mpi4py."""
    try:
        import mpi4py  # noqa: F401
    except ImportError:
        return None
    beside = pathlib.Path(sys.executable).with_name("mpiexec")
    return str(beside) if beside.exists() else shutil.which("mpiexec")


needs_mpi = pytest.mark.skipif(
    mpiexec() is None, reason="needs mpi4py and mpiexec: pip install 'tinycnn[mpi]'"
)


def command(ranks, program, *arguments, options=(), noted=False):
    """Return the command that runs a Python program with so many ranks, each, if `noted`, by SHELL."""
    version = patience.run([mpiexec(), "--version"]).stdout
    if "Open MPI" in version or "OpenRTE" in version:
        options = [option for option in options if option != "-disable-auto-cleanup"]
        options += ["--oversubscribe", *(["--allow-run-as-root"] if os.getuid() == 0 else [])]
    by = ["sh", "-c", SHELL, "sh"] if noted else []
    words = [sys.executable, str(program), *map(str, arguments)]
    return [mpiexec(), *options, "-n", str(ranks), *by, *words]


def environment(threads=1):
    """Return the environment of such a program: this checkout, and few threads, as ranks share the CPUs."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths, "NUMBA_NUM_THREADS": str(threads)}


def run(ranks, program, *arguments, threads=1, options=(), **more):
    """Run a program with so many ranks to its end; return it with output and errors, as text."""
    words = command(ranks, program, *arguments, options=options)
    return patience.run(words, env=environment(threads), **more)


@contextlib.contextmanager
def default(shared):
    """Let this be the distribution of this process for the with block."""
    from tinycnn import distribution

    distribution.set_distribution(shared)
    try:
        yield shared
    finally:
        distribution.set_distribution(None)


def processes(mpiexec_pid):
    """Return the ids of the ranks that an mpiexec has started: Python below it, but what Python starts."""
    found = [line.split() for line in _ps().splitlines()]
    names = {pid: name for pid, _, name in found}
    below = {str(mpiexec_pid)}
    for _ in found:
        below |= {pid for pid, parent, _ in found if parent in below}
    is_python = {pid for pid in below if names.get(pid, "").startswith("python")}
    return [int(pid) for pid, parent, _ in found if pid in is_python and parent not in is_python]


def _ps():
    """Return a line for each process: its id, its parent's, its name."""
    words = ["ps", "-A", "-o", "pid=,ppid=,ucomm="]
    return patience.run(words, check=True).stdout


def kill_a_rank(mpiexec_pid, which=-1):
    """Kill one rank of an mpiexec, by -9; the last by default."""
    os.kill(sorted(processes(mpiexec_pid))[which], signal.SIGKILL)
