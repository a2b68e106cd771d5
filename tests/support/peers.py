"""Import PyTorch and Keras only when a test runs, because it takes seconds; skip where they are not."""

import importlib.util
import os
import warnings

import pytest

BACKENDS = ("tensorflow", "torch", "jax")


def import_torch():
    """Return PyTorch, or skip."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch", reason="PyTorch is not installed", exc_type=ImportError)


def import_keras():
    """Return Keras on the first of its backends that is installed, or skip.

    KERAS_BACKEND chooses another one. TensorFlow warns of its own old code while it is imported.
    """
    installed = [name for name in BACKENDS if importlib.util.find_spec(name) is not None]
    os.environ.setdefault("KERAS_BACKEND", (installed or BACKENDS)[0])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    reason = f"Keras, with one of {', '.join(BACKENDS)}, is not installed"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras", reason=reason, exc_type=ImportError)
