"""`Callback`, the base of all callbacks, and `CallbackList`: several of them called as one."""

from collections.abc import Callable, Sequence

Logs = dict[str, float]  # {"loss": ..., metric: ..., "val_loss": ...}


class Callback:
    """Base: methods that `fit`, `evaluate` and `predict` call, and that do nothing; subclasses override some.

    Before the first call `self.model` and `self.params` are set. Those of a test are called by `evaluate`,
    and by `fit` while it validates.
    """

    # Names of the numbers that `on_epoch_end` will be shown, in epochs with validation; None: not known.
    log_names: frozenset[str] | None = None
    only_writes = False  # whether it only writes: of ranks that train together, rank 0 calls it
    adds: tuple[str, ...] = ()  # names that this callback puts into the logs of an epoch
    # Names of attributes that `BackupAndRestore` keeps: numbers, texts, lists, dicts, arrays, or None.
    backed_up: tuple[str, ...] = ()
    comes_last = False  # whether `fit` calls it after all others

    def __init__(self):
        self.model = None
        self.params: dict = {}

    def set_model(self, model: object) -> None:
        """Set `self.model`, the model that is trained."""
        self.model = model

    def set_params(self, params: dict) -> None:
        """Set `self.params`: {"epochs": ..., "steps": batches in an epoch or None, "verbose": ...}."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called after the last epoch, with its numbers; not if an error ended the training."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before each epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after each epoch, with its mean loss and metrics; what is added there, all see after it."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each training step, counted from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each training step, with the mean loss and metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called before an evaluation or validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called after an evaluation or validation, with its loss and metrics."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of an evaluation or validation, counted from 0."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of an evaluation or validation, with the means so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called before a prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called after a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before each batch of a prediction, counted from 0."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after each batch of a prediction, with {"outputs": the batch's}."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
OLDER = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def overrides(callback: Callback, hook: str) -> bool:
    """Return whether a callback has a hook of its own, under its older name perhaps: in its class or itself.

    Example:
        >>> overrides(Callback(), "on_epoch_end")
        False
    """
    names = {hook, OLDER.get(hook, hook)}
    own = any(getattr(type(callback), name) is not getattr(Callback, name) for name in names)
    return own or not names.isdisjoint(vars(callback))


def _in_turn(functions: list[Callable]) -> Callable[..., None]:
    """Return a function that calls all these, in order, with its own arguments."""

    def call(*arguments: object) -> None:
        """Call all functions with these arguments."""
        for function in functions:
            function(*arguments)

    return call


class CallbackList(Callback):
    """Several callbacks as one: each hook calls that of all callbacks that have one, in order.

    Args:
        callbacks: told of the model, `params` and the names in the logs, all in order, but for those that
            come last.
        model, params: see `Callback`.
        names: of the numbers in an epoch's logs, before callbacks add some.

    Raises:
        ValueError: for something that is no callback.
    """

    def __init__(
        self, callbacks: Sequence[Callback], model: object, params: dict, names: Sequence[str] = ()
    ):
        super().__init__()
        for callback in callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(f"callbacks must be Callback objects. Received: {callback!r}")
        self.callbacks = sorted(callbacks, key=lambda callback: callback.comes_last)
        known: frozenset[str] | None = frozenset(names)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)
            callback.log_names = known
            known = None if known is None or _is_foreign(callback) else known.union(callback.adds)
        for hook in HOOKS:
            own = [callback for callback in self.callbacks if overrides(callback, hook)]
            setattr(self, hook, _in_turn([getattr(callback, hook) for callback in own]))


def _is_foreign(callback: Callback) -> bool:
    """Return whether a user's own code runs after an epoch, which may put any name into its logs."""
    hook = callback.on_epoch_end
    return not (getattr(hook, "__module__", None) or "").startswith("tinycnn.callbacks")
