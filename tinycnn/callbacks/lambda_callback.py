"""`LambdaCallback`: a callback made of functions."""

from collections.abc import Callable

from tinycnn.callbacks.base import HOOKS, Callback


class LambdaCallback(Callback):
    """Calls given functions in place of its methods.

    Args:
        on_epoch_begin, on_epoch_end: called with (epoch, logs).
        on_train_begin, on_train_end: called with (logs).
        on_train_batch_begin, on_train_batch_end: called with (batch, logs).
        others: functions for the other hooks, by name: "on_test_begin", "on_predict_batch_end", ...

    Raises:
        TypeError: for a name that is no hook.

    Example:
        >>> shout = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
        >>> shout.on_epoch_end(3, {})
        3
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **others: Callable | None,
    ):
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, function in {**given, **others}.items():
            if name not in HOOKS:
                raise TypeError(f"LambdaCallback has no hook {name!r}. There are: {HOOKS}")
            if function is not None:
                setattr(self, name, function)
