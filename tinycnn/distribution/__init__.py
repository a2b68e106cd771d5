"""One training by several processes, by MPI: Keras's `distribution`, as far as `DataParallel` goes.

Example:
    >>> from tinycnn import distribution
    >>> distribution.distribution() is None, distribution.rank()
    (True, 0)
"""

from tinycnn.distribution.data_parallel import DataParallel as DataParallel
from tinycnn.distribution.default import broadcast as broadcast
from tinycnn.distribution.default import distribution as distribution
from tinycnn.distribution.default import rank as rank
from tinycnn.distribution.default import rank_0_decides as rank_0_decides
from tinycnn.distribution.default import set_distribution as set_distribution
from tinycnn.distribution.launch import started_by_mpiexec as started_by_mpiexec
