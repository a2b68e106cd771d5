"""One training by several processes, by MPI: Keras's `distribution`, as far as `DataParallel` goes.

Example:
    >>> from tinycnn import distribution
    >>> distribution.distribution() is None, distribution.rank()
    (True, 0)

`DataParallel` is imported when it is first asked for: most programs train by themselves.
"""

from typing import TYPE_CHECKING, Any

from tinycnn.distribution.default import broadcast as broadcast
from tinycnn.distribution.default import distribution as distribution
from tinycnn.distribution.default import rank as rank
from tinycnn.distribution.default import rank_0_decides as rank_0_decides
from tinycnn.distribution.default import set_distribution as set_distribution
from tinycnn.distribution.launch import started_by_mpiexec as started_by_mpiexec

if TYPE_CHECKING:
    from tinycnn.distribution.data_parallel import DataParallel as DataParallel


def __getattr__(name: str) -> Any:
    """Return `DataParallel`; Python calls this for names that the module does not have yet."""
    if name != "DataParallel":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tinycnn.distribution.data_parallel import DataParallel

    return DataParallel
