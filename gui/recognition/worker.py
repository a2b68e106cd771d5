"""One thread that works behind the window: jobs in their order, and of drawings only the newest."""

import dataclasses
import operator
import queue
import sys
import threading
import traceback
from collections import deque


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came of a job: its value, or a sentence that says what went wrong."""

    job: str
    value: object = None
    error: str | None = None


class Worker:
    """Calls the methods of one object, and of its parts ("part.method"), on a thread of its own.

    Nothing of Tk is ever handed to it: jobs are names and plain values, and the window fetches the
    answers when it has time, since Tk must be touched, and freed, by its own thread alone.

    Args:
        target: the object whose methods are the jobs.
        expected: the errors that are the user's to mend, and so are told in a sentence.
    """

    def __init__(self, target: object, expected: tuple[type[Exception], ...]) -> None:
        self._target = target
        self._expected = expected
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._jobs: deque[tuple[str, tuple]] = deque()
        self._newest: dict[str, tuple] = {}
        self._wanted = threading.Condition()
        self._ending = False
        self._busy = False
        self._thread = threading.Thread(target=self._work, name="worker")

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, job: str, *arguments: object) -> None:
        """Ask for a job that is done in its turn; nothing once the end was asked for."""
        with self._wanted:
            if self._ending:
                return
            self._jobs.append((job, arguments))
            self._wanted.notify()

    def submit_newest(self, job: str, *arguments: object) -> None:
        """Ask for a job that takes the place of an older one of the same name, if that still waits."""
        with self._wanted:
            if self._ending:
                return
            self._newest[job] = arguments
            self._wanted.notify()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do, and every answer has been fetched."""
        with self._wanted:
            waiting = self._busy or self._jobs or self._newest
        return not waiting and self._answers.empty()

    def answers(self) -> list[Answer]:
        """Return the answers that came since the last call."""
        ready = []
        while True:
            try:
                ready.append(self._answers.get_nowait())
            except queue.Empty:
                return ready

    def finish(self) -> None:
        """End after all that waits is done."""
        with self._wanted:
            self._ending = True
            self._wanted.notify()

    def stop(self) -> None:
        """Forget what waits, and end after what is being done."""
        with self._wanted:
            self._jobs.clear()
            self._newest.clear()
            self.finish()

    def join(self, seconds: float | None = None) -> None:
        """Wait until the thread has ended, if it ever began, or so many seconds have passed."""
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            self._answers.put(self._done(*job))
            with self._wanted:
                self._busy = False

    def _next(self) -> tuple[str, tuple] | None:
        """Wait for a job, those in order before the newest drawing; None at the end."""
        with self._wanted:
            self._wanted.wait_for(lambda: self._ending or self._jobs or self._newest)
            self._busy = bool(self._jobs or self._newest)
            if self._jobs:
                return self._jobs.popleft()
            oldest = next(
                iter(self._newest), None
            )  # or one that comes often would keep out the others
            return None if oldest is None else (oldest, self._newest.pop(oldest))

    def _done(self, job: str, arguments: tuple) -> Answer:
        try:
            return Answer(job, operator.attrgetter(job)(self._target)(*arguments))
        except self._expected as error:
            return Answer(job, error=str(error) or "the memory is too small for this")
        except Exception as error:  # a mistake of ours must not end the thread
            traceback.print_exc(file=sys.stderr)
            return Answer(job, error=f"This went wrong, and is not your fault: {error!r}")
