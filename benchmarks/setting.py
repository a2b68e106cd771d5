"""What one run of the benchmarks knows and shares among its rows."""

import functools

import numpy as np

from benchmarks import contenders, digits, machine
from benchmarks.timing import alternate, fastest, settled_memory

STATES = {
    "after 100 steps": 100,
    "after one epoch": 469,
}  # an epoch of MNIST has 469 batches of 128
BATCH = 128
FEWEST = 1024
SELDOM = ("NumPy",)  # nobody's target, and slow


class Setting:
    """The choices of the user, the data, the contenders, and trained weights.

    Args:
        threads: for everybody.
        rounds: turns of each contender.
        source: of the data, see `tinycnn.datasets.load`.
        quick: try everything out; the numbers mean little.
    """

    def __init__(self, threads, rounds, source="sample", quick=False):
        self.threads, self.rounds, self.source, self.quick = threads, rounds, source, quick
        self.block = 0.05 if quick else 0.6  # seconds that a turn lasts
        self.process_rounds = 1 if quick else 3
        self.validated, self._modules, self._weights = set(), {}, {}

    @functools.cached_property
    def data(self):
        """The digits; few of them for a quick try."""
        data = digits.load(self.source)
        if len(data.x) < FEWEST:
            raise ValueError(f"the benchmarks need {FEWEST:,} digits. Received: {len(data.x):,}")
        return data.first(FEWEST) if self.quick else data

    def modules(self, row):
        """Return the contenders that are here, by name; the row is told which are not, and why."""
        for name in contenders.FILES:
            if name not in self._modules:
                try:
                    self._modules[name] = contenders.load(name, self.threads)
                except ImportError as error:
                    self._modules[name] = f"not installed ({error})"
        modules = self._modules.items()
        row.absent |= {name: module for name, module in modules if isinstance(module, str)}
        return {name: module for name, module in modules if not isinstance(module, str)}

    def weights(self, net):
        """Return {state: weights}, trained by tinycnn from a fixed seed."""
        if net.name not in self._weights:
            self._weights[net.name] = self._trained(net)
        return self._weights[net.name]

    def _trained(self, net):
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
        """Time everybody's fastest way in turns, and write the numbers into the row.

        Args:
            row: to be filled.
            ways: {contender: {way: Work}}.
            block: seconds a turn; None: the usual.
            with_sgemm: let the machine's matrix product take part.
        """
        with settled_memory():
            self._contest(row, ways, min(self.block, block or self.block), with_sgemm)

    def _contest(self, row, ways, block, with_sgemm):
        new = {name: each for name, each in ways.items() if name not in row.ways}
        row.ways |= {name: fastest(each, block) for name, each in new.items()}
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
        """The machine's matrix product at its faster size: `Work`, and its arithmetic."""
        works = machine.sgemm_works()
        per_flop = {
            size: np.median(alternate({"": work}, 3, min(self.block, 0.2))[""]) / flops
            for size, (work, flops) in works.items()
        }
        size = min(per_flop, key=per_flop.get)
        return works[size]
