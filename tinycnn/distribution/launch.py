"""`started_by_mpiexec`: what a command does where mpiexec has started it several times."""

import contextlib
import os
from collections.abc import Iterator

from tinycnn.distribution.default import set_distribution

# How mpiexec tells a process how many there are: MPICH and what descends from it, Open MPI, Slurm
COUNTS = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")


@contextlib.contextmanager
def started_by_mpiexec() -> Iterator[None]:
    """A `with` block in which all processes that mpiexec has started work together; rank 0 alone prints.

    Without mpiexec nothing is done.

    Raises:
        ValueError: several processes were started, and mpi4py is not there: each would do all by itself.
    """
    counts = [int(os.environ[name]) for name in COUNTS if os.environ.get(name, "").isdecimal()]
    try:
        shared = _data_parallel() if counts else None
    except ImportError as error:
        if max(counts) > 1:
            raise ValueError(f"{max(counts)} processes were started together. {error}") from error
        shared = None
    set_distribution(shared)
    try:
        with contextlib.nullcontext() if shared is None else shared.quiet():
            yield
    finally:
        set_distribution(None)


def _data_parallel() -> object:
    """Return a `DataParallel`, which is imported here, where it is used."""
    from tinycnn.distribution.data_parallel import DataParallel

    return DataParallel()
