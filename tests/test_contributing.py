"""What CONTRIBUTING.md says is true: its code is the library's or works in it, its table is the code's."""

import ast
import os
import re
import shutil
import sys

import numpy as np
import pytest

from tests.support import ctx_table, mirror, nets, patience
from tests.test_architecture import ROOT
from tinycnn.layers import Layer

PAGE = ROOT / "CONTRIBUTING.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="installed without the repository")

USE = """
import numpy as np
from tinycnn import Sequential, gradcheck, load_model, utils
from tinycnn.layers import Dense, Input

utils.set_random_seed(0)
rng = np.random.default_rng(0)
x, y = rng.normal(size=(40, 4)), np.eye(3)[rng.integers(3, size=40)]
model = Sequential([Input((4,)), Dense(8, activation="tanh"), Dense(3, activation="softmax")])
model.compile("lion", "log_cosh", metrics=["accuracy"])
rows = gradcheck.check_model(model)
assert rows[-1].tensor == "loss by y_pred" and all(row.good for row in rows), gradcheck.table(rows)
before = model.evaluate(x, y, verbose=0)[0]
model.fit(x, y, epochs=40, batch_size=8, verbose=0)
assert model.evaluate(x, y, verbose=0)[0] < 0.95 * before
model.save("a.h5")
again = load_model("a.h5")
assert again.optimizer.iterations == 200
assert again._compiled["loss"].serialize() == model._compiled["loss"].serialize()
for one in (model, again):
    one.train_on_batch(x, y)
assert all(map(np.array_equal, model.get_weights(), again.get_weights()))
print("learnt")
"""


@pytest.fixture
def page():
    return PAGE.read_text(encoding="utf-8")


def blocks(page, mark):
    """Return {path: code} of the Python blocks behind <!-- mark: path -->."""
    return dict(re.findall(rf"<!-- {mark}: (\S+) -->\n```python\n(.*?)```", page, re.DOTALL))


def without_docstrings(text):
    """Return code in one form, without docstrings and comments."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            del node.body[0]
    return ast.unparse(tree)


def test_the_layer_that_is_shown_is_the_one_in_the_library(page):
    shown = blocks(page, "file")
    assert list(shown) == ["tinycnn/layers/leaky_relu.py"]
    for path, code in shown.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        assert without_docstrings(code) == without_docstrings(text)
        comments = re.findall(r"#.*", text)
        assert re.findall(r"#.*", code) == comments
        assert len(code.splitlines()) <= 40


def test_the_optimizer_and_the_loss_need_no_other_place(page, tmp_path):
    """In a copy of the library, they are known by name, learn, have right gradients, and are saved."""
    unwanted = shutil.ignore_patterns("*.npz", "__pycache__")
    shutil.copytree(ROOT / "tinycnn", tmp_path / "tinycnn", ignore=unwanted)
    added = blocks(page, "into")
    assert list(added) == ["tinycnn/optimizers.py", "tinycnn/losses/regression.py"]
    for path, code in added.items():
        text = (tmp_path / path).read_text(encoding="utf-8")
        first = re.search(r"^CLASSES =|\Z", text, re.MULTILINE).start()
        (tmp_path / path).write_text(f"{text[:first]}{code}\n\n{text[first:]}", encoding="utf-8")
    command, plain = [sys.executable, "-W", "error", "-c", USE], {"NUMBA_DISABLE_JIT": "1"}
    done = patience.run(command, cwd=tmp_path, env=os.environ | plain)  # nothing to compile there
    assert done.stdout == "learnt\n", done.stderr


def test_the_table_of_ctx_is_that_of_the_code(page):
    shown = page.split("<!-- ctx -->\n")[1].split("\n\n")[0]
    assert shown == ctx_table.table(), "python -m tests.support.ctx_table prints the new one"


def test_the_table_of_tests_elsewhere_is_the_one_that_is_kept(page):
    shown = page.split("<!-- mirror -->\n")[1].split("\n\n")[0]
    assert shown == mirror.table(), "python -m tests.support.mirror prints the new one"


def test_its_other_code_runs(page):
    plain = re.findall(r"(?<!-->\n)```python\n(.*?)```", page, re.DOTALL)
    assert len(plain) == 2
    model = nets.dense()
    names = {"model": model, "x": nets.X, "y_true": nets.Y, "np": np}
    for code in plain:
        exec(compile(code, "CONTRIBUTING.md", "exec"), names)


def test_what_it_names_is_there(page):
    paths = set(re.findall(r"\b(?:tinycnn|tests|scripts)/[\w./-]*\w", page))
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
    links = re.findall(r"\]\((?!https?:)([\w./-]+)", page)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_explains_all_that_a_layer_says_of_itself(page):
    described = set(re.findall(r"^\| `(\w+)` \| \w", page, re.MULTILINE))
    said = set(Layer.__annotations__)
    assert len(said) >= 5
    assert said - described == set()
