"""The project's performance targets, and whether measured rows reach them.

The functions that `Target.ratio` names take `by_name`, {name: results.Row}, and return (ratios, one for
each round; what was compared, as text). They raise `Unmeasured` if a row or contender is missing.
"""

import dataclasses
import statistics

from benchmarks import rows
from benchmarks.contenders import ENGINES, OURS, PEERS
from benchmarks.timing import ratios, summary

PYTORCH = ("PyTorch",)


class Unmeasured(Exception):
    """A row or a contender that a target needs was not measured; the text says which."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A ratio with two limits for its median.

    Args:
        name: for the table.
        ratio: function of {name: row}, see this module's docstring.
        goal: the target; reached if the median is at least this.
        least: the lower limit; missed if the median does not reach even this.
        smaller: True if small ratios are good: then the limits are upper ones.
    """

    name: str
    ratio: object
    goal: float
    least: float
    smaller: bool = False

    def judge(self, by_name):
        """Return the `Outcome` for measured rows, {name: row}."""
        try:
            values, words = self.ratio(by_name)
        except Unmeasured as reason:
            return Outcome(self, [], "not measured", str(reason))
        # Where small ratios are good, all numbers are negated, so that larger is better.
        median, sign = summary(values).median, -1 if self.smaller else 1
        if sign * median >= sign * self.goal:
            return Outcome(self, values, "reached", words)
        at_least = sign * median >= sign * self.least
        return Outcome(self, values, "lower limit" if at_least else "missed", words)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result for a target.

    Args:
        target: the `Target`.
        ratios: one for each round; empty if not measured.
        word: "reached", "lower limit" (only the lower one is reached), "missed" or "not measured".
        words: what was compared, or why it was not measured.
    """

    target: Target
    ratios: list[float]
    word: str
    words: str

    def limits(self):
        """Return goal and lower limit as text, "≥ 3 / 2.2"."""
        return f"{'≤' if self.target.smaller else '≥'} {self.target.goal:g} / {self.target.least:g}"


def measured(by_name, name, *contenders):
    """Return the row of this name; raise `Unmeasured` unless it has numbers of all these contenders."""
    if name not in by_name:
        raise Unmeasured(f"row not run: {name}")
    row = by_name[name]
    for contender in contenders:
        if not row.measurements.get(contender):
            reason = row.absent.get(contender, "no numbers")
            raise Unmeasured(f"{contender}: {reason}")
    return row


def over_peers(name, peers=PEERS):
    """Return a ratio function: in the row `name`, the faster peer's numbers divided by tinycnn's."""

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
    """Return a ratio function: in the row `name`, tinycnn's numbers divided by the sum of the peers'."""

    def ratio(by_name):
        row = measured(by_name, name, OURS, *peers)
        together = [
            sum(values) for values in zip(*(row.measurements[p] for p in peers), strict=True)
        ]
        return ratios(row.measurements[OURS], together), f"tinycnn over {' + '.join(peers)}"

    return ratio


def seconds(name):
    """Return a ratio function: in the row `name`, tinycnn's seconds as they are."""

    def ratio(by_name):
        return measured(by_name, name, OURS).measurements[OURS], "seconds, no ratio"

    return ratio


def over_sgemm(name):
    """Return a ratio function: in the row `name`, tinycnn's FLOP/s divided by a matrix product's (sgemm)."""

    def ratio(by_name):
        row = measured(by_name, name, OURS)
        if not row.sgemm:
            raise Unmeasured("no matrix product was timed in this row")
        rate = summary(row.sgemm).median / 1e9
        work = f"{row.flops / 1e9:.2f} GFLOP by the plain dense algorithm"
        return row.sgemm_shares(), f"{work}; sgemm {rate:.0f} GFLOP/s"

    return ratio


def scaling(by_name):
    """A ratio function: tinycnn's gain from a second thread divided by the matrix product's gain."""
    row = measured(by_name, rows.SCALING, OURS, "sgemm")
    return ratios(
        row.measurements[OURS], row.measurements["sgemm"]
    ), "tinycnn's gain over sgemm's gain"


def convolution_ratios(by_name):
    """Return {row's name: PyTorch's seconds / tinycnn's, one for each round} of all single convolutions."""
    names = [name for name in rows.BOTH_WAYS if name in by_name]
    if len(names) < len(rows.BOTH_WAYS):
        raise Unmeasured(f"{len(names)} of {len(rows.BOTH_WAYS)} convolutions run")
    return {name: measured(by_name, name, OURS, "PyTorch").over("PyTorch") for name in names}


def slowest_convolution(by_name):
    """A ratio function: the ratios of the convolution with the smallest median."""
    by_row = convolution_ratios(by_name)
    name = min(by_row, key=lambda name: summary(by_row[name]).median)
    return by_row[name], name


def mean_convolution(by_name):
    """A ratio function: the geometric mean over all single convolutions, for each round."""
    by_row = convolution_ratios(by_name)
    rounds = zip(*by_row.values(), strict=True)
    return [statistics.geometric_mean(r) for r in rounds], f"geometric mean of {len(by_row)}"


TARGETS = (
    Target("training step, batch 128: faster peer over tinycnn", over_peers(rows.STEP), 4.5, 3.3),
    Target("training step, batch 128: dense FLOP/s over sgemm", over_sgemm(rows.STEP), 1.5, 1.0),
    Target(
        "1,000 predictions: best engine over tinycnn", over_peers(rows.THOUSAND, ENGINES), 2.0, 1.5
    ),
    Target("one prediction: best engine over tinycnn", over_peers(rows.ONE, ENGINES), 1.5, 1.0),
    Target("32→64 3×3 forward: dense FLOP/s over sgemm", over_sgemm(rows.FORWARD), 1.8, 0.9),
    Target("each convolution: PyTorch over tinycnn, the lowest", slowest_convolution, 1.3, 1.0),
    Target("convolutions: PyTorch over tinycnn, mean", mean_convolution, 2.2, 1.8),
    Target("LeNet-5 step: PyTorch over tinycnn", over_peers(rows.LENET, PYTORCH), 4.8, 3.0),
    Target(
        "stride-2 net's step: PyTorch over tinycnn", over_peers(rows.STRIDE2, PYTORCH), 5.0, 3.0
    ),
    Target("second thread: tinycnn's gain over sgemm's", scaling, 1.0, 0.9),
    Target("memory: tinycnn over PyTorch", against_peers(rows.MEMORY, "PyTorch"), 0.6, 1.0, True),
    Target("import: tinycnn over PyTorch", against_peers(rows.IMPORT, "PyTorch"), 0.4, 0.7, True),
    Target("first run: seconds of compilation", seconds(rows.FIRST_RUN), 6.0, 9.0, True),
    Target("warm start: tinycnn over PyTorch", against_peers(rows.WARM, "PyTorch"), 0.8, 1.2, True),
    Target("AVX2 step: PyTorch over tinycnn", over_peers(rows.AVX2, PYTORCH), 2.5, 1.8),
)
