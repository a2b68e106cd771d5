"""scripts/train_bundled.py: the recorded recipe and net, and the same weights again."""

import importlib.resources
import json
import pathlib
import runpy

import pytest

from tests.support.marks import needs_kernels
from tests.support.nets import same
from tinycnn import datasets, pretrained

FILES = importlib.resources.files(pretrained)


SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "train_bundled.py"


@pytest.fixture(scope="module")
def record():
    return json.loads((FILES / "mnist.json").read_text(encoding="utf-8"))


def test_the_script_still_has_the_recorded_recipe_and_net(record):
    script = runpy.run_path(SCRIPT)
    assert script["RECIPE"] == record["recipe"]
    shapes = [
        [array.shape for array in model.get_weights()]
        for model in (script["compact_net"](), pretrained.load())
    ]
    assert shapes[0] == shapes[1]


@needs_kernels
def test_the_recipe_gives_the_same_weights_again(capsys):
    digits = datasets.load("sample")
    script = runpy.run_path(SCRIPT)
    script["RECIPE"].update(epochs=2, batch_size=32)
    once, again = (script["train"](digits.x_train[:64], digits.y_train[:64]) for _ in range(2))
    assert same(once.get_weights(), again.get_weights())
    assert "temperature " in capsys.readouterr().out
