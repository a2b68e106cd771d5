"""Train a net on handwritten digits and keep it as mnist.h5."""

try:
    from tinycnn.utils.start import end_on_interrupt
except ModuleNotFoundError:
    raise SystemExit(
        "error: this Python lacks tinycnn. In the project's folder: python -m pip install -e ."
    ) from None
if __name__ == "__main__":  # before anything else is imported
    end_on_interrupt()

import argparse
import math
import os
import pathlib
import sys
from typing import Any

from tinycnn.utils.cli import Parser, file_name, number, run, say, whole_number

EXAMPLES = """examples:
  tinycnn train                           MNIST (downloaded once), the classic net, 6 epochs
  tinycnn train --data sample --epochs 3  the 12,000 digits that came along, offline
  tinycnn train --data my-folder          four MNIST files of your own
  tinycnn train --model lenet --optimizer adam --learning-rate 0.002 --epochs 50 --patience 3
                                          LeNet-5, until the validation loss gets no better
  tinycnn train --model mnist.h5 --output more.h5
                                          go on from where a training ended
  tinycnn train --recipe fast             99 % within a second: a net and its training, by name
  mpiexec -n 4 tinycnn train              by 4 processes, on one machine or several

A training that was interrupted, however that happened, goes on when it is started again with the same
options, and comes to the same net; --fresh begins anew.
"""
NETS = {"classic": "classic_net", "lenet": "lenet5", "compact": "compact_net"}
SMALLEST_RATE = 1e-12
# What holds without a recipe, and what a recipe says by itself
DEFAULTS = {"model": "classic", "epochs": 6, "batch_size": 128}
OF_RECIPES = ("model", "optimizer", "learning_rate", "patience", "batch_size")
# What must be the same for an interrupted training to go on
SAME = (*OF_RECIPES, "data", "recipe", "epochs", "seed")


def command_line() -> Parser:
    """Return what reads the options."""
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "--data",
        default="auto",
        help="auto (MNIST, or the sample offline), mnist, sample, or a folder",
    )
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        help="fast, fast995, best or tiny: a net and its optimizer, schedule, batch size, epochs and "
        "variations of the digits, without --model, --optimizer, --learning-rate, --patience and "
        "--batch-size; no validation: the test digits are read once, at the end",
    )
    parser.add_argument(
        "--model",
        type=file_name,
        help="classic, lenet, compact, or a model file to go on with; default: classic",
    )
    parser.add_argument(
        "--optimizer", help="such as adam or sgd; default: adadelta, or that of the model file"
    )
    parser.add_argument(
        "--learning-rate", type=number(SMALLEST_RATE), help="default: the optimizer's own"
    )
    parser.add_argument(
        "--epochs",
        type=whole_number(),
        help="default: 6, or those of the recipe, whose schedule is stretched to others",
    )
    parser.add_argument(
        "--patience",
        type=whole_number(),
        metavar="EPOCHS",
        help="stop when the validation loss has not got better for so long, and keep the best epoch's net",
    )
    parser.add_argument("--batch-size", type=whole_number(), help="default: 128")
    parser.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), default=0, help="same seed, same net; default: 0"
    )
    parser.add_argument("--threads", type=whole_number(1, 1024), help="default: one for each CPU")
    add_file_options(parser)
    return parser


def add_file_options(parser: Parser) -> None:
    """Add the options for what is written, and what is there already."""
    parser.add_argument("--output", type=file_name, default="mnist.h5", help="default: mnist.h5")
    parser.add_argument(
        "--force", action="store_true", help="replace what another training has left at --output"
    )
    going_on = parser.add_mutually_exclusive_group()
    going_on.add_argument(
        "--resume",
        action="store_true",
        help="go on with an interrupted training, or say that there is none; else: go on if there is one",
    )
    going_on.add_argument(
        "--fresh", action="store_true", help="forget an interrupted training, and begin anew"
    )


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line.

    Args:
        argv: the words after the script's name; None: those that Python was started with.
    """
    parser = command_line()
    options = parser.parse_args(argv)
    given = [name for name in OF_RECIPES if getattr(options, name) is not None]
    if options.recipe is not None and given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        parser.error(f"--recipe {options.recipe} decides that itself: leave out {names}")
    for name, value in DEFAULTS.items():
        if options.recipe is None and getattr(options, name) is None:
            setattr(options, name, value)
    return options


def unfinished_training(options: argparse.Namespace) -> Any:
    """Return what there is of an interrupted training with this output, an `Unfinished`."""
    from tinycnn import distribution
    from tinycnn.saving.unfinished import Unfinished

    same = {f"--{name.replace('_', '-')}": getattr(options, name) for name in SAME}
    same["started by mpiexec"] = "no" if distribution.distribution() is None else "yes"
    return Unfinished(options.output, same)


def may_begin(options: argparse.Namespace, unfinished: Any) -> bool:
    """Return whether to train: to go on, which is said, or anew, if the output may be written.

    Raises:
        FileError: there is nothing to go on with, it had other options, or there is nobody to ask.
    """
    if not options.fresh and (found := unfinished.found(needed=options.resume)):
        say(found)
        return True
    own = options.fresh and unfinished.has_written()
    if own or may_replace(pathlib.Path(options.output), options.force):
        unfinished.forget()
        return True
    return False


def may_replace(output: pathlib.Path, force: bool) -> bool:
    """Return whether the output may be written; in a terminal the person is asked.

    Raises:
        FileError: it is there, and there is nobody to ask.
    """
    from tinycnn.utils.errors import FileError

    if force or not output.exists():
        return True
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty()):
        way_out = (
            "Add --force to replace it (make train ARGS=--force), or --output for another name"
        )
        raise FileError(output, "another training has made it", f"{way_out}.")
    say(f"{output} is there already: another training has made it.")
    try:
        answer = input("Replace it? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() in ("y", "yes"):
        return True
    say(f"{output} stays as it is. --output FILE gives the new one another name.")
    return False


def chosen_model(options: argparse.Namespace) -> tuple[Any, Any]:
    """Return the model to train, and how it wants its digits, a `DigitInput`; that of a recipe uncompiled.

    Raises:
        ModelFileError: it is a file that cannot be read, or no model of digits.
        ValueError: there is no such optimizer or recipe.
    """
    from tinycnn.losses import BinaryCrossentropy, CategoricalCrossentropy, Loss
    from tinycnn.pretrained import nets, recipes
    from tinycnn.pretrained.digit_input import USUAL
    from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model
    from tinycnn.utils.errors import FileError

    wanted = USUAL
    if options.recipe is not None:
        recipe = recipes.load(options.recipe)
        say(f"recipe: {options.recipe}: {recipe.about}")
        return recipe.model(), wanted
    if options.model in NETS:
        model = getattr(nets, NETS[options.model])()
    else:
        if not os.path.lexists(options.model):
            way_out = f"Name a model file, or one of the nets {', '.join(NETS)}."
            raise FileError(options.model, "there is no such file", way_out)
        model, name = load_digit_model(options.model, force=True)
        wanted, note = digit_input_of(model, name)
        say(f"model: {name}{', ' if note else ''}{note}")
    if model.objective is None or options.optimizer is not None:
        scores = model.layers[-1].as_logits() is None  # it does not end in a softmax
        loss: Loss = CategoricalCrossentropy(from_logits=scores)
        if model.layers[-1].as_logits("sigmoid") is not None:
            loss = BinaryCrossentropy()
        loss = loss if model.objective is None else model.objective.loss
        name = "adadelta" if options.optimizer is None else options.optimizer
        model.compile(name, loss, metrics=["accuracy"])
    if options.learning_rate:
        # A function may take the place of the file's schedule, and a number that of the function.
        model.optimizer.learning_rate = lambda: options.learning_rate
        model.optimizer.learning_rate = options.learning_rate
    return model, wanted


def labels_for(model: Any, digits: Any) -> Any:
    """Return digits (n,) as the model's loss takes them: as they are, or one-hot (n, 10)."""
    from tinycnn import utils
    from tinycnn.losses import SparseCategoricalCrossentropy

    sparse = isinstance(model.loss, SparseCategoricalCrossentropy)
    return digits if sparse else utils.to_categorical(digits, 10)


def prepared(options: argparse.Namespace, model: Any, train: tuple, test: tuple) -> dict[str, Any]:
    """Return the arguments of the model's `fit`; by a recipe it is compiled, too, and not validated.

    Args:
        options: of the command line.
        model: from `chosen_model`.
        train, test: digits (x, y) as the model wants them.
    """
    x, y = train
    if options.recipe is not None:
        from tinycnn.pretrained import recipes

        return recipes.load(options.recipe).prepare(model, x, y, options.epochs)
    sizes = {"batch_size": options.batch_size, "epochs": options.epochs}
    return {"x": x, "y": y, **sizes, "validation_data": test}


def draw_curves(history: dict[str, list[float]], path: str) -> bool:
    """Write a picture of loss and accuracy by epoch; return False if the file could not be written.

    Without matplotlib no picture is written, which is no failure.

    Args:
        history: {name: [one number an epoch]}.
        path: of the picture file.
    """
    from tinycnn.utils import plots
    from tinycnn.utils.errors import PictureError

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


def watchers(options: argparse.Namespace, history_file: str, unfinished: Any) -> dict[str, Any]:
    """Return the callbacks of the training by what they do: "save", "log", "go on", "stop" (--patience)."""
    from tinycnn.callbacks import BackupAndRestore, CSVLogger, EarlyStopping, ModelCheckpoint

    class EpochsFromOne(CSVLogger):
        """Counts epochs as the lines on the screen and the curves do; Keras's own counts from 0."""

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            super().on_epoch_end(epoch + 1, logs)

    # Braces are doubled, because ModelCheckpoint takes its filepath for a format string.
    path = options.output.replace("{", "{{").replace("}", "}}")
    early, folder = options.patience is not None, unfinished.folder
    callbacks: dict[str, Any] = {
        "save": ModelCheckpoint(path, save_best_only=early),
        "log": EpochsFromOne(history_file),
        "go on": BackupAndRestore(folder, delete_checkpoint=False, about=unfinished.options),
    }
    if early:
        callbacks["stop"] = EarlyStopping(patience=options.patience, restore_best_weights=True)
    return callbacks


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


def with_running_means(path: str) -> Any:
    """Return the model in a file whose optimizer keeps running means (use_ema), as `fit` leaves it.

    The file was written at the end of an epoch: the means of that epoch replace the weights, there, too.
    """
    from tinycnn.models import load_model

    model: Any = load_model(path)
    model.optimizer.finalize_variable_values(model.trainable_weights)
    model.save(path)
    say(f"use_ema: in {path} the running means of the weights have replaced them, as tested now")
    return model


def tell_results(model: Any, data: tuple, about: str) -> bool:
    """Print the loss and the accuracy on the test digits (x, y); return whether they are numbers."""
    results = model.evaluate(*data, verbose=0, return_dict=True)
    accuracy = results.get("accuracy", results.get("acc"))
    text = "" if accuracy is None else f", test accuracy {accuracy:.2%}"
    say(f"test loss {results['loss']:.4f}{text} ({about}, {len(data[0]):,} digits)")
    return math.isfinite(results["loss"])


def main(argv: list[str] | None = None) -> int:
    """Run the script, with all processes that mpiexec has started."""
    options = arguments(argv)
    from tinycnn.distribution import rank, started_by_mpiexec

    with started_by_mpiexec():
        return (train if rank() else train_alone)(options, unfinished_training(options))


def train_alone(options: argparse.Namespace, unfinished: Any) -> int:
    """Train, as rank 0, unless another process trains for the same output."""
    from tinycnn import saving

    saving.check_target(pathlib.Path(options.output))  # before a folder is made beside it
    with unfinished.alone():
        try:
            return train(options, unfinished)
        except KeyboardInterrupt:
            if unfinished.is_there():
                print("\nThe same command goes on there.", file=sys.stderr)
            raise


def train(options: argparse.Namespace, unfinished: Any) -> int:
    """Load digits, train the net, save it with its history, and test it; return the exit code."""
    from tinycnn import datasets, distribution, ops, utils
    from tinycnn.models.pixel_scale import bytes_are_meant
    from tinycnn.utils import atomic

    beside = pathlib.Path(options.output).with_suffix("")  # mnist.h5 -> mnist-history.csv, ...
    history_file, curves_file = f"{beside}-history.csv", f"{beside}-curves.png"
    callbacks = watchers(options, history_file, unfinished)  # a bad name is noticed before the work
    for path in (history_file, curves_file) if distribution.rank() == 0 else ():
        atomic.check(path)
    utils.set_random_seed(options.seed)
    if options.threads:
        ops.set_num_threads(options.threads)
    model, wanted = chosen_model(options)
    if not distribution.rank_0_decides(lambda: may_begin(options, unfinished)):
        return 1

    digits = datasets.load(options.data)
    if digits.note and distribution.rank() == 0:
        print(digits.note, file=sys.stderr)
    x_train, x_test = (wanted.prepare(images) for images in (digits.x_train, digits.x_test))
    y_train, y_test = (labels_for(model, labels) for labels in (digits.y_train, digits.y_test))
    say(f"data: {digits.name}, {len(x_train):,} training and {len(x_test):,} test digits")
    arguments_of_fit = prepared(options, model, (x_train, y_train), (x_test, y_test))
    model.summary()
    with bytes_are_meant():  # they were prepared as the net wants them
        history = model.fit(**arguments_of_fit, callbacks=list(callbacks.values()))
    if distribution.rank():
        return 0
    distribution.set_distribution(None)  # rank 0 does the rest
    good = report(history.history, options, curves_file, callbacks)
    if good and model.optimizer.use_ema:
        model = with_running_means(callbacks["save"].written)
    good = tell_results(model, (x_test, y_test), digits.name) and good
    unfinished.forget()
    return int(not good)


if __name__ == "__main__":
    run(main)
