"""Scripts of Keras's users run when the word keras is replaced by tinycnn, and report the same."""

import importlib.util
import os
import re
import sys

import pytest

from tests.support import patience
from tests.test_architecture import ROOT

SCRIPTS = ROOT / "tests" / "support" / "keras_scripts"
# In place of MNIST: no network, no minutes. Run before the script, with the name of its library.
FEW_DIGITS = """
from tinycnn import datasets
digits = datasets.load("sample")
splits = (
    (digits.x_train[:640], digits.y_train[:640]), (digits.x_test[:160], digits.y_test[:160])
)
import {library}.datasets.mnist
{library}.datasets.mnist.load_data = lambda: splits
"""
# What each script reports; with Keras installed, the test below asks Keras.
REPORTED = {
    "mnist_cnn": {
        "history": ["accuracy", "loss", "val_accuracy", "val_loss"],
        "epochs": 2,
        "score": 2,
        "layers": [
            "Conv2D",
            "Conv2D",
            "MaxPooling2D",
            "Dropout",
            "Flatten",
            "Dense",
            "Activation",
            "Dropout",
            "Dense",
        ],
        "parameters": 37_890,
        "guesses": (5,),
        "is a model": True,
        "saved": True,
    },
    "modern": {
        "first": ["accuracy", "loss", "right", "val_accuracy", "val_loss", "val_right"],
        "second": ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"],
        "same": True,
        "layers": ["dropout", "dense"],
        "trainable": [8, 5],
        "parameters": 810,
        "called": (2, 10),
        "answers": (160,),
        "learnt": True,
    },
}


def run(script, library, folder):
    """Return what a script reports, with the word keras replaced; not the ending of a file's name."""
    text = (SCRIPTS / f"{script}.txt").read_text(encoding="utf-8")
    replaced = re.sub(r"(?<!\.)\bkeras\b", library, text)
    code = (
        f"{FEW_DIGITS.format(library=library)}\nexec({replaced!r})\nprint('\\n' + repr(reported))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = patience.run([sys.executable, "-c", code], cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return eval(done.stdout.splitlines()[-1], {})


def test_only_the_module_is_renamed():
    text = "import keras\nfrom keras.models import x\nkeras.save('a.keras')  # tf.keras"
    assert re.sub(r"(?<!\.)\bkeras\b", "tinycnn", text) == (
        "import tinycnn\nfrom tinycnn.models import x\ntinycnn.save('a.keras')  # tf.keras"
    )


@pytest.mark.parametrize("script", REPORTED)
def test_a_script_runs_with_one_word_replaced(script, tmp_path):
    assert run(script, "tinycnn", tmp_path) == REPORTED[script]


@pytest.mark.parametrize("script", REPORTED)
def test_keras_reports_the_same(script, tmp_path):
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec("tensorflow") is None:
        pytest.skip("Keras, with TensorFlow, is not installed")
    assert run(script, "keras", tmp_path) == REPORTED[script]
