"""tinycnn beside PyTorch, Keras, NumPy, JAX and five engines that predict: `python -m benchmarks`.

Checks that all compute the same, times them in turns, prints a table and writes it.

    python -m benchmarks                        everything, about 30 minutes
    python -m benchmarks --rows "batch 128"     rows whose name has these words; --list names all
    python -m benchmarks --quick                tries everything out; the numbers mean little
    python -m benchmarks --noisy                also on a machine that has something else to do
    python -m benchmarks --records FILE         with records.md, which `python -m benchmarks.records` wrote
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import os
import pathlib
import re
import sys

from benchmarks import machine, quiet, rows
from tinycnn.utils.cli import run, whole_number


def arguments(given=None):
    """Return the options of the command line; given: its words, None for those of this process."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", metavar="PATTERN", default="", help="a regular expression")
    parser.add_argument("--list", action="store_true", help="name the rows and stop")
    parser.add_argument("--quick", action="store_true", help="short turns, three rounds")
    parser.add_argument("--noisy", action="store_true", help="do not stop if the machine is busy")
    parser.add_argument("--rounds", type=whole_number(), help="turns of each; default: 7")
    parser.add_argument(
        "--threads",
        type=whole_number(1, 1024),
        default=machine.available_threads(),
        help="of every contender; default: all CPUs",
    )
    parser.add_argument("--data", default="sample", help="as in scripts/train.py; default: sample")
    parser.add_argument(
        "--records", type=pathlib.Path, metavar="FILE", help="records.md, to be in the report"
    )
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        default=pathlib.Path("benchmark-results"),
        metavar="FOLDER",
        help="for table.md, table.csv and plot.png; default: benchmark-results",
    )
    return parser.parse_args(given)


def chosen_plans(pattern):
    """Return the `rows.Plan`s whose name matches a regular expression.

    Raises:
        ValueError: if none does, or the pattern is no regular expression.
    """
    try:
        plans = [plan for plan in rows.PLANS if re.search(pattern, plan.name, re.IGNORECASE)]
    except re.error as error:
        raise ValueError(f"--rows must be a regular expression ({error}): {pattern!r}") from error
    if not plans:
        raise ValueError(f"no row's name matches {pattern!r}: --list names them all")
    return plans


def measure(setting, plans, measured):
    """Measure the planned rows, with a progress bar.

    Args:
        setting: the `Setting` of this run.
        plans: `rows.Plan`s.
        measured: list that the rows are appended to, so that they are there even after an error.
    """
    from benchmarks.progress import Progress

    progress = Progress(plans)
    try:
        for plan in plans:
            progress.begin(plan)
            measured += plan.measure(setting, plan.name)
            progress.done(plan)
    finally:
        progress.close()


def publish(description, measured, records, folder):
    """Print the report; write it to `folder` as Markdown, CSV and a picture.

    Args:
        description: lines about the machine.
        measured: `results.Row`s.
        records: from `report.read_records`; None leaves them out.
        folder: made if need be.
    """
    from benchmarks import plot, report
    from benchmarks.targets import TARGETS

    outcomes = [target.judge({row.name: row for row in measured}) for target in TARGETS]
    parts = description, measured, outcomes, records
    print(report.report(*parts, report.plain))
    folder.mkdir(parents=True, exist_ok=True)
    text = report.report(*parts, report.markdown)
    (folder / "table.md").write_text(text, encoding="utf-8")
    report.write_csv(folder / "table.csv", measured, outcomes)
    written = ["table.md", "table.csv"]
    try:
        plot.write_plot(folder / "plot.png", measured)
        written.append("plot.png")
    except ImportError:
        print("no picture: pip install matplotlib", file=sys.stderr)
    print(f"wrote {', '.join(str(folder / name) for name in written)}")


def main(given=None):
    """Run the command: measure, then publish, also if something went wrong after some rows."""
    options = arguments(given)
    plans = chosen_plans(options.rows)
    if options.list:
        print("\n".join(plan.name for plan in plans))
        return
    os.environ.update(machine.thread_environment(options.threads))  # before NumPy is imported
    from benchmarks.report import read_records
    from benchmarks.setting import Setting

    records = read_records(options.records) if options.records else None
    rounds = options.rounds or (3 if options.quick else 7)
    description = [*machine.describe(options.threads), quiet.check(options.noisy or options.quick)]
    if options.quick:
        description.append("A QUICK TRY: these numbers mean little.")
    measured = []
    try:
        measure(Setting(options.threads, rounds, options.data, options.quick), plans, measured)
    finally:
        if measured:
            publish(description, measured, records, options.output)


if __name__ == "__main__":
    run(main)
