"""What is said, and drawn, of a training that has ended."""

import argparse
import math
import pathlib
import sys
from typing import Any

from tinycnn.models import Sequential, load_model
from tinycnn.pretrained.digit_input import DigitInput
from tinycnn.utils.cli import say
from tinycnn.utils.errors import PictureError

DIGITS = ("mnist", "sample")  # data in MNIST's format under other names may be clothes


def report(
    history: dict[str, list[float]],
    options: argparse.Namespace,
    curves_file: str,
    callbacks: dict[str, Any],
) -> bool:
    """Say what was written, and why training stopped; draw the curves. Return whether all went well."""
    stop, written = callbacks.get("stop"), getattr(callbacks["save"], "written", None)
    if written is None:  # with --patience, and no validation loss was a number
        say(f"error: {options.output} is not written: no validation loss was a number", sys.stderr)
        return False
    if stop is not None:
        why = f"no better for {options.patience} epochs" if stop.stopped_epoch else "all are done"
        say(
            f"stopped after epoch {len(history['loss'])}, {why}; the best was {stop.best_epoch + 1}"
        )
    say(f"wrote {written} and {callbacks['log'].table.path}")
    if written != options.output:  # another program wrote that: its curves stay, too
        curves_file = f"{pathlib.Path(written).with_suffix('')}-curves.png"
    return draw_curves(history, curves_file)


def draw_curves(history: dict[str, list[float]], path: str) -> bool:
    """Write a picture of loss and accuracy by epoch; return False if the file could not be written.

    Without matplotlib no picture is written, which is no failure.

    Args:
        history: {name: [one number an epoch]}.
        path: of the picture file.
    """
    from tinycnn.utils import plots  # which imports Pillow: only now is it needed

    try:
        plots.write_curves(history, path)
    except ImportError as error:
        print(f"no picture of the curves: {error}")
    except PictureError as error:
        say(f"error: no picture of the curves: {error}", sys.stderr)
        return False
    else:
        say(f"wrote {path}")
    return True


def with_running_means(path: str) -> Sequential:
    """Return the model in a file whose optimizer keeps running means (use_ema), as `fit` leaves it.

    The file was written at the end of an epoch: the means of that epoch replace the weights, there, too.
    """
    model: Any = load_model(path)
    model.optimizer.finalize_variable_values(model.trainable_weights)
    model.save(path)
    say(f"use_ema: in {path} the running means of the weights have replaced them, as tested now")
    return model


def tell_results(
    options: argparse.Namespace, model: Sequential, wanted: DigitInput, test: tuple, about: str
) -> bool:
    """Print loss and accuracy on the test digits, and how drawings are read; return whether they are numbers.

    Args:
        options: of the command line.
        model, wanted: from `chosen_model`, the model trained.
        test: digits (x, y) as the model wants them.
        about: the name of the data.
    """
    results = model.evaluate(*test, verbose=0, return_dict=True)
    accuracy = results.get("accuracy", results.get("acc"))
    text = "" if accuracy is None else f", test accuracy {accuracy:.2%}"
    say(f"test loss {results['loss']:.4f}{text} ({about}, {len(test[0]):,} digits)")
    finite = math.isfinite(results["loss"])
    if finite and (options.augment or about in DIGITS):
        tell_drawings(model, wanted, hint=not (options.augment or options.recipe))
    return finite


def tell_drawings(model: Sequential, wanted: DigitInput, hint: bool) -> None:
    """Print how well a model reads drawings, and, as a hint, how to train for them."""
    from tinycnn.pretrained.drawing_accuracy import DRAWINGS, drawing_accuracy

    more = "; --augment trains for them" if hint else ""
    say(f"simulated drawings: {drawing_accuracy(model, wanted):.2%} of {DRAWINGS} are read{more}")
