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
import pathlib
import sys
from typing import Any

from tinycnn.digit_training.options import arguments
from tinycnn.utils.cli import run, say


def main(argv: list[str] | None = None) -> int:
    """Run the script, with all processes that mpiexec has started."""
    options = arguments(argv)
    from tinycnn.digit_training.permission import unfinished_training
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
    from tinycnn.digit_training.chosen_model import chosen_model
    from tinycnn.digit_training.permission import may_begin
    from tinycnn.digit_training.results import report, tell_results, with_running_means
    from tinycnn.digit_training.training_data import labels_for, prepared
    from tinycnn.digit_training.watchers import watchers
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
    model: Any  # compiled, but for one of a recipe
    model, wanted = chosen_model(options)
    if not distribution.rank_0_decides(lambda: may_begin(options, unfinished)):
        return 1

    digits = datasets.load(options.data)
    if digits.note and distribution.rank() == 0:
        print(digits.note, file=sys.stderr)
    test = wanted.prepare(digits.x_test), labels_for(model, digits.y_test)
    say(f"data: {digits.name}, {len(digits.x_train):,} training and {len(test[0]):,} test digits")
    arguments_of_fit = prepared(options, model, wanted, digits, test)
    model.summary()
    with bytes_are_meant():  # they were prepared as the net wants them
        history = model.fit(**arguments_of_fit, callbacks=list(callbacks.values()))
    if distribution.rank():
        return 0
    distribution.set_distribution(None)  # rank 0 does the rest
    good = report(history.history, options, curves_file, callbacks)
    if good and model.optimizer.use_ema:
        model = with_running_means(callbacks["save"].written)
    good = tell_results(options, model, wanted, test, digits.name) and good
    unfinished.forget()
    return int(not good)


if __name__ == "__main__":
    run(main)
