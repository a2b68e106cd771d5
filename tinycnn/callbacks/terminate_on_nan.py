"""`TerminateOnNaN`: a training that has diverged ends."""

import math

from tinycnn.callbacks.base import Callback, Logs
from tinycnn.utils.validation import check_bool


class TerminateOnNaN(Callback):
    """Ends the training when the loss is NaN or infinite.

    Args:
        raise_error: True to raise instead of ending: then `on_train_end` is not called.

    Raises:
        RuntimeError: after the batch, with raise_error.

    Example:
        >>> TerminateOnNaN().raise_error
        False
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = check_bool("raise_error", raise_error)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss", 0.0)
        if math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"The loss is {loss} at batch {batch}: TerminateOnNaN ends it here.")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
