"""What the documentation says is true: examples run, files and commands that the README names exist."""

import doctest
import importlib
import pathlib
import pkgutil
import re

import numpy as np
import pytest

import tinycnn

ROOT = pathlib.Path(tinycnn.__file__).parents[1]
README = ROOT / "README.md"
READMES = [README, *(ROOT / folder / "README.md" for folder in ("tinycnn", "gui", "benchmarks"))]
MODULES = sorted(
    name for _, name, _ in pkgutil.walk_packages(tinycnn.__path__, "tinycnn.") if "test" not in name
)


@pytest.mark.parametrize("name", ["tinycnn", *MODULES])
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={"np": np, "tinycnn": tinycnn})
    assert result.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [
        test
        for name in MODULES
        for test in finder.find(importlib.import_module(name))
        if test.examples
    ]
    assert len(examples) > 50


@pytest.mark.skipif(not README.exists(), reason="installed without the repository")
def test_paths_in_the_readmes_exist():
    text = "".join(path.read_text(encoding="utf-8") for path in READMES)
    paths = set(re.findall(r"\b(?:tinycnn|scripts|gui|tests|benchmarks)/[\w./-]*\w(?![\w*])", text))
    assert len(paths) >= 8
    assert not [path for path in paths if not (ROOT / path).exists()]
    for path in READMES:
        links = re.findall(r"\]\((?!https?:)([\w./-]+)", path.read_text(encoding="utf-8"))
        assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.skipif(not README.exists(), reason="installed without the repository")
def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 190


@pytest.mark.skipif(not README.exists(), reason="installed without the repository")
def test_the_model_in_the_readme_builds():
    code = README.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    build = re.sub(r"^(\(x_train|model\.fit|model\.save).*$", "", code, flags=re.MULTILINE)
    names = {}
    exec(compile(build, "README.md", "exec"), names)
    assert names["model"].count_params() == 2_380_938


@pytest.mark.skipif(not README.exists(), reason="installed without the repository")
def test_the_examples_in_the_librarys_readme():
    result = doctest.testfile(str(READMES[1]), False, globs={"np": np})
    assert result.attempted >= 8
    assert result.failed == 0


@pytest.mark.skipif(not README.exists(), reason="installed without the repository")
def test_the_reading_order_names_the_lengths_of_its_files():
    rows = re.findall(
        r"^\| \d+ \| `(\S+)` \| (\d+) \|", READMES[1].read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) > 10
    lengths = []
    for path, said in rows:
        length = len((ROOT / path).read_text(encoding="utf-8").splitlines())
        assert abs(int(said) - length) <= 0.1 * length, f"{path} has {length} lines now"
        lengths.append(length)
    # Definitions, layers, plan and training stay short, whatever is added elsewhere.
    assert rows[8][0] == "tinycnn/models/training.py"
    assert sum(lengths[:9]) < 1500


@pytest.mark.skipif(not README.exists(), reason="installed without the repository")
def test_nothing_is_left_to_fill_in():
    for path in READMES:
        assert not re.findall(r"@[A-Z_]+@", path.read_text(encoding="utf-8"))
