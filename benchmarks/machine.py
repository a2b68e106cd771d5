"""The machine: its CPU, threads and installed packages, and a matrix product as a measure of its speed."""

import importlib.metadata
import os
import pathlib
import platform

PACKAGES = (
    *("numpy", "numba", "llvmlite", "torch", "keras", "tensorflow", "tensorflow-cpu", "jax"),
    *("onnxruntime", "openvino", "MNN", "ncnn", "ai-edge-litert"),
)
FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "asimd")
THREADS = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # XLA, and with it JAX
)
SIZES = (1024, 2048)  # rows of the square matrices that are multiplied; the faster size is taken


def thread_environment(count):
    """Return environment variables that make all libraries use `count` threads.

    They must be set before the libraries are imported.
    """
    return dict.fromkeys(THREADS, str(count))


def available_threads():
    """Return how many CPUs this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def cpu():
    """Return the CPU's name, and which of `FLAGS` (vector instructions) it has, if the system tells."""
    file, fields = pathlib.Path("/proc/cpuinfo"), {}
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
    for line in lines:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    present = fields.get("flags", fields.get("Features", "")).split()
    model = fields.get("model name") or platform.processor() or platform.machine()
    return model, [flag for flag in FLAGS if flag in present]


def versions():
    """Return "name version" of each package that is installed."""
    installed = []
    for name in PACKAGES:
        try:
            installed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def describe(threads):
    """Return lines that describe the machine and the installed packages, for the report.

    Args:
        threads: how many everybody uses.
    """
    model, flags = cpu()
    return [
        f"{model}, {os.cpu_count()} CPUs, {' '.join(flags) or 'flags not known'}, "
        f"{platform.system()} {platform.machine()}; {threads} threads for everybody",
        f"Python {platform.python_version()}, {', '.join(versions())}",
    ]


def sgemm_works():
    """Return {size: (`timing.Work` that multiplies float32 matrices of this size, its FLOPs)}."""
    import numpy as np

    from benchmarks.timing import Work

    def matrix_product(size):  # returns Work, FLOPs
        rng = np.random.default_rng(0)
        a, b = (rng.random((size, size), np.float32) for _ in range(2))
        c = np.empty_like(a)

        def run(count):
            for _ in range(count):
                np.matmul(a, b, out=c)

        return Work(run), 2 * size**3

    return {size: matrix_product(size) for size in SIZES}
