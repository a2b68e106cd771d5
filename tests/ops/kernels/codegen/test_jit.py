"""Compiled kernels on disk: a cache that is damaged, locked or shared costs time and never a result."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.support import patience
from tests.support.marks import compiled_only, forks_only
from tests.support.processes import ROOT, run_code

# The smallest use of a compiled kernel, for what is about files and not about arithmetic.
RELU = """
import numpy as np
from tinycnn.ops.kernels.activations import relu_forward

y = relu_forward(np.arange(-3, 4, dtype=np.float32))
if y.tolist() != [0, 0, 0, 0, 1, 2, 3]:
    raise SystemExit(f"wrong numbers: {y}")
"""


@pytest.fixture(scope="module")
def good_cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    run_code(RELU, NUMBA_CACHE_DIR=str(folder))
    assert list(folder.rglob("*.nbi"))
    assert list(folder.rglob("*.nbc"))
    return folder


# A child process for each damage: Numba is loaded once, by their parent.
DAMAGE = f"""
import os, pathlib, random, shutil, sys
import numba, numpy
from numba.core import caching

good, work = map(pathlib.Path, sys.argv[1:3])
kinds = sys.argv[3:]

def empty(content, rng):
    return b""

def cut(content, rng):
    return content[: rng.randrange(1, len(content))]

def text(content, rng):
    return b"not a pickle at all"

def zeros(content, rng):
    return bytes(len(content))

def flips(content, rng):
    changed = bytearray(content)
    for _ in range(20):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)

def machine(content, rng):  # spoil machine code and nothing round it: unpickling sees no damage
    return content[:120] + rng.randbytes(400) + content[520:]

def damaged_copy(kind, seed):
    change, ending = kind.split("-")
    folder = work / f"{{kind}}{{seed}}"
    shutil.copytree(good, folder)
    rng = random.Random(seed)
    for path in sorted(folder.rglob("*." + ending)):
        path.write_bytes(globals()[change](path.read_bytes(), rng))
    return folder

RELU = {RELU!r}
for kind in kinds:
    for seed in range(1 if kind[0] in "etz" else 4):
        folder = damaged_copy(kind, seed)
        child = os.fork()
        if not child:
            try:
                numba.config.CACHE_DIR = str(folder)
                exec(RELU, {{}})
            except BaseException as error:
                print(f"{{kind}} {{seed}}: {{type(error).__name__}}: {{error}}"[:300], flush=True)
                os._exit(1)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code:
            print(f"{{kind}} {{seed}} ended with {{code}}", flush=True)
"""


@pytest.mark.slow
@compiled_only
@forks_only
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("changes", ["empty text zeros", "cut", "flips", "machine"])
def test_a_damaged_cache_costs_only_time(changes, ending, good_cache, tmp_path):
    kinds = [f"{change}-{ending}" for change in changes.split()]
    command = [sys.executable, "-c", DAMAGE, good_cache, tmp_path, *kinds]
    done = patience.run(command, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-2000:]


@compiled_only
def test_a_damaged_cache_is_mended(good_cache, tmp_path):
    folder = tmp_path / "cache"
    shutil.copytree(good_cache, folder)
    for path in folder.rglob("*.nb?"):
        path.write_bytes(b"\x80")
    run_code(RELU, NUMBA_CACHE_DIR=str(folder))
    assert all(path.stat().st_size > 100 for path in folder.rglob("*.nb?"))


@compiled_only
def test_a_damaged_cache_that_cannot_be_mended(good_cache, tmp_path):
    folder = tmp_path / "cache"
    shutil.copytree(good_cache, folder)
    for path in folder.rglob("*.nbi"):
        path.write_bytes(path.read_bytes()[:-3])
    locked = "import os\ndef refuse(*names): raise PermissionError(13, 'read-only')\nos.replace = refuse\n"
    run_code(locked + RELU, NUMBA_CACHE_DIR=str(folder))


@pytest.mark.slow
@compiled_only
def test_a_cache_folder_that_vanishes_after_the_import(tmp_path):
    folder = tmp_path / "cache"
    vanish = f"""
import pathlib, shutil
import tinycnn.ops.kernels.activations
shutil.rmtree({str(folder)!r})
pathlib.Path({str(folder)!r}).touch()
"""
    run_code(vanish + RELU, NUMBA_CACHE_DIR=str(folder))


@pytest.mark.slow
@compiled_only
def test_no_folder_to_write_a_cache_into(tmp_path):
    """A read-only installation, no home: also where permissions do not bind (root), a file is no folder."""
    shutil.copytree(ROOT / "tinycnn", tmp_path / "tinycnn", ignore=lambda *_: {"__pycache__"})
    (tmp_path / "tinycnn/ops/kernels/__pycache__").touch()
    where = "import tinycnn; print(tinycnn.__file__)\n"
    settings = {
        "HOME": os.devnull,
        "NUMBA_CACHE_DIR": os.devnull + "/x",
        "XDG_CACHE_HOME": os.devnull,
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    printed = run_code(where + RELU, folder=tmp_path, **settings)
    assert printed.strip() == str(tmp_path / "tinycnn/__init__.py")
    done = patience.run(
        [sys.executable, "-c", RELU],
        cwd=tmp_path,
        env={**os.environ, **settings, "NUMBA_DISABLE_JIT": "0"},
    )
    assert done.stderr.startswith("compiling kernels")


@pytest.mark.slow
@compiled_only
def test_without_a_home():
    run_code(RELU, remove=("HOME", "USERPROFILE", "XDG_CACHE_HOME"))


@pytest.mark.slow
@compiled_only
def test_two_processes_that_compile_into_one_cache(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", RELU]
    pipes = {"stderr": subprocess.PIPE, "text": True, "env": environment, "cwd": ROOT}
    with patience.started(command, **pipes) as one, patience.started(command, **pipes) as other:
        for process in (one, other):
            _, errors = process.communicate(timeout=patience.PATIENCE)
            assert process.returncode == 0, errors
    assert not list(tmp_path.rglob("*.tmp*"))
    run_code(RELU, NUMBA_CACHE_DIR=str(tmp_path))


class Ended(BaseException):
    """The process is gone: nothing in it is done any more."""


@compiled_only
@pytest.mark.parametrize("older", ["source", "types"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("last", [1, 2])
def test_a_process_that_ends_between_two_cache_files_leaves_no_wrong_code(
    older, moment, last, tmp_path, monkeypatch
):
    from tinycnn.ops.kernels.codegen.jit import HashedFiles

    def files(source):
        return HashedFiles(str(tmp_path), "kernel", source)

    def end_at_the_last(*names, count=[0]):  # noqa: B006
        count[0] += 1
        if count[0] < last or moment == "after":
            replace(*names)
        if count[0] == last:
            raise Ended

    old, new = (("a", "x"), ("b", "x")) if older == "source" else (("a", "x"), ("a", "y"))
    files(old[0]).save(old[1], "old code")
    replace = os.replace
    monkeypatch.setattr(os, "replace", end_at_the_last)
    with pytest.raises(Ended):
        files(new[0]).save(new[1], "new code")
    monkeypatch.setattr(os, "replace", replace)
    assert files(new[0]).load(new[1]) in (None, "new code")
    assert files(old[0]).load(old[1]) in (None, "old code")
    files(new[0]).save(new[1], "new code")
    assert files(new[0]).load(new[1]) == "new code"


@compiled_only
def test_two_processes_that_save_other_types_at_once_leave_no_wrong_code(tmp_path, monkeypatch):
    from tinycnn.ops.kernels.codegen.jit import HashedFiles

    one, other = (HashedFiles(str(tmp_path), "kernel", "source") for _ in range(2))
    write = one._save_data

    def interrupted(name, data):  # the other saves when this one has decided on a name
        other.save("y", "code for y")
        write(name, data)

    monkeypatch.setattr(one, "_save_data", interrupted)
    one.save("x", "code for x")
    assert one.load("x") in (None, "code for x")
    assert one.load("y") in (None, "code for y")


HOLD = """
import pathlib, sys
from tinycnn.utils.file_lock import lock
(index,) = pathlib.Path(sys.argv[1]).rglob("*relu_forward_span*.nbi")
file = lock(f"{index}.lock")
index.unlink()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def compiling(good_cache, tmp_path):
    """A process that has locked the kernel of RELU and stores nothing; the kernel is not in the cache."""
    folder = tmp_path / "cache"
    shutil.copytree(good_cache, folder)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", HOLD, folder]
    with patience.started(command, cwd=ROOT, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        process.folder = folder
        yield process


@compiled_only
def test_a_process_that_is_killed_while_it_compiles(compiling):
    """The one that waits for it compiles then."""
    forever = f"from tinycnn.ops.kernels.codegen import jit\njit.PATIENCE = {patience.PATIENCE}\n"
    tell = "print('waits', flush=True)\n"  # what waits, or soon does
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(compiling.folder)}
    pipes = {"stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "env": environment}
    with patience.started([sys.executable, "-c", forever + tell + RELU], **pipes) as waiting:
        assert waiting.stdout.readline() == "waits\n"
        compiling.kill()
        assert waiting.wait(patience.PATIENCE) == 0
    assert list(compiling.folder.rglob("*relu_forward_span*.nbi"))


@compiled_only
def test_a_process_that_never_ends_to_compile_is_not_waited_for(compiling):
    brief = "from tinycnn.ops.kernels.codegen import jit\njit.PATIENCE = 0\n"
    run_code(brief + RELU, NUMBA_CACHE_DIR=str(compiling.folder))
    assert list(compiling.folder.rglob("*relu_forward_span*.nbi"))
