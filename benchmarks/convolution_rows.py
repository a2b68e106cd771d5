"""Rows about single convolutions, with dense random numbers everywhere: nothing is zero."""

import numpy as np

from benchmarks import validation
from benchmarks.net_rows import JUDGE, repeated
from benchmarks.results import Row

BLOCK = 0.15  # seconds a turn


def arrays(case):
    """Return x, kernel, bias and dy for a case: normal numbers, each row the same in every run."""
    rng, after = np.random.default_rng(0), case.side_after
    shapes = (
        (case.samples, case.side, case.side, case.channels),
        (case.window, case.window, case.channels, case.filters),
        (case.filters,),
        (case.samples, after, after, case.filters),
    )
    return [rng.standard_normal(shape, np.float32) for shape in shapes]


def passes(setting, row, case):
    """Return {contender: {way: Pass}}, after making sure that they agree."""
    given = arrays(case)
    by_name = {name: m.convolutions(case, given) for name, m in setting.modules(row).items()}
    judge = next(iter(by_name[JUDGE].values()))
    validation.check_passes(row.name, judge, by_name)
    return by_name


def convolution(setting, name, case, part):
    """Time a convolution.

    Args:
        name: of the row.
        case: which one.
        part: "forward", or "both" for forward and all three gradients.
    """
    row = Row(name, flops=case.flops() * (1 if part == "forward" else 3))
    works = {
        contender: {way: repeated(getattr(one, part)) for way, one in ways.items()}
        for contender, ways in passes(setting, row, case).items()
    }
    setting.contest(row, works, BLOCK, with_sgemm=True)
    pixels = f"{case.samples} × {case.side}×{case.side}×{case.channels}"
    row.note = f"{pixels}, dense random numbers" + ("" if part == "forward" else " and cotangents")
    return [row]
