"""`Setting`: what all rows of one run of the benchmarks share: options, data, contenders, weights."""

import functools

import numpy as np

from benchmarks import contenders, digits, machine
from benchmarks.timing import alternate, fastest, settled_memory

STATES = {  # how many steps a net has been trained for
    "after 100 steps": 100,
    "after one epoch": 469,  # of MNIST, in batches of 128
}
BATCH = 128  # samples in a batch
FEWEST = 1024  # digits that the benchmarks need
SELDOM = ("NumPy",)  # slow, and in no target: timed only in every third round


class Setting:
    """Options of the run, with data, contenders and trained weights, which are made when first needed.

    Args:
        threads: how many each contender uses.
        rounds: how often each contender is timed.
        source: of the data, see `tinycnn.datasets.load`.
        quick: True for few data and short turns, to try everything out; the numbers mean little.
    """

    def __init__(self, threads, rounds, source="sample", quick=False):
        self.threads, self.rounds, self.source, self.quick = threads, rounds, source, quick
        self.block = 0.05 if quick else 0.6  # seconds that a turn lasts
        self.process_rounds = 1 if quick else 3
        self.validated, self._modules, self._weights = set(), {}, {}

    @functools.cached_property
    def data(self):
        """The training digits, a `digits.Data`; only the first 1,024 of them if quick."""
        data = digits.load(self.source)
        if len(data.x) < FEWEST:
            raise ValueError(f"the benchmarks need {FEWEST:,} digits. Received: {len(data.x):,}")
        return data.first(FEWEST) if self.quick else data

    def modules(self, row, names=contenders.FRAMEWORKS):
        """Return {name: module} of contenders that are installed; enter the others into `row.absent`."""
        for name in names:
            if name not in self._modules:
                try:
                    self._modules[name] = contenders.load(name, self.threads)
                except ImportError as error:
                    self._modules[name] = f"not installed ({error})"
        modules = {name: self._modules[name] for name in names}
        row.absent |= {name: found for name, found in modules.items() if isinstance(found, str)}
        return {name: found for name, found in modules.items() if not isinstance(found, str)}

    def set_weights(self, net, weights):
        """Take weights, as `weights` returns them, from elsewhere; other processes need not train."""
        self._weights[net.name] = weights

    def weights(self, net):
        """Return {state of `STATES`: list of weights} of a `nets.Net` trained by tinycnn with seed 0."""
        if net.name not in self._weights:
            self._weights[net.name] = self._trained(net)
        return self._weights[net.name]

    def _trained(self, net):
        """Train a net and return what `weights` returns; if quick, after only 4 and 8 steps."""
        from tinycnn import utils

        utils.set_random_seed(0)
        ours = contenders.load(contenders.OURS, self.threads)
        trainer = ours.trainers(net, self.data, BATCH)["fit"]
        weights, done = {}, 0
        for state, wanted in STATES.items():
            wanted = min(wanted, 4 * (len(weights) + 1)) if self.quick else wanted
            while done < wanted:
                count = min(wanted - done, len(self.data.x) // BATCH)
                trainer.steps(count)
                done += count
            weights[state] = trainer.weights()
        return weights

    def contest(self, row, ways, block=None, with_sgemm=False):
        """Time the fastest way of each contender, in turns, and write the numbers into a row.

        Args:
            row: its `measurements`, `ways` and `sgemm` are filled.
            ways: {contender: {way: timing.Work}}.
            block: seconds that a turn lasts; None: `self.block`.
            with_sgemm: True to time a matrix product, too, in the same turns.
        """
        with settled_memory():
            self._contest(row, ways, min(self.block, block or self.block), with_sgemm)

    def _contest(self, row, ways, block, with_sgemm):
        """Do the work of `contest`; a way that `row.ways` already has is not chosen anew."""
        new = {name: choices for name, choices in ways.items() if name not in row.ways}
        row.ways |= {name: fastest(choices, block) for name, choices in new.items()}
        works = {name: ways[name][row.ways[name]] for name in ways}
        if not with_sgemm:
            row.measurements = alternate(works, self.rounds, block, SELDOM)
            return
        sgemm, flops = self.sgemm
        seconds = alternate({**works, "sgemm": sgemm}, self.rounds, block, SELDOM)
        row.sgemm = [flops / elapsed for elapsed in seconds.pop("sgemm")]
        row.measurements = seconds

    @functools.cached_property
    def sgemm(self):
        """A matrix product in float32, at the size with more FLOP/s: (timing.Work, its FLOPs)."""
        works = machine.sgemm_works()
        per_flop = {
            size: np.median(alternate({"": work}, 3, min(self.block, 0.2))[""]) / flops
            for size, (work, flops) in works.items()
        }
        size = min(per_flop, key=per_flop.get)
        return works[size]
