"""Choose the digits of the embedded sample from MNIST and write them to one file."""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

from pathlib import Path
from typing import Any

import numpy as np

from tinycnn import datasets
from tinycnn.utils import atomic, cli
from tinycnn.utils.errors import DataFileError

SEED = 2026  # of the choice of digits
TRAIN_PER_CLASS = 1_000  # digits
TEST_PER_CLASS = 200
EXAMPLE = """example:
  python scripts/make_sample.py --data ~/Downloads/mnist --output tinycnn/datasets/sample.npz
"""


def choose(labels: np.ndarray, per_class: int, generator: np.random.Generator) -> np.ndarray:
    """Return the indices of equally many digits of every class, in random order.

    Args:
        labels: (n,), 0..9.
        per_class: how many of each class.
        generator: random numbers for the choice and the order.

    Returns:
        Indices into `labels`, int64 (10 * per_class,).

    Raises:
        ValueError: a class has fewer digits.

    Example:
        >>> choose(np.arange(10), 1, np.random.default_rng(0)).shape
        (10,)
    """
    positions = [np.flatnonzero(labels == digit) for digit in range(10)]
    chosen = [
        generator.choice(positions_of_class, per_class, replace=False)
        for positions_of_class in positions
    ]
    return generator.permutation(np.concatenate(chosen))


def choose_sample(digits: datasets.Digits, seed: int = SEED) -> dict[str, np.ndarray]:
    """Return the sample as {"x_train": ..., "y_train": ..., "x_test": ..., "y_test": ...}, all uint8.

    Args:
        digits: MNIST.
        seed: of the random choice and order.

    Example:
        >>> choose_sample(datasets.load("mnist"))["x_test"].shape  # doctest: +SKIP
        (2000, 28, 28)
    """
    generator = np.random.default_rng(seed)
    train = choose(digits.y_train, TRAIN_PER_CLASS, generator)
    test = choose(digits.y_test, TEST_PER_CLASS, generator)
    return {
        "x_train": digits.x_train[train],
        "y_train": digits.y_train[train],
        "x_test": digits.x_test[test],
        "y_test": digits.y_test[test],
    }


def write_arrays(arrays: dict[str, Any], path: Path) -> None:
    """Write arrays to an .npz file, which appears complete or not at all.

    Args:
        arrays: by name.
        path: the file; replaced if it is there.

    Example:
        >>> write_arrays({"x": np.zeros(3)}, Path("x.npz"))  # doctest: +SKIP
    """
    with atomic.replacing(path) as file:
        np.savez_compressed(file, **arrays)


def main() -> None:
    """Run the script: load MNIST, choose the sample, write it."""
    parser = cli.Parser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument(
        "--data", default="mnist", help='folder with MNIST\'s four files, or "mnist" (default)'
    )
    parser.add_argument("--output", type=Path, required=True, help="the file to write")
    options = parser.parse_args()
    atomic.check(options.output)

    digits = datasets.load(options.data)
    if digits.name != "mnist":
        raise DataFileError(options.data, "this is not MNIST", "Name the folder of MNIST itself.")
    write_arrays(choose_sample(digits), options.output)
    cli.say(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    cli.run(main)
