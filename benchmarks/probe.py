"""Measurements that run in a process of their own, started by `processes.probe`; each prints a line of JSON.

python -m benchmarks.probe first-step NAME      trains the classic net for one step
python -m benchmarks.probe first-use NAME       the same, then predicts 1,000 digits and one
python -m benchmarks.probe memory NAME FILE EPOCHS
python -m benchmarks.probe prediction ROW COUNT FILE ROUNDS BLOCK
python -m benchmarks.probe steps NAME FILE [WAY]
python -m benchmarks.probe assembly             which vector registers tinycnn's kernels use
"""

import dataclasses
import json
import os
import pathlib
import sys
import time

from benchmarks import contenders, machine
from benchmarks.nets import CLASSIC

BATCH = 128  # samples in a batch
ROUNDS, BLOCK = 5, 0.3  # turns of each measurement, and seconds that a turn lasts


def contender(name):
    """Return a contender's module, set to the number of threads in the environment."""
    return contenders.load(name, int(os.environ[machine.THREADS[0]]))


def noise(count):
    """Return `count` random pictures with random labels as `Data`: the times do not depend on content."""
    import numpy as np

    from benchmarks.digits import Data

    rng = np.random.default_rng(0)
    return Data("noise", rng.random((count, 28, 28, 1), np.float32), rng.integers(10, size=count))


def first_way(ways):
    """Return the first value of a dict {way: ...}."""
    return next(iter(ways.values()))


def first_step(name):
    """Train for one step; return {"end": the time of day then}.

    Args:
        name: of the contender.
    """
    first_way(contender(name).trainers(CLASSIC, noise(BATCH), BATCH)).steps(1)
    return {"end": time.time()}


def first_use(name):
    """Train for one step, predict 1,000 digits and one; return {"end": the time of day then}."""
    module, data = contender(name), noise(1000)
    trainer = first_way(module.trainers(CLASSIC, data.first(BATCH), BATCH))
    trainer.steps(1)
    for x in (data.x, data.x[:1]):
        first_way(module.predictors(CLASSIC, trainer.weights(), x))()
    return {"end": time.time()}


def megabytes(field):
    """Return the memory of this process in MB.

    Args:
        field: of Linux's /proc/self/status: "VmRSS" for the memory now, "VmHWM" for its peak. (On Linux
            the peak of `getrusage` would include the parent process's.) Elsewhere it is always the peak.
    """
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith(field)]
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


def memory(name, file, epochs):
    """Train, and return {"training": peak memory minus that after importing, "peak": peak memory}, in MB.

    Args:
        name: of the contender.
        file: a .npy file with the images; beside it one with the labels.
        epochs: how many to train.
    """
    import numpy as np

    from benchmarks.digits import Data

    module = contender(name)
    after_import = megabytes("VmRSS")
    data = Data("given", np.load(file), np.load(f"{file}.labels.npy"))
    trainer = first_way(module.trainers(CLASSIC, data, BATCH))
    for _ in range(int(epochs)):
        trainer.steps(len(data.x) // BATCH)
    peak = megabytes("VmHWM")
    return {"training": peak - after_import, "peak": peak}


def given(file, rounds, block):
    """Return a `setting.Setting` with the data of a file, and the weights in it.

    Args:
        file: an .npz file with x, labels, and weights as arr_0, arr_1, ...
        rounds, block: see `setting.Setting`.
    """
    import numpy as np

    from benchmarks.digits import Data
    from benchmarks.setting import Setting

    arrays, setting = np.load(file), Setting(int(os.environ[machine.THREADS[0]]), rounds)
    setting.block = block
    setting.data = Data("given", arrays["x"], arrays["labels"])
    return setting, [arrays[f"arr_{place}"] for place in range(len(arrays.files) - 2)]


def prediction(name, count, file, rounds, block):
    """Time the classic net's prediction with all contenders; return a `results.Row` as a dict.

    Args:
        name: of the row.
        count: of images.
        file: see `given`.
        rounds, block: see `setting.Setting`.
    """
    from benchmarks.net_rows import prediction

    setting, weights = given(file, int(rounds), float(block))
    setting.set_weights(CLASSIC, {"after one epoch": weights})
    (row,) = prediction(setting, name, CLASSIC, int(count))
    return dataclasses.asdict(row)


def steps(name, file, way=None):
    """Time training steps in turns with a matrix product.

    Args:
        name: of the contender.
        file: see `given`.
        way: to train; None: the fastest.

    Returns:
        {"way": its name, "step": seconds of a step for each round, "flops": FLOP/s of the product}.
    """
    from benchmarks.net_rows import training_ways
    from benchmarks.results import Row

    setting, weights = given(file, ROUNDS, BLOCK)
    trainers = contender(name).trainers(CLASSIC, setting.data, BATCH)
    chosen = {way: trainers[way]} if way else trainers
    row = Row(name)
    ways = training_ways(setting, {name: chosen}, weights, BATCH)
    setting.contest(row, ways, with_sgemm=True)
    return {"way": row.ways[name], "step": row.measurements[name], "flops": row.sgemm}


def assembly(name):
    """Compile what a training step and predictions need; count vector registers in the machine code.

    Only freshly compiled code can be read, so the cache of kernels must be empty.

    Returns:
        {"ymm": occurrences of AVX2's registers, "zmm": of AVX-512's}.
    """
    first_use(name)
    from numba.core.dispatcher import Dispatcher

    modules = [m for n, m in sys.modules.items() if n.startswith("tinycnn.ops.kernels")]
    dispatchers = {
        value for m in modules for value in vars(m).values() if isinstance(value, Dispatcher)
    }
    texts = [text for dispatcher in dispatchers for text in dispatcher.inspect_asm().values()]
    return {name: sum(text.count(f"%{name}") for text in texts) for name in ("ymm", "zmm")}


def main():
    """Run the function that the command line names, and print what it returns as JSON."""
    functions = {
        "first-step": first_step,
        "first-use": first_use,
        "memory": memory,
        "prediction": prediction,
        "steps": steps,
        "assembly": assembly,
    }
    name, *arguments = sys.argv[1:]
    print(json.dumps(functions[name](*arguments)), flush=True)


if __name__ == "__main__":
    main()
