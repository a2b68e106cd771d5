"""Measure how fast training and prediction are on this machine: the median of some turns."""

try:
    from tinycnn.utils.start import end_on_interrupt
except ModuleNotFoundError:
    raise SystemExit(
        "error: this Python lacks tinycnn. In the project's folder: python -m pip install -e ."
    ) from None
if __name__ == "__main__":  # before anything else is imported
    end_on_interrupt()

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from tinycnn.utils.cli import Parser, run, say, whole_number

EXAMPLES = """examples:
  tinycnn benchmark                 some seconds; the very first time a minute, to compile
  tinycnn benchmark --threads 1     on one CPU
In the repository `python -m benchmarks` compares with PyTorch, Keras and NumPy.
"""
BATCH, IMAGES = 128, 1000


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line.

    Args:
        argv: the words after the script's name; None: those that Python was started with.
    """
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    parser.add_argument("--rounds", type=whole_number(1, 10_000), default=20, help="default: 20")
    parser.add_argument("--threads", type=whole_number(1, 1024), help="default: one for each CPU")
    return parser.parse_args(argv)


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of some turns, in milliseconds, after two that do not count."""
    times = []
    for _ in range(rounds + 2):
        begin = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[2:])


def main(argv: list[str] | None = None) -> None:
    """Run the script: print a line for each kind of work."""
    options = arguments(argv)
    import numpy as np

    from tinycnn import datasets, ops, utils
    from tinycnn.pretrained import load, nets
    from tinycnn.utils.thread_count import available_threads

    utils.set_random_seed(0)
    digits = datasets.load("sample")
    x, y = digits.x_train[:IMAGES, ..., None] / np.float32(255), digits.y_train[:IMAGES]
    threads = options.threads or available_threads()
    ops.set_num_threads(threads)
    say(f"threads: {threads}, median of {options.rounds}")
    for name, net in (("classic net", nets.classic_net), ("LeNet-5", nets.lenet5)):
        model = net()
        model.compile("adadelta", "sparse_categorical_crossentropy")
        step = training(model, x[:BATCH], y[:BATCH], options)
        say(f"training step, {name}, batch {BATCH}: {step:8.1f} ms")
    model = load()
    say(f"prediction, the bundled net, {IMAGES:,} images: {predicting(model, x, options):8.1f} ms")
    say(f"prediction, the bundled net, one image: {predicting(model, x[:1], options):8.2f} ms")


def training(model: Any, x: Any, y: Any, options: argparse.Namespace) -> float:
    """Return how long a training step takes, in milliseconds."""
    return median_ms(lambda: model.train_on_batch(x, y), options.rounds)


def predicting(model: Any, x: Any, options: argparse.Namespace) -> float:
    """Return how long a prediction takes, in milliseconds."""
    return median_ms(lambda: model.predict(x, verbose=0), options.rounds)


if __name__ == "__main__":
    run(main)
