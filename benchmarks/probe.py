"""What runs in a process of its own; prints one line of JSON.

python -m benchmarks.probe first-step NAME      trains the classic net for one step
python -m benchmarks.probe first-use NAME       the same, then predicts 1,000 digits and one
python -m benchmarks.probe memory NAME FILE EPOCHS
python -m benchmarks.probe steps NAME FILE [WAY]
python -m benchmarks.probe assembly             which vector registers tinycnn's kernels use
"""

import json
import os
import pathlib
import sys
import time

from benchmarks import contenders, machine
from benchmarks.nets import CLASSIC

BATCH = 128
ROUNDS, BLOCK = 5, 0.3


def contender(name):
    """Return a contender's module."""
    return contenders.load(name, int(os.environ[machine.THREADS[0]]))


def noise(count):
    """Return random pictures with labels; nobody's time depends on what they show."""
    import numpy as np

    from benchmarks.digits import Data

    rng = np.random.default_rng(0)
    return Data("noise", rng.random((count, 28, 28, 1), np.float32), rng.integers(10, size=count))


def first_way(ways):
    """Return what belongs to the first way of doing something."""
    return next(iter(ways.values()))


def first_step(name):
    """Train for one step, and say when that was done."""
    first_way(contender(name).trainers(CLASSIC, noise(BATCH), BATCH)).steps(1)
    return {"end": time.time()}


def first_use(name):
    """Train for one step and predict, and say when all that was done."""
    module, data = contender(name), noise(1000)
    trainer = first_way(module.trainers(CLASSIC, data.first(BATCH), BATCH))
    trainer.steps(1)
    for x in (data.x, data.x[:1]):
        first_way(module.predictors(CLASSIC, trainer.weights(), x))()
    return {"end": time.time()}


def megabytes(field):
    """Return VmRSS (now) or VmHWM (at most) of this process.

    `getrusage` will not do: on Linux its peak begins with what the parent had.
    """
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith(field)]
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


def memory(name, file, epochs):
    """Return how much memory training takes beyond what importing took, in MB."""
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


def steps(name, file, way=None):
    """Return seconds of a training step, and of the machine's matrix product, round by round."""
    import numpy as np

    from benchmarks.digits import Data
    from benchmarks.net_rows import training_ways
    from benchmarks.results import Row
    from benchmarks.setting import Setting

    given, setting = np.load(file), Setting(0, ROUNDS)
    setting.block = BLOCK
    setting.data = Data("given", given["x"], given["labels"])
    weights = [given[f"arr_{place}"] for place in range(len(given.files) - 2)]
    trainers = contender(name).trainers(CLASSIC, setting.data, BATCH)
    chosen = {way: trainers[way]} if way else trainers
    row = Row(name)
    ways = training_ways(setting, {name: chosen}, weights, BATCH)
    setting.contest(row, ways, with_sgemm=True)
    return {"way": row.ways[name], "step": row.measurements[name], "flops": row.sgemm}


def assembly(name):
    """Compile what a training step and predictions need; count registers in the machine code.

    Only freshly compiled code can be read, so the cache must be empty.
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
    """Run one of the functions above."""
    functions = {
        "first-step": first_step,
        "first-use": first_use,
        "memory": memory,
        "steps": steps,
        "assembly": assembly,
    }
    name, *arguments = sys.argv[1:]
    print(json.dumps(functions[name](*arguments)), flush=True)


if __name__ == "__main__":
    main()
