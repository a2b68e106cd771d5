"""`Means`: the loss and the metrics over the samples so far."""

import dataclasses

import numpy as np

from tinycnn.models.data import NO_BATCH


@dataclasses.dataclass
class Means:
    """Running means of the loss and the metrics over all samples so far.

    Args:
        names: "loss" and those of the metrics.
        weighted: how many of them, the last ones, are means by the samples' weights.
        totals: the sums so far, float64, one for each name; None before the first batch.
        counts: what they are divided by.
    """

    names: list[str]
    weighted: int = 0
    totals: np.ndarray | None = None
    counts: int | np.ndarray = 0

    def add(self, values: list[np.ndarray], weights: np.ndarray | None = None) -> None:
        """Add a batch of n samples: an array (n,) for each name, from `Objective.values`; weights (n,)."""
        self.add_sums(*self.sums(values, weights))

    def sums(
        self, values: list[np.ndarray], weights: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what `add` adds: the sums, and what they are divided by, float64, one for each name."""
        sums = np.array([value.sum(dtype=np.float64) for value in values])
        counts = np.full(len(values), float(len(values[0])))
        if weights is not None and self.weighted:
            counts[-self.weighted :] = weights.sum()
        return sums, counts

    def add_sums(self, sums: np.ndarray, counts: np.ndarray) -> None:
        """Add the sums of a batch: see `sums`."""
        self.totals = sums if self.totals is None else self.totals + sums
        self.counts = self.counts + counts

    def logs(self) -> dict[str, float]:
        """Return the means so far, by name; ValueError before the first batch."""
        if self.totals is None:
            raise ValueError(NO_BATCH)
        means = self.totals / np.where(self.counts == 0, 1, self.counts)  # 0 where all weights are
        return dict(zip(self.names, means.tolist(), strict=True))
