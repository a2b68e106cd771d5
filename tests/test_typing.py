"""What mypy makes of programs that use this library: right ones pass, mistakes are named."""

import importlib
import importlib.util
import pathlib
import re
import shutil
import sys

import pytest

import tinycnn
from tests.support import patience
from tests.test_architecture import ROOT

LAZY = {  # modules whose names are made when they run: how each is known there
    "tinycnn": lambda: {*tinycnn.__all__} - {"__version__", "version"},
    "tinycnn.layers": lambda: {*tinycnn.layers.CLASSES, *tinycnn.layers.OTHER_NAMES},
    "tinycnn.utils": lambda: {*tinycnn.utils._HELPERS},
}
GOOD = """
import numpy as np
import tinycnn
from tinycnn import callbacks, layers, models, optimizers
from tinycnn.datasets import mnist
from tinycnn.layers import BatchNormalization, Dense, MaxPool2D

model = tinycnn.Sequential([tinycnn.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu")])
model.add(MaxPool2D())
model.add(Dense(10, activation=tinycnn.activations.softmax, input_dim=4))
model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(np.ones((3, 4)), np.zeros(3), callbacks=[callbacks.EarlyStopping(patience=2)])
print(history.history["loss"][0], model.layers[0].kernel.shape, model.pop().name)
y: np.ndarray = model(np.ones((3, 4)), training=True)
again: tinycnn.Sequential = models.load_model("mnist.h5")
text: str = models.model_from_json(again.to_json()).name
tinycnn.utils.to_categorical([1, 2], 3)
BatchNormalization(momentum=0.9)([[1.0, 2.0]])
tinycnn.config.set_floatx("float32")
model.summary(print_fn=print, show_trainable=True)
"""
BAD = {  # a line: the mistake that mypy must name
    'Dense("three")': "arg-type",
    "tinycnn.layers.Dense(units=[3])": "arg-type",
    "Dense()": "call-arg",
    "tinycnn.Sequential(3)": "arg-type",
    "tinycnn.Sequential([3])": "list-item",
    "tinycnn.Sequentiall()": "attr-defined",
    "tinycnn.layers.Denze(3)": "attr-defined",
    'model.fit("x", np.ones(3))': "arg-type",
    'model.predict("x")': "arg-type",
    "model.add(3)": "arg-type",
    "model.compile(5)": "arg-type",
    "model.fitt": "attr-defined",
    'model("x")': "arg-type",
    'tinycnn.Input("x")': "arg-type",
    'tinycnn.utils.to_categorical("abc")': "arg-type",
    'tinycnn.optimizers.SGD("fast")': "arg-type",
}


@pytest.mark.parametrize("name", LAZY)
def test_names_that_are_found_when_a_module_runs_are_listed_for_type_checkers(name):
    module = importlib.import_module(name)
    text = pathlib.Path(module.__file__).read_text(encoding="utf-8")
    block = text.split("if TYPE_CHECKING:")[1].split("\nelse:")[0]
    listed = re.findall(r"^    (?:from .* as )?(\w+)(?: = [\w.]+)?$", block, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == LAZY[name]()
    for found in re.findall(r"^    from (\S+) import (\w+) as", block, re.MULTILINE):
        source = importlib.import_module(found[0])
        assert getattr(module, found[1]) is getattr(source, found[1])


def test_the_package_says_that_it_has_types():
    assert (ROOT / "tinycnn" / "py.typed").exists()
    setup = ROOT / "setup.cfg"
    assert not setup.exists() or "tinycnn = py.typed" in setup.read_text(encoding="utf-8")


def programs():
    """Return {name: text} of programs without a mistake: those in the documentation, and scripts."""
    found = {"good.py": GOOD}
    for path in (ROOT / "README.md", ROOT / "tinycnn" / "README.md"):
        blocks = re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        for number, block in enumerate(blocks):
            lines = re.findall(r"^(?:>>> |\.\.\. )(.*)$", block, re.MULTILINE)
            text = "\n".join(lines) if ">>>" in block else block
            found[f"{path.parent.name}_{number}.py"] = f"import numpy as np\n{text}\n"
    return found


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What mypy says, a line a mistake; all programs at once, because reading NumPy takes it seconds."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    if not (ROOT / "README.md").exists():
        pytest.skip("installed without the repository")
    folder = tmp_path_factory.mktemp("programs")
    for name, text in programs().items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "bad.py").write_text(GOOD + "\n".join(BAD), encoding="utf-8")
    # All scripts but the one that works on the inside of the window.
    scripts = {*(ROOT / "scripts").glob("*.py")} - {ROOT / "scripts" / "make_screenshot.py"}
    command = [sys.executable, "-m", "mypy", "--strict-equality", "--follow-imports=silent"]
    done = patience.run(
        [
            *command,
            "--no-error-summary",
            f"--cache-dir={folder / 'cache'}",
            *folder.glob("*.py"),
            *scripts,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(folder / "cache", ignore_errors=True)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if ": error: " in line]


def test_programs_without_a_mistake_pass(said):
    assert len(programs()) >= 3
    assert [line for line in said if "bad.py" not in line] == []


def test_every_mistake_is_named(said):
    first = len(GOOD.splitlines()) + 1
    for number, (line, kind) in enumerate(BAD.items(), first):
        found = [each for each in said if f"bad.py:{number}: " in each]
        assert found, line
        assert f"[{kind}]" in found[0], line
    assert len([line for line in said if "bad.py" in line]) == len(BAD)
