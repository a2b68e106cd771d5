"""The command `tinycnn`: train, draw, predict and so on; `python -m tinycnn` is the same."""

from tinycnn.utils.start import end_on_interrupt

if __name__ == "__main__":  # before anything else is imported
    end_on_interrupt()

import functools
import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
from types import ModuleType
from typing import NoReturn

import tinycnn
from tinycnn.utils.cli import Parser, run

COMMANDS = {  # {name: (module, what it does)}
    "train": ("scripts.train", "learn MNIST's digits, and write the net to mnist.h5"),
    "draw": ("gui.__main__", "open the window: draw a digit, and see it recognised"),
    "predict": ("scripts.predict", "say which digit each picture shows"),
    "evaluate": ("scripts.evaluate", "test a model: accuracy, confusion matrix, worst mistakes"),
    "gradcheck": ("tinycnn.gradcheck", "check a model's gradients against differences"),
    "benchmark": ("scripts.benchmark", "how fast training and prediction are on this machine"),
}


def main() -> NoReturn:
    """Run the command that the first word names."""
    end_on_interrupt()
    words = sys.argv[1:]
    if words and words[0] in COMMANDS:
        name = words.pop(0)
        sys.argv = [f"tinycnn {name}", *words]  # argparse takes the first for the program's name
        module = load(COMMANDS[name][0])
        getattr(module, "run_window", functools.partial(run, module.main))()
    run(functools.partial(arguments, words))


def arguments(words: list[str]) -> int:
    """Answer a command line that names no command: with help, the version, or what is wrong."""
    lines = (f"  {name:11}{what}" for name, (_, what) in COMMANDS.items())
    parser = Parser(
        prog="tinycnn",
        usage="tinycnn COMMAND ...",
        description="\n".join(["Convolutional networks for handwritten digits.\n", *lines]),
        epilog="tinycnn COMMAND --help tells more of each.",
    )
    parser.add_argument("--version", action="version", version=f"tinycnn {tinycnn.__version__}")
    if words and not words[0].startswith("-"):
        parser.error(f"there is no command {words[0]!r}. There are: {', '.join(COMMANDS)}")
    parser.parse_args(words)
    parser.print_help()
    return 2


def load(name: str) -> ModuleType:
    """Import a command's module, also where its package cannot be found by its name.

    `scripts` and `gui` are folders beside `tinycnn` in the repository. In a wheel they lie in it, where
    their names cannot meet others'. Either way they get those names in this process alone.

    Args:
        name: such as "gui.__main__".
    """
    room = name.partition(".")[0]
    if room not in sys.modules:
        here = pathlib.Path(__file__).parent
        folder = next(path for path in (here / room, here.parent / room) if path.is_dir())
        spec = importlib.machinery.ModuleSpec(room, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[room] = importlib.util.module_from_spec(spec)
    return importlib.import_module(name)


if __name__ == "__main__":
    main()
