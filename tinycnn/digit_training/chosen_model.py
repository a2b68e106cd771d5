"""The model that `tinycnn train` trains: a net by name, that of a recipe, or one of a file."""

import argparse
import os

from tinycnn.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Loss,
    SparseCategoricalCrossentropy,
)
from tinycnn.models import Sequential
from tinycnn.pretrained import nets, recipes
from tinycnn.pretrained.digit_input import USUAL, DigitInput
from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model
from tinycnn.utils.cli import say
from tinycnn.utils.errors import FileError, ModelFileError

NETS = {"classic": nets.classic_net, "lenet": nets.lenet5, "compact": nets.compact_net}


def chosen_model(options: argparse.Namespace) -> tuple[Sequential, DigitInput]:
    """Return the model to train, and how it wants its digits; that of a recipe is not compiled yet.

    Raises:
        ModelFileError: it is a file that cannot be read, or no model of digits; or, with --augment, one whose
            loss cannot take what is to be learnt.
        ValueError: there is no such optimizer or recipe.
    """
    if options.recipe is not None:
        recipe = recipes.load(options.recipe)
        say(f"recipe: {options.recipe}: {recipe.about}")
        return recipe.model(), USUAL
    named = options.model in NETS
    model, wanted = (NETS[options.model](), USUAL) if named else model_of_file(options.model)
    if model.objective is None or options.optimizer is not None:
        loss = usual_loss(model) if model.objective is None else model.objective.loss
        name = "adadelta" if options.optimizer is None else options.optimizer
        model.compile(name, loss, metrics=["accuracy"])
    if options.augment and takes_class_numbers(model):
        cause = (
            "its loss takes the numbers of classes, and what is no digit is a tenth of each of ten"
        )
        way_out = (
            "Leave out --augment, or compile the model with categorical_crossentropy and save it."
        )
        raise ModelFileError(options.model, cause, way_out)
    if options.learning_rate:
        # A function may take the place of the file's schedule, and a number that of the function.
        model.optimizer.learning_rate = lambda: options.learning_rate
        model.optimizer.learning_rate = options.learning_rate
    return model, wanted


def model_of_file(path: str) -> tuple[Sequential, DigitInput]:
    """Return the model in a file, which is said, and how it wants its digits.

    Raises:
        FileError: there is no such file.
        ModelFileError: it cannot be read, or is no model of digits.
    """
    if not os.path.lexists(path):
        way_out = f"Name a model file, or one of the nets {', '.join(NETS)}."
        raise FileError(path, "there is no such file", way_out)
    model, name = load_digit_model(path, force=True)
    wanted, note = digit_input_of(model, name)
    say(f"model: {name}{', ' if note else ''}{note}")
    return model, wanted


def usual_loss(model: Sequential) -> Loss:
    """Return the loss for a model that has none yet, by the end of the model."""
    if model.layers[-1].as_logits("sigmoid") is not None:
        return BinaryCrossentropy()
    scores = model.layers[-1].as_logits() is None  # it does not end in a softmax
    return CategoricalCrossentropy(from_logits=scores)


def takes_class_numbers(model: Sequential) -> bool:
    """Return whether the loss takes the number of a class, and no probabilities."""
    return isinstance(model.loss, SparseCategoricalCrossentropy)
