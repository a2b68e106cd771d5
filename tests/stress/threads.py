"""Train tiny nets on many threads, with delays at every hand-over: the same bytes, and no failure.

    python -m tests.stress.threads                      20,000 steps with each of 3, 4, 8, 16, 32, 64 threads
    python -m tests.stress.threads --steps 500 --threads 8 64

Every kernel shares its loop among all threads, however small it is. One net has dropout, and launches its
kernels one by one; the steps of the other are recorded, and repeated natively. Between the steps come what
else happens in a process: another Python thread that predicts, errors in spans, interrupts, forks.
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import sys
import threading
import time

import numpy as np

from tests.stress.delays import pause
from tinycnn import ops, utils
from tinycnn.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tinycnn.models import Sequential
from tinycnn.ops.kernels.parallel import program, thread_pool

HAND_OVERS = (
    (thread_pool, "pop_or_none"),
    (thread_pool, "clear_flag_and_spin"),
    (thread_pool, "all_flags_clear"),
    (thread_pool.WorkerThread, "help"),
    (thread_pool.WorkerThread, "sleep"),
    (thread_pool.WorkerThread, "wake"),
    (thread_pool.ThreadPool, "submit"),
    (thread_pool.Loop, "wait"),
    (program.Program, "_launch"),
    (program.Program, "_help"),
)
BATCH = 64


def delayed(function, dice, chance):
    """Return the function with pauses before and after it."""

    def call(*arguments):
        pause(dice, chance)
        result = function(*arguments)
        pause(dice, chance)
        return result

    return call


def share_everything_with_delays(chance):
    """Make every loop worth a thread an index, and let threads pause wherever they hand over."""
    dice = random.Random(5)
    for place, name in HAND_OVERS:
        setattr(place, name, delayed(getattr(place, name), dice, chance))
    run = thread_pool.workers.run
    thread_pool.workers.run = lambda kernel, n, grain, /, *options, **named: run(
        kernel, n, 1, *options, **named
    )


def tiny_net(dropout=()):
    """Return a net with a fused convolution, pooling and a dense layer; dropout: [Dropout(...)] or none."""
    utils.set_random_seed(7)
    first = [Input((6, 6, 1)), Conv2D(3, 3, activation="relu"), MaxPooling2D()]
    model = Sequential([*first, *dropout, Flatten(), Dense(4, activation="softmax")])
    model.compile("adadelta", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Predictor(threading.Thread):
    """Another Python thread, which predicts with a model of its own as long as training goes on."""

    def __init__(self, x):
        super().__init__(daemon=True)
        self.model, self.x, self.stop, self.problems = tiny_net(), x, threading.Event(), []
        self.wanted = self.model.predict(x, verbose=0).tobytes()
        self.start()

    def run(self):
        while not self.stop.wait(0.001):
            if self.model.predict(self.x, verbose=0).tobytes() != self.wanted:
                self.problems.append("a prediction beside training has other bytes")
                return


def fail_in_a_span(dice):
    """Let a span fail; its error must come out, and nothing else."""
    bad = dice.randrange(BATCH)

    def kernel(start, stop):
        if start <= bad < stop:
            raise ZeroDivisionError(bad)

    try:
        thread_pool.workers.run(kernel, BATCH, 1)
    except ZeroDivisionError:
        return
    raise AssertionError("the error of a span was lost")


def interrupt(model, x, dice):
    """Interrupt predictions at a random moment, which must leave all in order."""
    if not hasattr(signal, "setitimer"):
        return
    wanted, came = model.predict(x, verbose=0).tobytes(), []

    def interrupted(number, frame):
        came.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupted)
    with contextlib.suppress(KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(1e-5, 5e-3))
        while not came:  # where nobody listens to errors, as in a finalizer, it gets lost
            model.predict(x, verbose=0)
    assert model.predict(x, verbose=0).tobytes() == wanted, "after an interrupt: other bytes"


def fork(model, x):
    """Let a child predict, which has none of its parent's threads."""
    if not hasattr(os, "fork"):
        return
    wanted = model.predict(x, verbose=0).tobytes()
    child = os.fork()
    if child == 0:
        os._exit(int(model.predict(x, verbose=0).tobytes() != wanted))
    assert os.waitpid(child, 0)[1] == 0, "a forked child failed"


def trained_bytes(count, steps, disturbed=True):
    """Return the hash of the weights after so many steps on so many threads."""
    ops.set_num_threads(count)
    rng, dice, models = np.random.default_rng(3), random.Random(count), [tiny_net()]
    models.insert(0, tiny_net([Dropout(0.2)]))
    x = rng.standard_normal((BATCH * 8, 6, 6, 1)).astype(np.float32)
    y = rng.integers(0, 4, len(x))
    beside = Predictor(x[:BATCH]) if disturbed else None
    for step in range(steps):
        part = slice(step % 8 * BATCH, (step % 8 + 1) * BATCH)
        for model in models:
            model.train_on_batch(x[part], y[part])
        if disturbed and step % 20 == 0:
            fail_in_a_span(dice)
        if disturbed and step % 100 == 50:
            interrupt(model, x[:BATCH], dice)
        if disturbed and step % 500 == 250:
            fork(model, x[:BATCH])
    if beside is not None:
        beside.stop.set()
        beside.join()
        assert not beside.problems, beside.problems
    weights = [weight.tobytes() for model in models for weight in model.get_weights()]
    return hashlib.sha256(b"".join(weights)).hexdigest()


def main():
    """Compare every number of threads with one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20_000, help="for each number of threads")
    parser.add_argument("--threads", type=int, nargs="+", default=[3, 4, 8, 16, 32, 64])
    parser.add_argument("--chance", type=float, default=0.01, help="of a pause at a hand-over")
    options = parser.parse_args()
    wanted = trained_bytes(1, options.steps, disturbed=False)
    share_everything_with_delays(options.chance)
    sys.setswitchinterval(1e-5)
    for count in options.threads:
        start = time.monotonic()
        actual = trained_bytes(count, options.steps)
        seconds = time.monotonic() - start
        outcome = "same bytes" if actual == wanted else f"OTHER BYTES: {actual[:12]}"
        print(
            f"{count:3} threads, {options.steps:,} steps: {outcome} ({seconds:.0f} s)", flush=True
        )
        assert actual == wanted


if __name__ == "__main__":
    main()
