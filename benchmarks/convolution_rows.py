"""Rows of the table about single convolutions, on random numbers, none of which is 0."""

import numpy as np

from benchmarks import validation
from benchmarks.net_rows import JUDGE, repeated
from benchmarks.results import Row

BLOCK = 0.15  # seconds that a turn lasts


def arrays(case):
    """Return [x, kernel, bias, dy] for a `nets.Convolution`: normal random numbers, always the same."""
    rng, side = np.random.default_rng(0), case.side_after
    shapes = (
        (case.samples, case.side, case.side, case.channels),
        (case.window, case.window, case.channels, case.filters),
        (case.filters,),
        (case.samples, side, side, case.filters),
    )
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def passes(setting, row, case):
    """Return {contender: {way: Pass}} for a case, after checking that all give the same results."""
    given = arrays(case)
    by_name = {name: m.convolutions(case, given) for name, m in setting.modules(row).items()}
    judge = next(iter(by_name[JUDGE].values()))
    validation.check_passes(row.name, judge, by_name)
    return by_name


def convolution(setting, name, case, part):
    """Time a single convolution with all contenders; return [row].

    Args:
        setting: the `Setting` of this run.
        name: of the row.
        case: a `nets.Convolution`.
        part: "forward", or "both" for forward and all three gradients.
    """
    row = Row(name, flops=case.flops() * (1 if part == "forward" else 3))
    works = {
        contender: {way: repeated(getattr(pass_, part)) for way, pass_ in ways.items()}
        for contender, ways in passes(setting, row, case).items()
    }
    setting.contest(row, works, BLOCK, with_sgemm=True)
    pixels = f"{case.samples} × {case.side}×{case.side}×{case.channels}"
    row.note = f"{pixels}, dense random numbers" + ("" if part == "forward" else " and cotangents")
    return [row]
