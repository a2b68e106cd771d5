"""`ProgbarLogger`: progress on standard output."""

from tinycnn.callbacks.base import Callback, Logs


class ProgbarLogger(Callback):
    """Shows a progress bar with loss, metrics and the time left: for each epoch, evaluation or prediction.

    Validation has none of its own.

    Args:
        verbose: 1 for a bar (plain lines where standard output is no terminal), 2 for one line each.
    """

    def __init__(self, verbose: int):
        super().__init__()
        self.verbose, self.bar, self.in_fit = verbose, None, False

    def _begin(self, title: str) -> None:
        """Make a bar."""
        from tinycnn.utils.progress import Bar

        self.bar = Bar(self.params["steps"], title, visible=self.verbose == 1)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Note that evaluations from now on are validations."""
        self.in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Make this epoch's bar."""
        self._begin(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self.bar.advance(logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Replace the bar by a line with the epoch's numbers."""
        self.bar.finish(logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the bar of an epoch that was interrupted."""
        self.close()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Make the bar of an evaluation."""
        if not self.in_fit:
            self._begin("evaluate")

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar of an evaluation."""
        if not self.in_fit:
            self.bar.advance(logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Replace the bar by a line with the evaluation's numbers."""
        if not self.in_fit:
            self.bar.finish(logs or {})

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Make the bar of a prediction."""
        self._begin("predict")

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar of a prediction."""
        self.bar.advance({})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Replace the bar by a line."""
        self.bar.finish({})

    def close(self) -> None:
        """Remove the bar of what was interrupted, if there is one."""
        if self.bar is not None:
            self.bar.close()
