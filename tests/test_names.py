"""Every way to import a module works for the package's other names, too, and loads nothing before."""

import sys

import pytest

import tinycnn
from tests.support import keras_names, patience
from tests.test_architecture import ROOT

NAMES = {
    "augmentation": "preprocessing.augmentation",
    "backend": "utils.backend",
    "config": "utils.backend",
    "errors": "utils.errors",
    "figures": "utils.plots",
    "pictures": "preprocessing.image_files",
}
WAYS = (
    "import tinycnn.{name}; module = tinycnn.{name}",
    "import tinycnn.{name} as module",
    "from tinycnn import {name} as module",
    "import tinycnn; module = tinycnn.{name}",
    "import importlib; module = importlib.import_module('tinycnn.{name}')",
    "from tinycnn.{name} import *; import sys; module = sys.modules['tinycnn.{name}']",
)


def run(code):
    """Return what a new Python prints that runs the code."""
    done = patience.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_module_is_the_same_under_each_of_its_names(name):
    for way in WAYS:
        code = f"{way.format(name=name)}\nimport tinycnn.{NAMES[name]}\nimport tinycnn.{name}\n"
        same = f"module is tinycnn.{NAMES[name]} is tinycnn.{name}"
        assert run(f"{code}print({same}, module.__name__)") == f"True tinycnn.{NAMES[name]}", way


def test_none_is_loaded_before_it_is_asked_for():
    loaded = run("import sys, tinycnn.layers, tinycnn.models; print(*sys.modules)").split()
    assert "tinycnn.models" in loaded
    assert [name for name in NAMES if f"tinycnn.{name}" in loaded] == []


@pytest.mark.parametrize("path", keras_names.paths())
def test_the_name_is_where_keras_has_it(path):
    assert keras_names.find(tinycnn, path) is not None


def test_ways_to_import_what_keras_has():
    code = """
import tinycnn.layers as L
import tinycnn.saving
from tinycnn import Input, Model, Sequential, layers, models
from tinycnn.config import image_data_format
from tinycnn.layers import Dense, Input, MaxPool2D
from tinycnn.models import Model, Sequential, clone_model, load_model, model_from_json
from tinycnn.saving import load_model, save_model
from tinycnn.utils import normalize, to_categorical
print(L.Dense is Dense, tinycnn.saving.load_model is models.load_model, tinycnn.version())
"""
    assert run(code) == f"True True {tinycnn.__version__}"


def test_a_name_that_is_not_there_is_an_attribute_error():
    for module in (tinycnn, tinycnn.saving, tinycnn.utils):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = module.nothing
