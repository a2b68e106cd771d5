"""Has the model that reads, and the other one, tried on simulated drawings while nobody draws."""

from gui.recognition.quality import CANNOT_READ, Lent, Measurer, Quality, state_of
from gui.recognition.worker import Worker
from gui.widgets.model_menu import USUAL

REST = 300  # milliseconds without a change of the drawing, until work goes on that nobody waits for


class Measuring:
    """Asks its worker, and shows in the status bar what comes of it.

    Args:
        window: whose `worker` has the model that reads.
    """

    def __init__(self, window: object) -> None:
        self._window = window
        self.worker = Worker(Measurer(), CANNOT_READ)
        self.quality = Quality()
        self._lent: Lent | None = None
        self._disturbed = False
        self._timer = ""
        self._file = (0, 0)  # what ./mnist.h5 was like
        window.root.bind("<FocusIn>", lambda event: self.look_again(), add=True)

    def begin(self) -> None:
        """Another model reads from now on, or its weights are others: what was known is of the one before."""
        self._lent, self._disturbed, self._file = None, False, state_of(USUAL)
        self._show(Quality(self.quality.serial + 1))
        self._wait()

    def look_again(self) -> None:
        """A person comes back to the window: a training elsewhere may have written ./mnist.h5 meanwhile."""
        if self.quality.done and state_of(USUAL) != self._file:
            self.begin()

    def disturb(self) -> None:
        """The drawing has changed: what it is comes first."""
        self._disturbed = True

    def _wait(self) -> None:
        root = self._window.root
        if self._timer:
            root.after_cancel(self._timer)
        self._timer = root.after(REST, self._rested)

    def _rested(self) -> None:
        self._timer = ""
        self._go_on()

    def _go_on(self) -> None:
        """Ask for the next step, if nobody draws."""
        if self._disturbed or not self._window.worker.idle:
            self._disturbed = False
            self._wait()
        elif self._lent is None:
            self._window.worker.submit("lend", self.quality.serial)
        else:
            self.worker.submit("measure", self._lent)

    def lent(self, lent: Lent | None) -> None:
        """Try a copy of the model that reads."""
        if lent is not None and lent.serial == self.quality.serial:
            self._lent = lent
            self._go_on()

    def measured(self, quality: Quality) -> None:
        """Show what is known, and ask on, unless it is of a model from before."""
        if quality.serial != self.quality.serial:
            return
        self._show(quality)
        if quality.done:
            self._lent = None
        else:
            self._go_on()

    def _show(self, quality: Quality) -> None:
        self.quality = quality
        self._window.view.status_bar.line.show(quality)
