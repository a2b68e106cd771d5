"""Rows about whole processes: import, first run, start, memory, threads, an older instruction set."""

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

IMPORTS = {OURS: ["tinycnn"], "PyTorch": ["torch"], "Keras": ["keras"], "NumPy": ["numpy"]}
PARTS = [f"tinycnn.{part}" for part in ("layers", "models", "optimizers", "kernels")]
FRAMEWORKS = (OURS, "PyTorch", "Keras")
MEMORY_STEPS = 3 * 78  # about as many as three epochs of the sample, at most three epochs
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
    """Fill a row round by round; whoever fails is told to be absent, unless it is tinycnn itself.

    Args:
        row: to be filled.
        names: of the contenders.
        rounds: how often.
        measure: `measure(name)` returns a number.
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
    """Time the imports: what `import tinycnn` loads, and everything that training needs of it."""
    environment = machine.thread_environment(setting.threads)
    row, everything = Row(name), Row(f"{name}, with all that training needs")

    def seconds(contender):
        if contender == OURS:
            everything.measurements.setdefault(OURS, []).append(import_seconds(PARTS, environment))
        return import_seconds(IMPORTS[contender], environment)

    take_turns(Row(name), IMPORTS, 1, seconds)  # brings the files to memory
    everything.measurements.clear()
    take_turns(row, IMPORTS, setting.process_rounds, seconds)
    row.note = "inside of a new Python; files in memory"
    everything.measurements |= {n: values for n, values in row.measurements.items() if n != OURS}
    everything.absent = row.absent
    everything.note = f"tinycnn: {', '.join(PARTS)}; the others as above"
    return [row, everything]


def first_run(setting, name):
    """Time how long all kernels of the classic net compile; beside it, how long peers are imported."""
    row, environment = Row(name, comparable=False), machine.thread_environment(setting.threads)

    def seconds(contender):
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
    """Time from the start of a process to the end of the first training step."""
    row, environment = Row(name), machine.thread_environment(setting.threads)

    def seconds(contender):
        return probe("first-step", contender, environment=environment)["seconds"]

    take_turns(Row(name), FRAMEWORKS, 1, seconds)  # fills the cache, brings the files to memory
    take_turns(row, FRAMEWORKS, setting.process_rounds, seconds)
    row.note = "start of the process to the end of the first training step; kernels in the cache"
    return [row]


def memory(setting, name):
    """Measure how much memory training takes beyond what importing took."""
    row, peaks = Row(name, unit="MB"), {}
    environment = machine.thread_environment(setting.threads)
    count = len(setting.data.x)
    epochs = max(1, min(3, MEMORY_STEPS // (count // BATCH)))

    def megabytes(contender):
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


@contextlib.contextmanager
def trained_file(setting):
    """Write data and weights after 100 steps for other processes."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(pathlib.Path(folder) / "trained.npz")
        weights, data = setting.weights(CLASSIC)["after 100 steps"], setting.data
        np.savez(file, *weights, x=data.x, labels=data.labels)
        yield file


def timed_steps(ways, contender, file, environment):
    """Return (seconds of a step, FLOP/s of a matrix product), medians of a process of its own."""
    way = [ways[contender]] if contender in ways else []
    measured = probe("steps", contender, file, *way, environment=environment)
    ways[contender] = measured["way"]
    return float(np.median(measured["step"])), float(np.median(measured["flops"]))


def scaling(setting, name):
    """Measure by how much a second thread helps, and by how much it helps a matrix product."""
    row, gains = Row(name, unit="×", comparable=False), []
    if setting.threads < 2:
        row.absent = dict.fromkeys((OURS, "sgemm"), "only one thread is to be used")
        return [row]
    with trained_file(setting) as file:

        def speed_up(contender):
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
    """Time a training step of everybody who can be held to AVX2."""
    row = Row(name)
    if platform.machine().lower() not in ("x86_64", "amd64"):
        row.absent = dict.fromkeys((OURS, "PyTorch"), f"{platform.machine()} has no AVX2")
        return [row]
    threads = machine.thread_environment(setting.threads)
    with tempfile.TemporaryDirectory() as cache, trained_file(setting) as file:
        environments = {contender: {**threads, **own} for contender, own in AVX2.items()}
        environments[OURS]["NUMBA_CACHE_DIR"] = os.fspath(cache)
        registers = probe("assembly", OURS, environment=environments[OURS])
        if registers["zmm"] or not registers["ymm"]:
            raise ValueError(f"{name}: compiled for something else than AVX2: {registers}")

        def seconds(contender):
            return timed_steps(row.ways, contender, file, environments[contender])[0]

        take_turns(row, AVX2, setting.process_rounds, seconds)
    row.note = f"weights after 100 steps; tinycnn's machine code: {registers['ymm']} ymm, 0 zmm"
    return [row]
