"""Adding a layer is adding one file: in a copy of the project, every check finds it there by itself."""

import re
import shutil
import sys

import pytest

from tests.support import patience
from tests.test_architecture import ROOT

SCALE = '''"""Multiplies by trained numbers."""

import numpy as np

from tinycnn import initializers
from tinycnn.layers.base import Layer


class Scale(Layer):
    """y = x · weight, one weight for each number of the last axis.

    Example:
        >>> Scale().compute_output_shape((None, 3))
        (None, 3)
    """

    config_names = (*Layer.config_names, "gamma_initializer")
    weight_names = ("gamma",)
    examples = (({}, (3,)), ({"gamma_initializer": "glorot_uniform"}, (2, 3)))

    def __init__(self, gamma_initializer="ones", **options):
        super().__init__(**options)
        self.gamma_initializer = initializers.get(gamma_initializer)

    def initial(self, name, shape, rng):
        return self.gamma_initializer((1, *shape), self.dtype, rng)[0]

    def weight_shapes(self, input_shape):
        return {"gamma": input_shape[-1:]}

    def forward(self, x, training, rng):
        return x * self.params["gamma"], x

    def backward(self, dy, ctx, input_gradient=True):
        # forward: y = x · gamma
        dgamma = (dy * ctx).reshape(-1, dy.shape[-1]).sum(axis=0)
        return dy * self.params["gamma"], {"gamma": dgamma}
'''
CHECKS = (
    "test_gradients.py",
    "layers/test_explanation.py",
    "layers/test_explanation_text.py",
    *("layers/test_layers.py", "layers/test_options.py", "saving/test_layers_in_files.py"),
)


@pytest.fixture
def copy(tmp_path):
    """A copy of library and tests, without data and compiled kernels."""
    unwanted = shutil.ignore_patterns("__pycache__", "*.npz", "*.h5", "*.png")
    for folder in ("tinycnn", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=unwanted)
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def outcomes(copy, source):
    """Return which tests of the new layer passed, and which failed."""
    (copy / "tinycnn/layers/scale.py").write_text(source, encoding="utf-8")
    files = [f"tests/{name}" for name in CHECKS]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "-k",
        "Scale",
        *files,
    ]
    output = patience.run(command, cwd=copy).stdout
    found = re.findall(r"^tests/(\S+)::(\w+)\[Scale-\d\] (PASSED|FAILED)", output, re.MULTILINE)
    assert found, output
    return {
        said: {(file, test) for file, test, was in found if was == said}
        for said in ("PASSED", "FAILED")
    }


def test_a_new_file_is_checked_like_the_others(copy):
    seen = outcomes(copy, SCALE)
    assert seen["FAILED"] == set()
    assert {file for file, _ in seen["PASSED"]} == set(CHECKS)
    assert len(seen["PASSED"]) == 7


def test_its_mistakes_are_found(copy):
    mistakes = {
        'dy * self.params["gamma"]': 'dy * 1.001 * self.params["gamma"]',
        '*Layer.config_names, "gamma_initializer"': "*Layer.config_names,",
        'weight_names = ("gamma",)': 'weight_names = ("beta",)',
    }
    source = SCALE
    for right, wrong in mistakes.items():
        assert right in source
        source = source.replace(right, wrong)
    assert {test for _, test in outcomes(copy, source)["FAILED"]} == {
        "test_the_examples_of_every_layer",
        "test_a_configuration_makes_the_examples_again",
        "test_the_examples_keep_the_promises_of_their_layer",
    }
