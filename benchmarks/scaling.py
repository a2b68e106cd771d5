"""What more processes and more machines would give: measured here, and predicted by a model that is checked.

    python -m benchmarks.scaling

One thread a rank, the classic net. Measured here are: a rank's own work for its part of a batch, without
messages; latency and bandwidth between two ranks; and whole steps of 1, 2 and 4 ranks. The model:

    step = work(m) + max(0, 2 · log2(ranks) · arrays · α + 2 · (1 - 1 / ranks) · bytes / β - window)
    work(m) = fixed + m · each      m: a rank's samples of the batch

α is the latency, β the bandwidth. In the window the backward pass goes on while gradients travel; where
ranks share CPUs, here, there is no such window, and work takes ranks / CPUs times as long. Efficiency is the
step of one rank over ranks times theirs.
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

from tinycnn import distribution, ops, utils
from tinycnn.callbacks import LambdaCallback
from tinycnn.distribution import DataParallel
from tinycnn.models import sharded
from tinycnn.models.means import Means
from tinycnn.pretrained import nets
from tinycnn.utils.rng import rng_at
from tinycnn.utils.thread_count import count_cpus

BATCH, ROUNDS, STEPS = 256, 5, 12
NETWORKS = {"1 Gb/s": (50e-6, 125e6), "10 Gb/s": (20e-6, 1.25e9), "100 Gb/s": (5e-6, 12.5e9)}
RANKS = [2**power for power in range(11)]
BATCHES = [256, 2048, 16384]


@dataclasses.dataclass
class Model:
    """The alpha-beta model, with what was measured; seconds and bytes."""

    fixed: float  # of a rank's work
    each: float  # of it for each sample
    window: float  # for each sample
    arrays: int  # gradients that travel
    size: int  # their bytes

    def step(self, batch: int, ranks: int, network: tuple[float, float], cpus: float) -> float:
        """Return the seconds of a step; cpus: how many the ranks share, math.inf for one each."""
        alpha, beta = network
        samples = batch / ranks
        messages = 2 * math.log2(ranks) * self.arrays * alpha
        messages += 2 * (1 - 1 / ranks) * self.size / beta
        window = self.window * samples if cpus == math.inf else 0.0
        work = (self.fixed + self.each * samples) * max(1.0, ranks / cpus)
        return work + max(0.0, messages - window)


class NoMessages:
    """A `Link` over which everything has come already: what remains is a rank's own work."""

    rank = 0

    def __init__(self, size: int):
        self.size = size

    def start(self, other: int, tag: int, send: np.ndarray, receive: np.ndarray) -> object:
        receive.fill(0)  # as if it were copied
        return lambda: True

    def wait(self, done: object) -> None:
        while not done():
            time.sleep(0)


def classic(samples: int) -> tuple:
    """Return the classic net, compiled, and samples for it."""
    utils.set_random_seed(0)
    net = nets.classic_net()
    net.compile("adadelta", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    return net, rng.random((samples, 28, 28, 1), np.float32), rng.integers(0, 10, samples)


def own_work(ranks: int) -> tuple[float, float]:
    """Return the seconds of a rank's own work for a batch, and of them those after the first gradient."""
    shared, (net, x, y) = DataParallel.of(NoMessages(ranks)), classic(BATCH)
    part, begun, times, windows = shared.part(BATCH), [], [], []
    add = shared.add_later
    shared.add_later = lambda *one: (begun.append(time.perf_counter()), add(*one))
    sums = shared.sums
    shared.sums = lambda: (windows.append(time.perf_counter() - begun[0]), sums())[1]
    for step in range(STEPS):
        begun.clear()
        start = time.perf_counter()
        masks = [rng_at(0, "masks", step, shard + 1) for shard in shared.own_shards]
        means = Means(net.objective.names())
        sharded.train_step(net, x[part], y[part], None, BATCH, masks, shared, means, lambda _: None)
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:]), statistics.median(windows[2:])


def steps() -> float:
    """Return the median seconds of a step of all ranks; to be called on each."""
    net, x, y = classic(BATCH * STEPS)
    times: list[float] = []
    clock = LambdaCallback(on_train_batch_begin=lambda *_: times.append(time.perf_counter()))
    net.fit(x, y, batch_size=BATCH, verbose=0, callbacks=[clock])
    return float(np.median(np.diff(times)[1:]))


def exchange(size: int, rounds: int) -> float:
    """Return the seconds that two ranks take to exchange arrays of so many bytes; called on each."""
    shared, arrays = distribution.distribution(), np.zeros((2, size), np.uint8)
    start = time.perf_counter()
    for _ in range(rounds):
        shared.link.wait(shared.link.start(1 - shared.rank, 0, *arrays))
    return (time.perf_counter() - start) / rounds


def be_a_rank(size: int) -> None:
    """Measure what hangs on other ranks, and let rank 0 print it."""
    shared = DataParallel()
    distribution.set_distribution(shared)
    found = {"step": steps()}
    if shared.size == 2:
        alpha = exchange(8, 200)
        found |= {"alpha": alpha, "beta": size / (exchange(size, 5) - alpha)}
    if shared.rank == 0:
        print(json.dumps(found))


def with_ranks(ranks: int, size: int) -> dict[str, float]:
    """Return what so many ranks measure; `size` is that of all gradients in bytes."""
    beside = pathlib.Path(sys.executable).with_name("mpiexec")
    mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
    if mpiexec is None:
        raise SystemExit("error: there is no mpiexec: python -m pip install 'tinycnn[mpi]'")
    words = [
        mpiexec,
        "-n",
        str(ranks),
        sys.executable,
        "-m",
        "benchmarks.scaling",
        "--size",
        str(size),
    ]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def measured_model() -> Model:
    """Return the model of a rank's own work: a line through 1, 1/2, 1/4 and 1/8 of a batch."""
    points = {BATCH // ranks: own_work(ranks) for ranks in (1, 2, 4, 8)}
    samples, works = list(points), [work for work, _ in points.values()]
    each, fixed = np.polyfit(samples, works, 1, w=1 / np.array(works))
    window = statistics.median(window / count for count, (_, window) in points.items())
    grads = classic(1)[0].trainable_weights
    for count, (work, _) in points.items():
        print(f"own work, {count} samples: {work * 1e3:.1f} ms")
    return Model(max(0.0, fixed), each, window, len(grads), sum(grad.nbytes for grad in grads))


def check(model: Model, here: dict[int, list[dict]], network: tuple[float, float]) -> bool:
    """Print steps as measured and as predicted; return whether all are within a quarter."""
    good, cpus = True, count_cpus()
    for ranks, found in here.items():
        measured = statistics.median(one["step"] for one in found)
        predicted = model.step(BATCH, ranks, network, cpus)
        off = predicted / measured - 1
        good &= abs(off) <= 0.25
        print(
            f"{ranks} ranks: measured {measured * 1e3:.1f} ms, predicted {predicted * 1e3:.1f} ms, {off:+.0%}"
        )
    one, two = (statistics.median(f["step"] for f in here[ranks]) for ranks in (1, 2))
    print(f"2 ranks are {one / two:.2f} times as fast as 1 (median of {ROUNDS})")
    return good


def predictions(model: Model) -> None:
    """Print step and efficiency for every network, batch and number of ranks, one CPU a rank or more."""
    for name, network in NETWORKS.items():
        print(f"\n{name}, latency {network[0] * 1e6:.0f} µs: ms a step (efficiency)")
        print("ranks " + "".join(f"{f'batch {batch}':>20}" for batch in BATCHES))
        for ranks in RANKS:
            cells = []
            for batch in BATCHES:
                step, alone = (model.step(batch, n, network, math.inf) for n in (ranks, 1))
                cell = f"{step * 1e3:.1f} ({alone / step / ranks:.0%})"
                cells.append(f"{cell if batch >= ranks else '':>20}")
            print(f"{ranks:5} " + "".join(cells))
        least = next(
            (b for b in (2**k for k in range(20)) if gain(model, b, network) >= 1.5), "none"
        )
        print(f"2 ranks are 1.5 times as fast as 1 from a batch of {least} on")


def gain(model: Model, batch: int, network: tuple[float, float]) -> float:
    """Return how many times as fast as one rank two are."""
    return model.step(batch, 1, network, math.inf) / model.step(batch, 2, network, math.inf)


def main() -> int:
    """Measure, check and predict; return 1 if the model is off by more than a quarter here."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    ops.set_num_threads(1)
    if options.size is not None:
        be_a_rank(options.size)
        return 0
    print(
        f"{os.uname().nodename if hasattr(os, 'uname') else ''}: {count_cpus()} CPUs, batch {BATCH}"
    )
    model = measured_model()
    print(f"work: {model.fixed * 1e3:.1f} ms + {model.each * 1e3:.3f} ms a sample")
    print(f"gradients: {model.arrays} arrays, {model.size / 1e6:.1f} MB")
    here: dict[int, list[dict]] = {1: [], 2: [], 4: []}
    for _ in range(ROUNDS):
        for ranks, found in here.items():
            found.append(with_ranks(ranks, model.size))
    alpha, beta = (statistics.median(one[name] for one in here[2]) for name in ("alpha", "beta"))
    print(f"between ranks here: {alpha * 1e6:.0f} µs, {beta / 1e9:.2f} GB/s")
    good = check(model, here, (alpha, beta))
    predictions(model)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
