"""The options of `tinycnn train`."""

import argparse

from tinycnn.utils.cli import Parser, file_name, number, whole_number

ABOUT = "Train a net on handwritten digits and keep it as mnist.h5."
EXAMPLES = """examples:
  tinycnn train                           MNIST (downloaded once), the classic net, 6 epochs
  tinycnn train --data sample --epochs 3  the 12,000 digits that came along, offline
  tinycnn train --data my-folder          four MNIST files of your own
  tinycnn train --model lenet --optimizer adam --learning-rate 0.002 --epochs 50 --patience 3
                                          LeNet-5, until the validation loss gets no better
  tinycnn train --model mnist.h5 --output more.h5
                                          go on from where a training ended
  tinycnn train --augment                 for a net that reads what you draw in the window, too
  tinycnn train --recipe fast             99 % within a second: a net and its training, by name
  mpiexec -n 4 tinycnn train              by 4 processes, on one machine or several

A training that was interrupted, however that happened, goes on when it is started again with the same
options, and comes to the same net; --fresh begins anew.
"""
SMALLEST_RATE = 1e-12
# What holds without a recipe, and what a recipe says by itself
DEFAULTS = {"model": "classic", "epochs": 6, "batch_size": 128}
OF_RECIPES = ("model", "optimizer", "learning_rate", "patience", "batch_size", "augment")


def command_line() -> Parser:
    """Return what reads the options."""
    parser = Parser(description=ABOUT, epilog=EXAMPLES)
    parser.add_argument(
        "--data",
        default="auto",
        help="auto (MNIST, or the sample offline), mnist, sample, or a folder",
    )
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        help="fast, fast995, best or tiny: a net and its optimizer, schedule, batch size, epochs and "
        "variations of the digits, without --model, --optimizer, --learning-rate, --patience, "
        "--batch-size and --augment; no validation: the test digits are read once, at the end",
    )
    # None where it is left out, as with all that a recipe decides
    parser.add_argument(
        "--augment",
        action="store_true",
        default=None,
        help="learn to read drawings, too: from digits varied anew in each epoch, drawn ones, thick pens, "
        "and what is no digit; it takes about eight times as long",
    )
    parser.add_argument(
        "--model",
        type=file_name,
        help="classic, lenet, compact, or a model file to go on with; default: classic",
    )
    add_training_options(parser)
    add_file_options(parser)
    return parser


def add_training_options(parser: Parser) -> None:
    """Add the options for how, how long and with what it is trained."""
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
