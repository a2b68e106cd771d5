"""Trains the recipes of tinycnn/pretrained/recipes.json with one seed after the other, and writes a table.

python -m benchmarks.records                   all of them: an hour and a half
python -m benchmarks.records fast tiny         these alone
python -m benchmarks.records fast --held-back  to choose settings by: the last sixth of the training digits is
                                               not trained on, and tested in place of the test digits

The test digits are read once for each seed, after its last epoch. Seconds are those of `fit` alone: kernels
are compiled and digits in memory before it begins.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import dataclasses
import pathlib
import statistics
import sys
import time

import numpy as np

from benchmarks import machine
from tinycnn import datasets, ops, utils
from tinycnn.pretrained import recipes
from tinycnn.utils.cli import Parser, run, whole_number

HELD_BACK = 6  # one in so many training digits, the last ones, for choosing settings
WARMING = 1_000  # digits that kernels are compiled with


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a recipe is to reach.

    Args:
        accuracy: the least mean over seeds.
        seconds: the most of training; infinity where only the parameters count.
        parameters: the most.
        seeds: how many the mean is of.
    """

    accuracy: float
    seconds: float = float("inf")
    parameters: float = float("inf")
    seeds: int = 5


GOALS = {
    "fast": Goal(0.990, seconds=1.0, seeds=10),
    "fast995": Goal(0.995, seconds=10.0),
    "best": Goal(0.997, seconds=900.0),
    "tiny": Goal(0.990, parameters=5_000),
}


@dataclasses.dataclass(frozen=True)
class Record:
    """What a recipe reached.

    Args:
        name: of the recipe.
        parameters: of its net.
        accuracies, seconds: one number for each seed.
    """

    name: str
    parameters: int
    accuracies: list[float]
    seconds: list[float]

    def reached(self, goal):
        """Return whether mean accuracy, median seconds and parameters are those of a `Goal`, or better."""
        good = statistics.fmean(self.accuracies) >= goal.accuracy
        good &= statistics.median(self.seconds) <= goal.seconds
        return good and self.parameters <= goal.parameters

    def cells(self):
        """Return the texts of this record's line of the table."""
        goal, shares = GOALS[self.name], self.accuracies
        mean = f"{statistics.fmean(shares):.3%}"
        spread = f"{statistics.stdev(shares):.3%}" if len(shares) > 1 else "-"
        low, middle, high = min(self.seconds), statistics.median(self.seconds), max(self.seconds)
        return [
            self.name,
            f"≥ {goal.accuracy:.2%}{limits(goal)}",
            f"{mean} ± {spread} [{min(shares):.2%}, {max(shares):.2%}]",
            str(len(shares)),
            f"{middle:.3g} [{low:.3g}, {high:.3g}]",
            f"{self.parameters:,}",
            "yes" if self.reached(goal) else "no",
        ]


def limits(goal):
    """Return as text what a `Goal` limits beside the accuracy."""
    seconds = f", ≤ {goal.seconds:g} s" if goal.seconds < float("inf") else ""
    parameters = f", ≤ {goal.parameters:,} parameters" if goal.parameters < float("inf") else ""
    return seconds + parameters


HEADER = ["recipe", "goal", "accuracy: mean ± deviation [lowest, highest]", "seeds"]
HEADER += ["seconds: median [least, most]", "parameters", "reached"]


def table(records):
    """Return `Record`s as a table in Markdown."""
    lines = [HEADER, ["---"] * len(HEADER), *(record.cells() for record in records)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def train(recipe, train_digits, test_digits, seed):
    """Train with this seed; return the accuracy on the test digits and the seconds of training.

    Args:
        recipe: a `Recipe`.
        train_digits, test_digits: (x, y), float32 (n, 28, 28, 1) from 0 to 1 and one-hot (n, 10).
        seed: from 0.
    """
    utils.set_random_seed(seed)
    model = recipe.model()
    options = recipe.prepare(model, *train_digits)
    start = time.perf_counter()
    model.fit(**options, verbose=0)
    seconds = time.perf_counter() - start
    return model.evaluate(*test_digits, verbose=0, return_dict=True)["accuracy"], seconds


def measure(name, train_digits, test_digits, seeds):
    """Train a recipe with each of these seeds; return a `Record`."""
    recipe = recipes.load(name)
    few = [array[:WARMING] for array in train_digits]
    train(dataclasses.replace(recipe, epochs=1), few, few, 0)
    accuracies, seconds = [], []
    for seed in seeds:
        accuracy, elapsed = train(recipe, train_digits, test_digits, seed)
        print(f"{name}, seed {seed}: {accuracy:.2%}, {elapsed:.3g} s", file=sys.stderr, flush=True)
        accuracies.append(accuracy)
        seconds.append(elapsed)
    return Record(name, recipe.model().count_params(), accuracies, seconds)


def digits(source, held_back=False):
    """Return the name of the data, and training and test digits as `train` takes them.

    Args:
        source: see `tinycnn.datasets.load`.
        held_back: True to test on the last training digits, which are then not trained on.
    """
    loaded = datasets.load(source)
    sets = [(loaded.x_train, loaded.y_train), (loaded.x_test, loaded.y_test)]
    pairs = [(x[..., None] / np.float32(255), utils.to_categorical(y, 10)) for x, y in sets]
    if not held_back:
        return loaded.name, *pairs
    (x, y), _ = pairs
    count = len(x) - len(x) // HELD_BACK
    known, unknown = slice(count), slice(count, None)
    return (
        f"{loaded.name}, the last training digits",
        (x[known], y[known]),
        (x[unknown], y[unknown]),
    )


def arguments(given=None):
    """Return the options of the command line; given: its words, None for those of this process."""
    parser = Parser(prog="python -m benchmarks.records", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GOALS))
    parser.add_argument("--seeds", type=whole_number(), help="how many; default: 10 or 5")
    parser.add_argument("--first-seed", type=whole_number(0), default=0, help="default: 0")
    parser.add_argument("--held-back", action="store_true", help="see above")
    parser.add_argument("--data", default="mnist", help="as in scripts/train.py; default: mnist")
    parser.add_argument("--threads", type=whole_number(1, 1024), help="default: one for each CPU")
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        default=pathlib.Path("benchmark-results"),
        metavar="FOLDER",
        help="for records.md; default: benchmark-results",
    )
    return parser.parse_args(given)


def main(given=None):
    """Run the command: train, print the table and write it, also if something went wrong after some."""
    options = arguments(given)
    names = options.names or list(GOALS)
    for name in names:
        recipes.load(name)  # a wrong one is noticed before the work
    if options.threads:
        ops.set_num_threads(options.threads)
    name_of_data, *data = digits(options.data, options.held_back)
    records = []
    try:
        for name in names:
            count = options.seeds or GOALS[name].seeds
            seeds = range(options.first_seed, options.first_seed + count)
            records.append(measure(name, *data, seeds))
    finally:
        if records:
            threads = options.threads or machine.available_threads()
            about = [*machine.describe(threads), f"Tested on: {name_of_data}."]
            text = "\n".join([*about, "", table(records), ""])
            print(text)
            options.output.mkdir(parents=True, exist_ok=True)
            (options.output / "records.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(main)
