"""Whether a training may begin, or go on: what is there already, and what a person answers."""

import argparse
import pathlib
import sys

from tinycnn import distribution
from tinycnn.digit_training.options import OF_RECIPES
from tinycnn.saving.unfinished import Unfinished
from tinycnn.utils.cli import say
from tinycnn.utils.errors import FileError

# What must be the same for an interrupted training to go on
SAME = (*OF_RECIPES, "data", "recipe", "epochs", "seed")


def unfinished_training(options: argparse.Namespace) -> Unfinished:
    """Return what there is of an interrupted training with this output."""
    same = {f"--{name.replace('_', '-')}": getattr(options, name) for name in SAME}
    same["started by mpiexec"] = "no" if distribution.distribution() is None else "yes"
    return Unfinished(options.output, same)


def may_begin(options: argparse.Namespace, unfinished: Unfinished) -> bool:
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
