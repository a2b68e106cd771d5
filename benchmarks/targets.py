"""What the project set out to reach, and whether it did."""

import dataclasses
import statistics

from benchmarks import rows
from benchmarks.contenders import OURS, PEERS
from benchmarks.timing import ratios, summary


class Unmeasured(Exception):
    """A row or a peer is not there; says which."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A ratio and its two limits.

    Args:
        name: for the table.
        ratio: function from rows by name to (ratios, one a round; what was compared, in words).
        goal: what is wanted.
        least: what has to be reached in any case.
        smaller: whether small ratios are good.
    """

    name: str
    ratio: object
    goal: float
    least: float
    smaller: bool = False

    def judge(self, by_name):
        """Return an `Outcome` on rows by name."""
        try:
            values, words = self.ratio(by_name)
        except Unmeasured as reason:
            return Outcome(self, [], "not measured", str(reason))
        median, sign = summary(values).median, -1 if self.smaller else 1
        if sign * median >= sign * self.goal:
            return Outcome(self, values, "reached", words)
        at_least = sign * median >= sign * self.least
        return Outcome(self, values, "lower limit" if at_least else "missed", words)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a target: its ratios (none if not measured), a word, and what was compared."""

    target: Target
    ratios: list[float]
    word: str
    words: str

    def limits(self):
        """Return "≥ 3 / 2.2"."""
        return f"{'≤' if self.target.smaller else '≥'} {self.target.goal:g} / {self.target.least:g}"


def measured(by_name, name, *contenders):
    """Return a row in which these contenders have numbers, or say what lacks."""
    if name not in by_name:
        raise Unmeasured(f"row not run: {name}")
    row = by_name[name]
    for contender in contenders:
        if not row.measurements.get(contender):
            reason = row.absent.get(contender, "no numbers")
            raise Unmeasured(f"{contender}: {reason}")
    return row


def over_peers(name, peers=PEERS):
    """Return the ratio: the faster peer's seconds over ours."""

    def ratio(by_name):
        row = measured(by_name, name, OURS)
        peer = row.faster_peer(peers)
        if peer is None:
            raise Unmeasured("; ".join(f"{p}: {row.absent.get(p, 'absent')}" for p in peers))
        missing = [p for p in peers if p not in row.measurements]
        without = f"; {', '.join(missing)} absent" if missing else ""
        return row.over(peer), f"{peer} ({row.ways.get(peer, '')}) over tinycnn{without}"

    return ratio


def against_peers(name, *peers):
    """Return the ratio: our numbers over the sum of some peers'."""

    def ratio(by_name):
        row = measured(by_name, name, OURS, *peers)
        together = [
            sum(values) for values in zip(*(row.measurements[p] for p in peers), strict=True)
        ]
        return ratios(row.measurements[OURS], together), f"tinycnn over {' + '.join(peers)}"

    return ratio


def over_sgemm(name):
    """Return the ratio: dense arithmetic a second over that of the machine's matrix product."""

    def ratio(by_name):
        row = measured(by_name, name, OURS)
        if not row.sgemm:
            raise Unmeasured("no matrix product was timed in this row")
        rate = summary(row.sgemm).median / 1e9
        work = f"{row.flops / 1e9:.2f} GFLOP by the plain dense algorithm"
        return row.sgemm_shares(), f"{work}; sgemm {rate:.0f} GFLOP/s"

    return ratio


def scaling(by_name):
    """Return the ratio: our gain from a second thread over the matrix product's."""
    row = measured(by_name, rows.SCALING, OURS, "sgemm")
    return ratios(
        row.measurements[OURS], row.measurements["sgemm"]
    ), "tinycnn's gain over sgemm's gain"


def convolution_ratios(by_name):
    """Return PyTorch's seconds over ours of each single convolution, {name: one ratio a round}."""
    names = [name for name in rows.BOTH_WAYS if name in by_name]
    if len(names) < len(rows.BOTH_WAYS):
        raise Unmeasured(f"{len(names)} of {len(rows.BOTH_WAYS)} convolutions run")
    return {name: measured(by_name, name, OURS, "PyTorch").over("PyTorch") for name in names}


def slowest_convolution(by_name):
    """Return the smallest of the ratios."""
    each = convolution_ratios(by_name)
    name = min(each, key=lambda name: summary(each[name]).median)
    return each[name], name


def mean_convolution(by_name):
    """Return the geometric mean of the ratios, round by round."""
    each = convolution_ratios(by_name)
    means = [statistics.geometric_mean(turn) for turn in zip(*each.values(), strict=True)]
    return means, f"geometric mean of {len(each)}"


TARGETS = (
    Target("training step, batch 128: faster peer over tinycnn", over_peers(rows.STEP), 3.0, 2.2),
    Target("training step, batch 128: dense FLOP/s over sgemm", over_sgemm(rows.STEP), 1.5, 1.0),
    Target("1,000 predictions: faster peer over tinycnn", over_peers(rows.THOUSAND), 2.0, 1.4),
    Target("one prediction: faster peer over tinycnn", over_peers(rows.ONE), 2.0, 1.0),
    Target("32→64 3×3 forward: dense FLOP/s over sgemm", over_sgemm(rows.FORWARD), 1.8, 0.9),
    Target("each convolution: PyTorch over tinycnn, the lowest", slowest_convolution, 1.0, 0.7),
    Target("convolutions: PyTorch over tinycnn, mean", mean_convolution, 1.8, 1.2),
    Target("LeNet-5 step: faster peer over tinycnn", over_peers(rows.LENET), 3.0, 1.5),
    Target("second thread: tinycnn's gain over sgemm's", scaling, 1.0, 0.9),
    Target("memory: tinycnn over PyTorch", against_peers(rows.MEMORY, "PyTorch"), 0.6, 1.0, True),
    Target("import: tinycnn over PyTorch", against_peers(rows.IMPORT, "PyTorch"), 0.4, 0.7, True),
    Target(
        "compilation over import torch + keras",
        against_peers(rows.FIRST_RUN, "PyTorch", "Keras"),
        2.0,
        4.0,
        True,
    ),
    Target("warm start: tinycnn over PyTorch", against_peers(rows.WARM, "PyTorch"), 0.8, 1.2, True),
    Target("AVX2 step: PyTorch over tinycnn", over_peers(rows.AVX2, ("PyTorch",)), 2.5, 1.8),
)
