"""`Courier`: a thread that adds gradients over all ranks while the backward pass goes on."""

import threading
from collections.abc import Hashable

import numpy as np

from tinycnn.distribution.doubling import Doubling, Link

FIRST_TAG = 1  # 0 is for what the training thread itself exchanges


class Courier:
    """Adds arrays over all ranks, several on their way at once, in a thread of its own.

    Of those that wait the largest sets out first. When that is hangs on time, and nothing else does: each
    array has a tag of its own, and none waits for another.

    Args:
        link: between the ranks.
    """

    def __init__(self, link: Link):
        self.link, self._changed = link, threading.Condition()
        self._waiting: dict[Hashable, np.ndarray] = {}
        self._sums: dict[Hashable, np.ndarray] = {}
        self._expected = 0
        self._tags: dict[Hashable, int] = {}
        self._buffers: dict[Hashable, list[np.ndarray]] = {}
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def add(self, key: Hashable, value: np.ndarray) -> None:
        """Let an array be added over all ranks.

        Args:
            key: the same on all ranks, which hand over the same keys in the same order.
            value: C-contiguous; not to be changed before `sums` returns.
        """
        self._expected += 1
        if self.link.size == 1:
            self._sums[key] = value
            return
        self._tags.setdefault(key, FIRST_TAG + len(self._tags))
        with self._changed:
            self._waiting[key] = value
            self._changed.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
            self._thread.start()

    def sums(self) -> dict[Hashable, np.ndarray]:
        """Return the sums of all arrays since the last call; the next `add` may write over them."""
        with self._changed:
            self._changed.wait_for(lambda: self._error or len(self._sums) == self._expected)
            if self._error is not None:
                raise RuntimeError("The exchange between the ranks failed.") from self._error
            sums, self._sums, self._expected = self._sums, {}, 0
        return sums

    def _run(self) -> None:
        """Be the thread."""
        try:
            while True:
                self._deliver(self._taken(wait=True))
        except BaseException as error:  # the training thread raises it
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _taken(self, wait: bool = False) -> dict[Hashable, Doubling]:
        """Let what waits set out, the largest first; with `wait`, wait until there is something."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not wait)
            waiting, self._waiting = self._waiting, {}
        order = sorted(waiting, key=lambda key: -waiting[key].nbytes)
        return {key: self._set_out(key, waiting[key]) for key in order}

    def _set_out(self, key: Hashable, value: np.ndarray) -> Doubling:
        """Begin the sum of one array, in the buffers of the last time if they fit."""
        buffers = self._buffers.get(key)
        if buffers is None or buffers[0].shape != value.shape or buffers[0].dtype != value.dtype:
            buffers = self._buffers[key] = [np.empty_like(value) for _ in range(2)]
        return Doubling(self.link, self._tags[key], value, buffers)

    def _deliver(self, going: dict[Hashable, Doubling]) -> None:
        """Go on until nothing is on its way any more, and take along what comes meanwhile."""

        def done() -> bool:
            """Return whether something changed: an array arrived, or others wait."""
            going.update(self._taken())
            arrived = {key: one.value for key, one in going.items() if one.advance()}
            for key in arrived:
                del going[key]
            if arrived:
                with self._changed:
                    self._sums.update(arrived)
                    self._changed.notify_all()
            return not going

        self.link.wait(done)
