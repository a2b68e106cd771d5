"""All rows of the table, as plans, in the order of measuring.

Rows that start processes come first, while this process is still small.
"""

import dataclasses
from collections.abc import Callable

from benchmarks import nets

IMPORT = "import"
FIRST_RUN = "first run: compilation"
WARM = "start to first training step"
MEMORY = "memory of training"
SCALING = "gain from 1 to 2 threads"
AVX2 = "AVX2: training step, classic net, batch 128"
STEP = "training step, classic net, batch 128"
LENET = "training step, LeNet-5 (tanh), batch 128"
THOUSAND = "prediction of 1,000 images"
ONE = "prediction of one image"
ONE_THREAD = "prediction of one image, one thread"
STRIDE2 = "training step, stride-2 net, batch 128"
FORWARD = "convolution 32→64 3×3, forward"
BOTH_WAYS = [f"convolution {case.name}, there and back" for case in nets.CONVOLUTIONS]


@dataclasses.dataclass(frozen=True)
class Plan:
    """How to measure one or two rows of the table.

    Args:
        name: of the row.
        cost: about how many seconds that takes on two cores.
        measure: `measure(setting, name)` returns a list of `results.Row`.
    """

    name: str
    cost: float
    measure: Callable


def training(net, batch):
    """Return a `measure` for a `Plan`: a training step of a net with batches of this size."""

    def measure(setting, name):
        from benchmarks import net_rows

        return net_rows.training(setting, name, net, batch)

    return measure


def prediction(count, threads=None):
    """Return a `measure` for a `Plan`: the prediction of `count` images by the classic net.

    Args:
        count: of images.
        threads: how many; None: those of the run.
    """

    def measure(setting, name):
        from benchmarks import process_rows

        return process_rows.prediction(setting, name, count, threads or setting.threads)

    return measure


def convolution(case, part):
    """Return a `measure` for a `Plan`: a `nets.Convolution`; part is "forward" or "both" (with gradients)."""

    def measure(setting, name):
        from benchmarks import convolution_rows

        return convolution_rows.convolution(setting, name, case, part)

    return measure


def process(function):
    """Return a `measure` for a `Plan`: the function of this name in `process_rows`.

    Modules are imported inside of `measure`, after the environment variables for threads have been set.
    """

    def measure(setting, name):
        from benchmarks import process_rows

        return getattr(process_rows, function)(setting, name)

    return measure


PLANS = (
    Plan(IMPORT, 30, process("imports")),
    Plan(FIRST_RUN, 70, process("first_run")),
    Plan(WARM, 40, process("warm_start")),
    Plan(MEMORY, 70, process("memory")),
    Plan(SCALING, 80, process("scaling")),
    Plan(AVX2, 90, process("avx2")),
    Plan(STEP, 110, training(nets.CLASSIC, 128)),
    Plan("training step, classic net, batch 32", 50, training(nets.CLASSIC, 32)),
    Plan("training step, classic net, batch 512", 60, training(nets.CLASSIC, 512)),
    Plan(LENET, 60, training(nets.lenet("tanh"), 128)),
    Plan("training step, LeNet-5 (relu), batch 128", 60, training(nets.lenet("relu"), 128)),
    Plan(STRIDE2, 60, training(nets.stride2(), 128)),
    Plan(
        "training step, stride-2 net with batch normalization, batch 128",
        60,
        training(nets.stride2(normalize=True), 128),
    ),
    Plan(THOUSAND, 150, prediction(1000)),
    Plan(ONE, 60, prediction(1)),
    Plan(ONE_THREAD, 60, prediction(1, threads=1)),
    Plan(FORWARD, 10, convolution(nets.CONVOLUTIONS[1], "forward")),
    *(
        Plan(name, 12, convolution(case, "both"))
        for name, case in zip(BOTH_WAYS, nets.CONVOLUTIONS, strict=True)
    ),
)
