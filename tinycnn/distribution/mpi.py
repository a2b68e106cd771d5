"""`MPILink`: MPI, as far as it is needed, which is little: to exchange two arrays and go on meanwhile.

No sum is MPI's, whose order would be the library's. Every call returns at once, and one thread at a time
calls, so any MPI will do that lets several threads take turns.
"""

import atexit
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from tinycnn.distribution.doubling import gathered
from tinycnn.distribution.watch import GRACE, Watch, end
from tinycnn.utils.thread_count import count_cpus

BUSY, SHORT, LONG = 200, 20e-6, 500e-6  # looks in a row without a pause; seconds between later ones


def mpi() -> object:
    """Return the module `mpi4py.MPI`, which begins MPI.

    Raises:
        ImportError: if it is not there.
    """
    try:
        import mpi4py

        mpi4py.rc.finalize = False  # `MPILink.leave` does that, if nobody is lost
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError(
            f"DataParallel needs MPI: python -m pip install 'tinycnn[mpi]' ({error})."
        ) from error
    return MPI


class MPILink:
    """The connection to the other ranks: see `doubling.Link`.

    Raises:
        ImportError: without mpi4py.
        RuntimeError: if this MPI is for one thread only.
    """

    def __init__(self):
        self._mpi = mpi()
        self._world, self._turn = self._mpi.COMM_WORLD.Dup(), threading.Lock()
        self.rank, self.size = self._world.Get_rank(), self._world.Get_size()
        self.watch: Watch | None = None
        self._crowded = False  # whether this machine has more ranks than CPUs
        atexit.register(self._leave)
        if self._mpi.Query_thread() < self._mpi.THREAD_SERIALIZED and self.size > 1:
            raise RuntimeError("This MPI lets one thread alone call it; DataParallel needs two.")

    def begin_watch(self) -> None:
        """Watch the other ranks from now on: see `Watch`."""
        hosts = gathered(self, 0, self._mpi.Get_processor_name().encode())
        self._crowded = hosts.count(hosts[self.rank]) > count_cpus()
        self.watch = Watch(self.rank, self.size, len(set(hosts)) == 1)
        self.watch.connect(gathered(self, 0, self.watch.address())[0])
        with contextlib.suppress(ValueError, AttributeError):  # not the main thread; Windows
            if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
                # By this mpich's mpiexec tells of a rank that is lost. It would end this one without a word.
                signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def start(
        self, other: int, tag: int, send: np.ndarray, receive: np.ndarray
    ) -> Callable[[], bool]:
        """Begin to exchange arrays with a rank: see `doubling.Link.start`."""
        byte = self._mpi.BYTE
        requests: list = []
        with self._turn, self._told():
            requests.append(self._world.Irecv([receive, byte], other, tag))
            requests.append(self._world.Isend([send, byte], other, tag))

        def done() -> bool:
            """Return whether both arrays have gone their way."""
            with self._turn, self._told():
                return self._mpi.Request.Testall(requests)

        return done

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """End this process with a sentence if MPI fails: most likely a rank is lost, and `Watch` knows it."""
        try:
            yield
        except self._mpi.Exception as error:
            begin = time.monotonic()
            while self.watch is not None and time.monotonic() - begin < 2 * GRACE:
                self.watch.check(begin)
                time.sleep(LONG)
            end(f"MPI failed: {error}")

    def wait(self, done: Callable[[], bool]) -> None:
        """Return when `done()` is true; look often at first, then leave the CPU to those that compute."""
        # Where ranks share CPUs, who looks on takes the time of who computes.
        looks, begin = 2 * BUSY if self._crowded else 0, time.monotonic()
        while not done():
            looks += 1
            time.sleep(0 if looks < BUSY else SHORT if looks < 2 * BUSY else LONG)
            if self.watch is not None and looks % BUSY == 0:
                self.watch.check(begin)

    def _leave(self) -> None:
        """End MPI with the program, if all ranks get so far."""
        if (self.watch is None or self.watch.leave()) and not self._mpi.Is_finalized():
            self._mpi.Finalize()
