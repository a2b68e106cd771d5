"""The results: rows of numbers, one number a round."""

import dataclasses

from benchmarks.contenders import OURS, PEERS
from benchmarks.timing import Summary, ratios, summary


@dataclasses.dataclass
class Row:
    """One line of the table.

    Args:
        name: what was measured.
        unit: "s", "MB" or "×".
        measurements: for each contender one number a round, in that unit.
        ways: which of its ways a contender took.
        absent: why a contender has no numbers.
        flops: multiplications and additions of the plain dense algorithm, in one piece of work.
        sgemm: what the machine's matrix product did in these rounds, FLOP/s.
        note: what else a reader should know.
        comparable: whether a peer's number over ours says how much faster we are.
    """

    name: str
    unit: str = "s"
    measurements: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    ways: dict[str, str] = dataclasses.field(default_factory=dict)
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    flops: float = 0
    sgemm: list[float] = dataclasses.field(default_factory=list)
    note: str = ""
    comparable: bool = True

    def summaries(self) -> dict[str, Summary]:
        """Return median and quartiles of each contender."""
        return {name: summary(values) for name, values in self.measurements.items()}

    def faster_peer(self, names=PEERS):
        """Return the name of the peer with the lower median, None if none was measured."""
        medians = {name: each.median for name, each in self.summaries().items() if name in names}
        return min(medians, key=medians.get, default=None)

    def over(self, peer):
        """Return the peer's numbers over ours, round by round."""
        return ratios(self.measurements[peer], self.measurements[OURS])

    def sgemm_shares(self):
        """Return the dense arithmetic a second over the machine's sgemm, round by round."""
        pairs = zip(self.measurements[OURS], self.sgemm, strict=True)
        return [self.flops / seconds / rate for seconds, rate in pairs]
