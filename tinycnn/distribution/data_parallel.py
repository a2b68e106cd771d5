"""`DataParallel`: one training by several processes, which MPI may have started on several machines."""

import contextlib
import json
import os
import platform
from collections.abc import Hashable, Iterator, Mapping

import numpy as np

from tinycnn import __version__
from tinycnn.distribution import agreement
from tinycnn.distribution.agreement import RanksDiffer
from tinycnn.distribution.courier import Courier
from tinycnn.distribution.doubling import Link, gathered, total
from tinycnn.distribution.mpi import MPILink
from tinycnn.distribution.shards import Arrays, check_shards, span, tree_sum
from tinycnn.utils.validation import check_supported


class DataParallel:
    """Every process (rank) has the whole model and a part of every batch; gradients are added over all.

    Made by each rank of a program that `mpiexec -n 4 python program.py` has started; without mpiexec there
    is one. The results are the same bytes for any number of ranks: see `shards.py`.

    Args:
        device_mesh, devices, auto_shard_dataset: Keras's; only at their defaults.
        shards: the fixed parts of a batch, a power of two; another number gives other roundings. The number
            of ranks must be a power of two up to it.

    Raises:
        ImportError: without mpi4py.
        ValueError: for other numbers of shards or ranks.

    Example:
        >>> from tinycnn import distribution
        >>> distribution.set_distribution(distribution.DataParallel())  # doctest: +SKIP
    """

    def __init__(
        self,
        device_mesh: None = None,
        devices: None = None,
        auto_shard_dataset: bool = True,
        *,
        shards: int = 8,
    ):
        options = {"device_mesh": device_mesh, "devices": devices}
        supported = {"device_mesh": None, "devices": None, "auto_shard_dataset": True}
        options["auto_shard_dataset"] = auto_shard_dataset
        check_supported("DataParallel", options, supported)
        link = MPILink()
        check_shards(shards, link.size)
        link.begin_watch()
        self._begin(link, shards)

    @classmethod
    def of(cls, link: Link, shards: int = 8) -> "DataParallel":
        """Return the distribution of ranks that something else than MPI connects."""
        self = cls.__new__(cls)
        self._begin(link, check_shards(shards, link.size))
        return self

    def _begin(self, link: Link, shards: int) -> None:
        self.link, self.shards, self._courier = link, shards, Courier(link)
        self._depth, self._broken, self.is_alone = 0, "", False

    @property
    def rank(self) -> int:
        """The number of this process, from 0; rank 0 prints and writes files."""
        return self.link.rank

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self.link.size

    @property
    def own_shards(self) -> range:
        """The shards that this rank computes."""
        count = self.shards // self.size
        return range(self.rank * count, (self.rank + 1) * count)

    def part(self, batch: int) -> slice:
        """Return which samples of a batch of so many are this rank's."""
        return span(batch, self.shards, self.own_shards.start, len(self.own_shards))

    def cuts(self, batch: int) -> list[slice]:
        """Return, for each of this rank's shards, where it lies in `part`."""
        start = self.part(batch).start
        spans = [span(batch, self.shards, shard) for shard in self.own_shards]
        return [slice(each.start - start, each.stop - start) for each in spans]

    def total(self, parts: Arrays) -> np.ndarray:
        """Return the sum of one small array for each shard, over all shards of all ranks, at once."""
        (own,) = tree_sum([part] for part in parts)
        return total(self.link, 0, own)

    def add_later(self, key: Hashable, part: np.ndarray) -> None:
        """Begin to add a large array over all ranks: see `Courier.add`."""
        self._courier.add(key, np.ascontiguousarray(part))

    def sums(self) -> dict[Hashable, np.ndarray]:
        """Return all sums that were begun: see `Courier.sums`."""
        return self._courier.sums()

    def gathered(self, data: bytes) -> list[bytes]:
        """Return what each rank has handed over."""
        return gathered(self.link, 0, data)

    def agree(self, facts: Mapping[str, object]) -> None:
        """Compare facts, which may be nested, over all ranks.

        Raises:
            RanksDiffer: on all ranks, if they differ; the first difference is named.
        """
        versions = {"tinycnn": __version__, "numpy": np.__version__}
        versions |= {"Python": platform.python_version(), "shards": self.shards}
        own = json.dumps(agreement.flat({**versions, **facts}))
        ranks = [json.loads(one) for one in self.gathered(own.encode())]
        if found := agreement.difference(ranks):
            raise RanksDiffer(f"{found} All ranks must run the same program on the same data.")

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Surround what all ranks do together: an error here is told to the others, rank 0 alone prints."""
        if self._broken:
            raise RuntimeError(
                f"The ranks do not work together any more since {self._broken}: start the program again."
            )
        with self.quiet():
            self._depth += 1
            try:
                yield
            except RanksDiffer:  # all ranks come to the same end
                raise
            except BaseException as error:
                self._broken = f"{type(error).__name__}: {error}".rstrip(": ")
                if getattr(self.link, "watch", None) is not None:
                    self.link.watch.tell(self._broken)
                raise
            finally:
                self._depth -= 1

    @property
    def inside(self) -> bool:
        """Whether something that all ranks do together goes on."""
        return self._depth > 0

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """A `with` block in which this rank shares nothing: what a callback computes, perhaps on one rank."""
        before, self.is_alone = self.is_alone, True
        try:
            yield
        finally:
            self.is_alone = before

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """A `with` block in which ranks other than 0 print nothing on standard output."""
        if self.rank == 0:
            yield
            return
        with (
            open(os.devnull, "w", encoding="utf-8") as nowhere,
            contextlib.redirect_stdout(nowhere),
        ):
            yield
