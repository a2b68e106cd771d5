"""The helper process of `ahead.py`: it finds out which kernels a model needs, and compiles them."""

import os
import sys
import threading

import numpy as np

from tinycnn.models.files import compile_as
from tinycnn.models.sequential import Sequential
from tinycnn.models.training import train_step
from tinycnn.ops.dispatch import set_num_threads

SAMPLES = (256, 1)  # in a batch of a prediction: kernels for one sample are others


def help_with(job: dict) -> None:
    """Do what a helper process does: `compile_for(job)`, and end when the process that started it ends."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    compile_for(job)


def _end_with_input() -> None:
    """End this process when the one that started it ends, or closes the pipe."""
    os.read(sys.stdin.fileno(), 1)  # nothing more is ever written
    os._exit(0)


def compile_for(job: dict) -> None:
    """Compile what a model needs and no other process compiles, in a process that has compiled nothing yet.

    Args:
        job: from `ahead.describe`.
    """
    # Imported here, as they import Numba.
    from tinycnn.ops.kernels import dense
    from tinycnn.ops.kernels.codegen.skipped import compile_others, skipped_kernels

    set_num_threads(1)
    with skipped_kernels() as kernels:
        _run(job)
        dense.SPARSE = -1.0  # here all inputs are 0: for others a dense layer has another kernel
        _run(job)
    compile_others(reversed(kernels))


def _run(job: dict) -> None:
    """Predict with a model as described, then take a training step, if one is; images are zeros."""
    rng = np.random.default_rng(0)
    model = Sequential.from_config(job["model"], rng)
    for count in SAMPLES:
        model.predict_on_batch(_images(model, count))
    if job["labels"]:
        compile_as(model, job["compiled"])
        labels = [np.array(first, kind).repeat(count, 0) for first, kind, count in job["labels"]]
        y, weights = [*labels, None][:2]
        train_step(model, _images(model, len(y)), y, rng, weights=weights)


def _images(model: Sequential, count: int) -> np.ndarray:
    """Return `count` samples of zeros, as the model takes them."""
    return np.zeros((count, *model.input_shape[1:]), model.dtype)
