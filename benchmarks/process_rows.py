"""Rows of the table that need processes of their own: import, compilation, start, memory, threads, AVX2.

Each public function with arguments (setting, name) measures and returns a list of `results.Row`; `setting`
is the `setting.Setting` of this run, `name` the row's name. `rows.py` lists them.
"""

import contextlib
import os
import pathlib
import platform
import tempfile

import numpy as np

from benchmarks import machine
from benchmarks.contenders import OURS
from benchmarks.nets import CLASSIC
from benchmarks.processes import Failed, import_seconds, probe
from benchmarks.results import Row
from benchmarks.setting import BATCH

# What a process imports to have a framework
IMPORTS = {OURS: ["tinycnn"], "PyTorch": ["torch"], "Keras": ["keras"], "NumPy": ["numpy"]}
PARTS = [f"tinycnn.{part}" for part in ("layers", "models", "optimizers", "ops.kernels")]
FRAMEWORKS = (OURS, "PyTorch", "Keras")
MEMORY_STEPS = 3 * 78  # about as many as three epochs of the sample, at most three epochs
# The instruction set of Intel's Haswell (2013): AVX2 without AVX-512; and the environment variables that
# hold a framework to it.
HASWELL = "+avx,+avx2,+fma,+bmi,+bmi2,+sse4.2,+popcnt"
AVX2 = {
    OURS: {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": HASWELL,
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "PyTorch": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
}


def take_turns(row, names, rounds, measure):
    """Measure all contenders in turns, and write the numbers into a row.

    A contender whose process fails is entered as absent, with the reason; if tinycnn fails, it raises.

    Args:
        row: its `measurements` and `absent` are filled.
        names: of the contenders.
        rounds: how often each is measured.
        measure: `measure(name)` returns a number, or raises `processes.Failed`.
    """
    for _ in range(rounds):
        for name in names:
            if name in row.absent:
                continue
            try:
                row.measurements.setdefault(name, []).append(measure(name))
            except Failed as error:
                if name == OURS:
                    raise ValueError(f"{row.name}: {error}") from error
                row.measurements.pop(name, None)
                row.absent[name] = str(error)


def imports(setting, name):
    """Return two rows, in seconds: `import tinycnn` against the others' imports, and all that training needs.

    (`import tinycnn` alone loads little, because its modules are imported at their first use.)
    """
    environment = machine.thread_environment(setting.threads)
    row, everything = Row(name), Row(f"{name}, with all that training needs")

    def seconds(contender):  # of one import in a new process
        if contender == OURS:
            everything.measurements.setdefault(OURS, []).append(import_seconds(PARTS, environment))
        return import_seconds(IMPORTS[contender], environment)

    take_turns(Row(name), IMPORTS, 1, seconds)  # so that the system has the files in memory
    everything.measurements.clear()
    take_turns(row, IMPORTS, setting.process_rounds, seconds)
    row.note = "inside of a new Python; files in memory"
    everything.measurements |= {n: values for n, values in row.measurements.items() if n != OURS}
    everything.absent = row.absent
    everything.note = f"tinycnn: {', '.join(PARTS)}; the others as above"
    return [row, everything]


def first_run(setting, name):
    """Return a row: seconds to compile all kernels of the classic net, beside the import of the peers.

    Compilation is the time with an empty cache of kernels minus the time with a full one.
    """
    row, environment = Row(name, comparable=False), machine.thread_environment(setting.threads)

    def seconds(contender):  # of compilation, or of an import
        if contender != OURS:
            return import_seconds(IMPORTS[contender], environment)
        with tempfile.TemporaryDirectory() as cache:
            own = {**environment, "NUMBA_CACHE_DIR": cache}
            cold, warm = (probe("first-use", OURS, environment=own)["seconds"] for _ in range(2))
        return cold - warm

    take_turns(row, FRAMEWORKS, setting.process_rounds, seconds)
    row.note = "tinycnn: training and predicting with an empty cache less the same with a full one"
    row.ways = {OURS: "compilation", "PyTorch": "import torch", "Keras": "import keras"}
    return [row]


def warm_start(setting, name):
    """Return a row: seconds from the start of a process to the end of its first training step."""
    row, environment = Row(name), machine.thread_environment(setting.threads)

    def seconds(contender):  # of a new process
        return probe("first-step", contender, environment=environment)["seconds"]

    take_turns(Row(name), FRAMEWORKS, 1, seconds)  # fills the cache of kernels and that of files
    take_turns(row, FRAMEWORKS, setting.process_rounds, seconds)
    row.note = "start of the process to the end of the first training step; kernels in the cache"
    return [row]


def memory(setting, name):
    """Return a row: peak memory of training minus the memory after importing, in MB."""
    row, peaks = Row(name, unit="MB"), {}
    environment = machine.thread_environment(setting.threads)
    count = len(setting.data.x)
    epochs = max(1, min(3, MEMORY_STEPS // (count // BATCH)))

    def megabytes(contender):  # of training in a new process; enters the peak into `peaks`
        memory = probe("memory", contender, file, epochs, environment=environment)
        peaks[contender] = memory["peak"]
        return memory["training"]

    with tempfile.TemporaryDirectory() as folder:
        file = str(pathlib.Path(folder) / "x.npy")
        np.save(file, setting.data.x)
        np.save(f"{file}.labels.npy", setting.data.labels)
        take_turns(row, FRAMEWORKS, 1, megabytes)
    totals = ", ".join(f"{n} {peak:.0f} MB" for n, peak in peaks.items())
    data = f"{setting.data.name}, {count:,} digits as float32, {epochs} epochs"
    quantity = "peak less what importing took (tinycnn: Numba and all kernels' modules, too)"
    row.note = f"{quantity}; {data}; peaks in all: {totals}"
    return [row]


def prediction(setting, name, count, threads):
    """Return a row: seconds of the classic net's prediction, measured in a process of its own.

    There nobody's threads are left from training, all can be told how many to use before they begin, and
    what engines print goes astray.

    Args:
        setting, name: see this module.
        count: of images.
        threads: how many everybody uses.
    """
    environment = machine.thread_environment(threads)
    with trained_file(setting, "after one epoch") as file:
        options = name, count, file, setting.rounds, setting.block
        try:
            return [Row(**probe("prediction", *options, environment=environment))]
        except Failed as error:
            raise ValueError(f"{name}: {error}") from error


@contextlib.contextmanager
def trained_file(setting, state="after 100 steps"):
    """Yield the path of a temporary .npz file with the data, and the classic net's weights in this state.

    Other processes read it (`probe.given`).
    """
    with tempfile.TemporaryDirectory() as folder:
        file = str(pathlib.Path(folder) / "trained.npz")
        weights, data = setting.weights(CLASSIC)[state], setting.data
        np.savez(file, *weights, x=data.x, labels=data.labels)
        yield file


def timed_steps(ways, contender, file, environment):
    """Return (seconds of a training step, FLOP/s of a matrix product), medians measured in a new process.

    Args:
        ways: {contender: way}; a contender that is not in it takes its fastest way, and is entered.
        contender: its name.
        file: from `trained_file`.
        environment: environment variables of the process.
    """
    way = [ways[contender]] if contender in ways else []
    measured = probe("steps", contender, file, *way, environment=environment)
    ways[contender] = measured["way"]
    return float(np.median(measured["step"])), float(np.median(measured["flops"]))


def scaling(setting, name):
    """Return a row: time of a training step with 1 thread / with 2, and the same of a matrix product."""
    row, gains = Row(name, unit="×", comparable=False), []
    if setting.threads < 2:
        row.absent = dict.fromkeys((OURS, "sgemm"), "only one thread is to be used")
        return [row]
    with trained_file(setting) as file:

        def speed_up(contender):  # of a training step; appends the matrix product's to `gains`
            (alone, slow), (together, fast) = (
                timed_steps(row.ways, contender, file, machine.thread_environment(threads))
                for threads in (1, 2)
            )
            if contender == OURS:
                gains.append(fast / slow)
            return alone / together

        take_turns(row, (OURS,), setting.process_rounds, speed_up)
    row.measurements["sgemm"] = gains
    work = f"training step of the classic net, batch {BATCH}, weights after 100 steps"
    row.note = f"{work}; sgemm gains {np.median(gains):.2f}×"
    return [row]


def avx2(setting, name):
    """Return a row: seconds of a training step with AVX2 only, for tinycnn and PyTorch.

    Raises:
        ValueError: if tinycnn's kernels use AVX-512 (zmm registers) all the same.
    """
    row = Row(name)
    if platform.machine().lower() not in ("x86_64", "amd64"):
        row.absent = dict.fromkeys((OURS, "PyTorch"), f"{platform.machine()} has no AVX2")
        return [row]
    threads = machine.thread_environment(setting.threads)
    with tempfile.TemporaryDirectory() as cache, trained_file(setting) as file:
        environments = {contender: {**threads, **own} for contender, own in AVX2.items()}
        environments[OURS]["NUMBA_CACHE_DIR"] = os.fspath(cache)
        # With one thread, no other process compiles, whose code could not be read.
        alone = {**environments[OURS], **machine.thread_environment(1)}
        registers = probe("assembly", OURS, environment=alone)
        if registers["zmm"] or not registers["ymm"]:
            raise ValueError(f"{name}: compiled for something else than AVX2: {registers}")

        def seconds(contender):  # of a training step in a new process
            return timed_steps(row.ways, contender, file, environments[contender])[0]

        take_turns(row, AVX2, setting.process_rounds, seconds)
    row.note = f"weights after 100 steps; tinycnn's machine code: {registers['ymm']} ymm, 0 zmm"
    return [row]
