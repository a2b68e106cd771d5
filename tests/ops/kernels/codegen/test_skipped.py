"""Finding out which kernels some work needs without compiling any; compiling what no other process does."""

import contextlib
import json
import subprocess
import sys

from tests.support import patience
from tests.support.marks import compiled_only
from tests.support.processes import ROOT, run_code

# Kernels of all kinds: called with arrays, by address, and a function of numbers, as in the classic net.
SKIP = """
import numpy as np
from tinycnn.ops import dispatch
from tinycnn.ops.kernels.codegen.skipped import skipped_kernels
from tinycnn.utils.geometry import FusedConvolution
dispatch.set_num_threads(1)
with skipped_kernels() as kernels:
    x, kernel, dy = (np.ones(s, np.float32) for s in [(2, 26, 26, 32), (3, 3, 32, 64), (2, 24, 24, 64)])
    y = dispatch.conv2d_forward(x, kernel, kernel[0, 0, 0], (1, 1), ((0, 0), (0, 0)))
    dispatch.relu_backward(dy, y)
assert not y.any()
print(*(function.__name__ for function, _ in kernels))
print(sum(len(function.overloads) for function, _ in kernels))
"""
# The processes that run this begin when all are ready, and say what each has compiled.
SHARE = """
import json, sys
import numpy as np
from tinycnn.ops import dispatch
from tinycnn.ops.kernels.codegen.skipped import compile_others, skipped_kernels
dispatch.set_num_threads(1)
x = np.ones(5, np.float32)
with skipped_kernels() as kernels:
    y = dispatch.relu_forward(x)
    dispatch.relu_backward(x, y)
    dispatch.dropout_forward(x, 0.5, 1)
    dispatch.tanh_backward(x, y)
print("ready", flush=True)
sys.stdin.readline()
compile_others(kernels)
print(json.dumps([f.__name__ for f, _ in kernels if sum(f.stats.cache_misses.values())]))
"""


@compiled_only
def test_nothing_is_compiled_and_every_kernel_is_named(tmp_path):
    names, compiled = run_code(SKIP, NUMBA_CACHE_DIR=str(tmp_path)).splitlines()
    assert {"forward_span", "convolve_band", "gemm", "relu_backward_span"} <= set(names.split())
    assert compiled == "0"
    assert not list(tmp_path.rglob("*.nb?"))


def share(folder, monkeypatch, count):
    """Compile in `count` processes at once; return for each the names of what it compiled."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with contextlib.ExitStack() as stack:
        started = [patience.started([sys.executable, "-c", SHARE], **pipes) for _ in range(count)]
        processes = [stack.enter_context(one) for one in started]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        outputs = [process.communicate("go\n", patience.PATIENCE)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * count
    return [json.loads(output) for output in outputs]


def entries(folder):
    return sorted(path.name for path in folder.rglob("*.nbc"))


@compiled_only
def test_two_processes_compile_each_kernel_once(tmp_path, monkeypatch):
    (alone,) = share(tmp_path / "one", monkeypatch, 1)
    one, other = share(tmp_path / "two", monkeypatch, 2)
    assert sorted(one + other) == sorted(alone)
    assert len(alone) == 4
    assert entries(tmp_path / "one") == entries(tmp_path / "two") != []
    assert share(tmp_path / "two", monkeypatch, 1) == [[]]


@compiled_only
def test_who_is_done_goes_on_with_the_rest(tmp_path, monkeypatch):
    """Also if a function is locked all the time: it is left to the one that holds it."""
    share(tmp_path, monkeypatch, 1)
    from tinycnn.utils import file_lock

    (index,) = tmp_path.rglob("*.dropout_span-*.nbi")
    for path in [index, *tmp_path.rglob("*relu_forward_span-*.nbi")]:
        path.unlink()
    with file_lock.lock(f"{index}.lock"):
        assert share(tmp_path, monkeypatch, 1) == [["relu_forward_span"]]
