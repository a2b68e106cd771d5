"""Which room may import which, how long things are, and what `import tinycnn` costs: read from the source."""

import ast
import graphlib
import pathlib
import statistics
import sys

import pytest

from tests.support import mirror, patience

ROOT = pathlib.Path(__file__).parent.parent
FILES = ("io", "os.path", "pathlib", "h5py", "tinycnn.utils.atomic")
HEAVY = ("numba", "llvmlite", "h5py", "PIL", "requests", "pooch", "tqdm", "matplotlib")
LONGEST_FILE = 400
LONGEST_OF_WINDOW = 300
MEDIAN_FUNCTION = 8
LONGEST_FUNCTION = 50
MOST_PARAMETERS = 10
FACES_OF_KERAS = {"tinycnn/models/sequential.py": ["fit"], "tinycnn/layers/conv2d.py": ["__init__"]}
FACES_OF_KERAS["tinycnn/layers/batch_normalization.py"] = ["__init__"]

# Of the window: what works, and can be tried, without a screen; and what knows nothing of tinycnn either.
INSIDE = tuple(
    f"gui/inside/{name}.py" for name in ("colours", "layout", "mosaic", "passes", "figures")
)
INSIDE += tuple(f"gui/inside/{name}.py" for name in ("explained", "jobs", "messages", "walking"))
INSIDE += tuple(
    f"gui/inside/{name}.py" for name in ("kernels", "kernel_jobs", "kernel_messages", "exciting")
)
INSIDE += tuple(
    f"gui/inside/{name}.py" for name in ("why", "why_jobs", "why_messages", "export", "command")
)
WITHOUT_TK = (
    "gui/recognition/",
    *INSIDE,
    *(f"gui/learning/{name}.py" for name in ("jobs", "own_digits", "pictures", "steps")),
    *(f"gui/learning/{name}.py" for name in ("trainer", "training")),
)
WIDGETS = tuple(  # all but plain values
    f"gui.widgets.{path.stem}"
    for path in sorted((ROOT / "gui" / "widgets").glob("*.py"))
    if path.stem not in ("__init__", "commands", "theme_colours")
)
PLAIN = ("gui/drawing/", "gui/recognition/top_guesses.py", "gui/widgets/commands.py")

# What a room imports lies on a lower floor, or in the room itself. The rooms of the kernels are rooms, too.
KERNELS = "tinycnn.ops.kernels"
FLOORS = (
    ("tinycnn.utils",),
    ("tinycnn.distribution",),
    ("tinycnn.ops.reference", f"{KERNELS}.codegen"),
    (f"{KERNELS}.blocks",),
    (f"{KERNELS}.parallel",),
    tuple(f"{KERNELS}.{name}" for name in ("activations", "dropout", "optimizers", "pooling")),
    (f"{KERNELS}.convolution", f"{KERNELS}.dense"),
    (KERNELS,),
    ("tinycnn.ops",),
    tuple(f"tinycnn.{name}" for name in ("activations", "initializers", "losses", "regularizers"))
    + tuple(f"tinycnn.{name}" for name in ("optimizers", "datasets", "preprocessing")),
    ("tinycnn.metrics", "tinycnn.preprocessing.drawn"),
    ("tinycnn.layers",),
    ("tinycnn.saving",),
    ("tinycnn.callbacks",),
    ("tinycnn.models",),
    ("tinycnn.pretrained",),
    ("tinycnn.gradcheck", "tinycnn.digit_training", "gui.drawing"),
    # Other names of modules, for people: nothing in here uses them.
    tuple(
        f"tinycnn.{name}"
        for name in ("augmentation", "backend", "config", "errors", "figures", "pictures")
    ),
    ("gui.recognition",),
    ("gui.widgets",),
    ("gui.inside",),
    ("gui.learning",),
    ("gui.window",),
    ("gui",),
    ("scripts", "benchmarks", "tinycnn.__main__"),
)
ROOMS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

ONLY = {  # files that begin so: they import nothing but these (and their own folder)
    "tinycnn/ops/reference/": ("numpy", "math", "collections.abc", "tinycnn.utils.geometry"),
    "tinycnn/ops/kernels/": (
        "numpy",
        "numba",
        "llvmlite",
        KERNELS,
        "tinycnn.utils.compiling",
        "tinycnn.utils.file_lock",
        "tinycnn.utils.geometry",
        "tinycnn.utils.kept_transform",
        "tinycnn.utils.recording",
        "tinycnn.utils.thread_count",
        *sys.stdlib_module_names,
    ),
    "tinycnn/utils/thread_count.py": ("os", "tinycnn.utils.validation"),
}
NEVER = {  # files that begin so: they never import these
    "tinycnn/": ("tests", "tkinter"),
    "tinycnn/layers/": FILES,
    "tinycnn/models/plan.py": ("tinycnn.models.sequential", *FILES),
    "gui/": ("tests",),
    **dict.fromkeys(WITHOUT_TK, ("tkinter", *WIDGETS)),
    **dict.fromkeys(PLAIN, ("tkinter", "tinycnn")),
}


def sources(*folders):
    """Yield (path from the root, text) of every Python file of these folders that exist."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def package_of(path):
    """Return the dotted name of the folder that a file lies in, which its relative imports start from."""
    return ".".join(pathlib.PurePosixPath(path).parent.parts)


def imported(path, text):
    """Return the full names of everything that a file imports, wherever in the file it does."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package_of(path).split(".")[: -node.level + 1 or None] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def within(name, rooms):
    """Return whether a dotted name is one of the rooms, or lies in one."""
    return any(f"{name}.".startswith(f"{room}.") for room in rooms)


def room_of(name):
    """Return the room that a dotted name lies in: the most exact one; None outside of the project."""
    return max((room for room in ROOMS if within(name, (room,))), key=len, default=None)


def upward(path, names):
    """Return the imports that do not point to a lower floor."""
    home = room_of(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    targets = {name: room_of(name) for name in names}
    return {
        name
        for name, room in targets.items()
        if home and room and room != home and ROOMS[room] >= ROOMS[home]
    }


def wrong_arrows(path, text):
    """Return the imports that a file must not make."""
    names = imported(path, text)
    wrong = set()
    for place, rooms in ONLY.items():
        if path.startswith(place):
            wrong |= {name for name in names if not within(name, (*rooms, package_of(path)))}
    for place, rooms in NEVER.items():
        if path.startswith(place):
            wrong |= {name for name in names if within(name, rooms)}
    wrong |= upward(path, names)
    if not path.startswith("tinycnn/ops/kernels/"):
        wrong |= {name for name in names if within(name, ("numba", "llvmlite"))}
    return sorted(wrong)


def functions(text):
    """Return the functions and methods of a file, without those inside of other functions."""
    nodes, waiting = [], [ast.parse(text)]
    while waiting:
        for node in waiting.pop().body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                nodes.append(node)
            elif isinstance(node, ast.ClassDef):
                waiting.append(node)
    return nodes


def missing_hints(text, wanted=lambda name: not name.startswith("_")):
    """Return the public functions of a file with an argument or a result without a type."""
    missing = []
    for function in functions(text):
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        given = [*named, *filter(None, (arguments.vararg, arguments.kwarg))]
        bare = [a.arg for a in given if a.annotation is None and a.arg not in ("self", "cls")]
        if wanted(function.name) and (bare or function.returns is None):
            missing.append(function.name)
    return missing


def length(function):
    """Return how many lines a function has, without its docstring."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        lines -= function.body[0].end_lineno - function.body[0].lineno + 1
    return lines


def test_every_arrow_points_the_right_way():
    wrong = {path: wrong_arrows(path, text) for path, text in sources("tinycnn", "scripts", "gui")}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tinycnn/models/training.py", "import numba"),
        ("tinycnn/models/training.py", "from llvmlite import ir"),
        ("gui/window.py", "def f():\n    import numba.core.types as t"),
        ("scripts/train.py", "import numpy, numba"),
        ("tinycnn/ops/reference/dense.py", "import os"),
        ("tinycnn/ops/reference/dense.py", "from tinycnn import ops"),
        ("tinycnn/ops/reference/dense.py", "from .. import ops"),
        ("tinycnn/ops/reference/dense.py", "from ..kernels.dense import dense_forward"),
        ("tinycnn/ops/kernels/dense.py", "from tinycnn.ops.reference import dense_forward"),
        ("tinycnn/ops/kernels/dense.py", "from tinycnn import errors"),
        ("tinycnn/ops/kernels/dense.py", "import scipy.linalg"),
        ("tinycnn/ops/dispatch.py", "from tinycnn import layers"),
        ("tinycnn/ops/dispatch.py", "from tinycnn.models import load_model"),
        ("tinycnn/ops/kernels/blocks/gemm.py", "from tinycnn.ops.kernels.dense import forward"),
        ("tinycnn/ops/kernels/codegen/jit.py", "import tinycnn.ops.kernels.parallel.thread_pool"),
        ("tinycnn/layers/dense.py", "from tinycnn.models.sequential import Sequential"),
        ("tinycnn/layers/dense.py", "from ..models import Sequential"),
        ("tinycnn/layers/dense.py", "from tinycnn import callbacks"),
        ("tinycnn/layers/dense.py", "from os import path"),
        ("tinycnn/layers/dense.py", "import os.path"),
        ("tinycnn/layers/dense.py", "from pathlib import Path"),
        ("tinycnn/layers/dense.py", "import io"),
        ("tinycnn/layers/dense.py", "import h5py"),
        ("tinycnn/models/plan.py", "from .sequential import Sequential"),
        ("tinycnn/models/plan.py", "import pathlib"),
        ("tinycnn/activations.py", "from tinycnn.layers.base import Layer"),
        ("tinycnn/initializers.py", "from tinycnn import layers"),
        ("tinycnn/losses/base.py", "from tinycnn import models"),
        ("tinycnn/losses/binary.py", "from tinycnn import activations"),
        ("tinycnn/losses/base.py", "from tinycnn import metrics"),
        ("tinycnn/regularizers.py", "from tinycnn import layers"),
        ("tinycnn/optimizers/base.py", "from tinycnn.layers import Layer"),
        ("tinycnn/metrics/base.py", "from tinycnn.models.sequential import Sequential"),
        ("tinycnn/layers/dense.py", "from tinycnn.saving import SavedModel"),
        ("tinycnn/optimizers/base.py", "from tinycnn import saving"),
        ("tinycnn/saving/writer.py", "from tinycnn.callbacks import History"),
        ("tinycnn/saving/reader.py", "from tinycnn import models"),
        ("tinycnn/saving/hdf5.py", "import gui.window"),
        ("tinycnn/datasets/idx.py", "from tinycnn.layers import Dense"),
        ("tinycnn/datasets/idx.py", "from tinycnn import models"),
        ("tinycnn/preprocessing/strokes.py", "import tkinter as tk"),
        ("tinycnn/utils/plots.py", "from tinycnn import preprocessing"),
        ("tinycnn/callbacks/base.py", "from gui import window"),
        ("tinycnn/callbacks/base.py", "import scripts.train"),
        ("gui/window.py", "from scripts import train"),
        ("gui/window.py", "from gui.__main__ import main"),
        ("gui/widgets/view.py", "from gui.window import Window"),
        ("gui/widgets/view.py", "from .. import window"),
        ("gui/widgets/commands.py", "from tinycnn.utils.printable import printable"),
        ("gui/widgets/commands.py", "import tkinter"),
        ("gui/recognition/worker.py", "import tkinter"),
        ("gui/recognition/recogniser.py", "def f():\n    from tkinter import ttk"),
        ("gui/recognition/saver.py", "from gui.widgets.commands import COMMANDS"),
        ("gui/recognition/top_guesses.py", "import tkinter.font"),
        ("gui/recognition/top_guesses.py", "from tinycnn import metrics"),
        ("gui/drawing/drawing.py", "from tinycnn.preprocessing.strokes import rasterise"),
        ("gui/drawing/tools.py", "from gui.recognition.recogniser import prepare"),
        ("gui/drawing/eraser.py", "import tkinter as tk"),
        ("tinycnn/models/inspection.py", "from tests import support"),
        ("tinycnn/models/inspection.py", "import benchmarks"),
    ],
)
def test_a_planted_import_is_found(path, line):
    assert len(wrong_arrows(path, f"import numpy as np\n{line}\n")) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("tinycnn/ops/kernels/dense.py", "import numba, os, itertools"),
        ("tinycnn/ops/kernels/dense.py", "from tinycnn.ops.kernels.blocks.gemm import add_product"),
        ("tinycnn/ops/kernels/dense.py", "from .blocks.gemm import add_product"),
        (
            "tinycnn/ops/reference/__init__.py",
            "from tinycnn.ops.reference.dense import dense_forward",
        ),
        ("tinycnn/layers/dense.py", "from tinycnn import activations, ops"),
        ("tinycnn/saving/writer.py", "import numbaish, pathlib, h5py"),
        ("tinycnn/saving/writer.py", "from tinycnn import layers, losses, metrics, optimizers"),
        ("tinycnn/models/loading.py", "from tinycnn import saving, layers"),
        ("gui/recognition/saver.py", "from gui.drawing.drawing import Items"),
        ("gui/widgets/view.py", "import tkinter\nfrom gui.recognition.top_guesses import percent"),
    ],
)
def test_a_good_import_is_not_reported(path, line):
    assert wrong_arrows(path, line) == []


def test_every_rule_is_about_files_that_exist():
    rooms = [room.replace(".", "/") for room in ROOMS]
    missing = [p for p in {*ONLY, *NEVER} if not (ROOT / p).exists()]
    missing += [p for p in rooms if not (ROOT / p).exists() and not (ROOT / f"{p}.py").exists()]
    assert missing == []


def test_every_file_has_a_room():
    packages = ("tinycnn/__init__.py",)
    paths = [path for path, _ in sources("tinycnn", "gui", "scripts") if path not in packages]
    assert [p for p in paths if room_of(p.removesuffix(".py").replace("/", ".")) is None] == []


def module_of(name, names):
    """Return the file that an imported name lies in."""
    return name if name in names else name.rpartition(".")[0]


def test_no_files_import_each_other_in_a_circle():
    texts = dict(sources("tinycnn", "gui"))
    names = {p.removesuffix(".py").removesuffix("/__init__").replace("/", "."): p for p in texts}
    imports = {name: imported(path, texts[path]) for name, path in names.items()}
    graph = {name: {module_of(i, names) for i in imported} for name, imported in imports.items()}
    del graph["tinycnn"]  # it names all modules for type checkers, and imports none when it runs
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, with the circle


def test_every_public_function_says_its_types():
    path = "tinycnn/ops/kernels/__init__.py"
    names = imported(path, (ROOT / path).read_text(encoding="utf-8"))
    compiled_names = {name.rpartition(".")[2] for name in names}
    assert len(compiled_names) > 10
    missing = {}
    for path, text in sources("tinycnn", "scripts", "gui"):
        compiled = path.startswith("tinycnn/ops/kernels/")
        wanted = (
            (lambda name: name in compiled_names) if compiled else (lambda name: name[0] != "_")
        )
        missing[path] = missing_hints(text, wanted)
    assert {path: names for path, names in missing.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    [
        "def f(x) -> int: ...",
        "def f(x: int): ...",
        "def f(*, x) -> int: ...",
        "def f(*x) -> int: ...",
        "class A:\n    def f(self, x) -> int: ...",
    ],
)
def test_a_planted_function_without_types_is_found(text):
    assert missing_hints(text) == ["f"]
    assert missing_hints("def f(x: int, *y: int) -> int: ...\ndef _g(x): ...") == []


def test_no_file_is_too_long():
    lines = {path: len(text.splitlines()) for path, text in sources("tinycnn", "scripts", "gui")}
    assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}
    window = {path: count for path, count in lines.items() if path.startswith("gui/")}
    assert len(window) > 10
    assert {path: count for path, count in window.items() if count > LONGEST_OF_WINDOW} == {}


@pytest.mark.parametrize("room", ["tinycnn", "gui"])
def test_functions_are_short(room):
    everything = [f for _, text in sources(room) for f in functions(text)]
    assert len(everything) > 100
    assert statistics.median(length(function) for function in everything) <= MEDIAN_FUNCTION


def parameters(function):
    """Return how many parameters a function names."""
    given = function.args
    return len(given.posonlyargs + given.args + given.kwonlyargs)


def too_much(text):
    """Return the names of functions that are too long, and of those with too many parameters."""
    everything = functions(text)
    long = [f.name for f in everything if length(f) > LONGEST_FUNCTION]
    return long, [f.name for f in everything if parameters(f) > MOST_PARAMETERS]


def test_no_function_is_too_long_or_takes_too_much():
    everything = {path: too_much(text) for path, text in sources("tinycnn", "scripts", "gui")}
    assert {path: long for path, (long, _) in everything.items() if long} == {}
    assert {path: many for path, (_, many) in everything.items() if many} == FACES_OF_KERAS


def test_a_planted_function_that_is_too_long_or_takes_too_much_is_found():
    names = [f"x{number}" for number in range(MOST_PARAMETERS + 1)]
    text = f"def f({', '.join(names)}): pass\ndef g():\n" + "    pass\n" * LONGEST_FUNCTION
    assert too_much(text) == (["g"], ["f"])


def test_the_length_of_a_function_leaves_out_its_docstring():
    text = 'def f():\n    """One.\n\n    Two.\n    """\n    pass\n\n\ndef g():\n    pass\n'
    assert [length(function) for function in functions(text)] == [2, 2]


def test_the_test_of_a_module_is_found_by_its_path():
    modules = dict(sources("tinycnn", "gui", "scripts", "benchmarks"))
    assert {what: paths for what, paths in mirror.wrong(modules).items() if paths} == {}
    planted = {
        "tinycnn/models/new.py": "def f(): ...",
        "tinycnn/initializers.py": "class Other: ...",
    }
    planted |= {"tinycnn/plain.py": "NUMBER = 3"}  # without code to test
    assert mirror.wrong(planted)["without a test"] == ["tinycnn/models/new.py"]
    assert mirror.wrong({})["needless"] == list(mirror.INSTEAD)


def test_a_pane_that_is_opened_waits_for_nothing_heavy():
    """While the worker still imports the library, Tk's thread must not wait for the same."""
    code = "import sys, gui.inside.pane; print(*sys.modules)"
    done = patience.run([sys.executable, "-c", code], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    loaded = {*done.stdout.split()}
    assert "gui.inside.pane" in loaded
    assert (
        loaded & {*HEAVY, "numpy", "tinycnn.layers", "tinycnn.models", "gui.inside.jobs"} == set()
    )


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, tinycnn; print(*sys.modules)"
    done = patience.run([sys.executable, "-c", code], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "tinycnn" in loaded
    assert loaded & {*HEAVY, "torch", "keras", "tensorflow", "tkinter"} == set()
