"""`Row`: the numbers of one line of the results, for each contender one number a round."""

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
        ways: {contender: the way it took}, see `benchmarks.contenders`.
        absent: {contender: why it has no numbers}.
        flops: multiplications and additions that the work takes by the plain algorithm; 0: not counted.
        sgemm: FLOP/s of a matrix product on this machine, one number a round, measured in turns.
        note: what else a reader should know.
        comparable: False if the contenders did different things, so that ratios mean nothing.
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
        """Return {contender: median and quartiles}."""
        return {name: summary(values) for name, values in self.measurements.items()}

    def faster_peer(self, names=PEERS):
        """Return the name of the peer with the lower median, None if none was measured."""
        medians = {name: s.median for name, s in self.summaries().items() if name in names}
        return min(medians, key=medians.get, default=None)

    def over(self, peer):
        """Return the peer's numbers divided by tinycnn's, one ratio for each round."""
        return ratios(self.measurements[peer], self.measurements[OURS])

    def sgemm_shares(self):
        """Return tinycnn's FLOP/s divided by the matrix product's, one ratio for each round."""
        pairs = zip(self.measurements[OURS], self.sgemm, strict=True)
        return [self.flops / seconds / rate for seconds, rate in pairs]
