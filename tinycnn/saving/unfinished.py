"""`Unfinished`: what a command finds of a training that did not come to its end."""

import contextlib
import os
from collections.abc import Iterator

from tinycnn.saving import backup
from tinycnn.utils.errors import FileError
from tinycnn.utils.file_lock import lock

LOCK = "lock"


class Unfinished:
    """The backups of a command's training, in a folder beside the file that it writes.

    Args:
        output: the file.
        options: what must be the same for a training to go on, {option: text, number or None}.

    Example:
        >>> Unfinished("mnist.h5", {"--epochs": 6}).folder
        'mnist-backup'
    """

    def __init__(self, output: str | os.PathLike, options: dict[str, object]):
        self.output, self.options = os.fspath(output), options
        self.folder = f"{os.path.splitext(self.output)[0]}-backup"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """A `with` block in which no other process trains for this output; in the end no empty folder stays.

        Raises:
            FileError: one does, or no folder can be made.
        """
        path = os.path.join(self.folder, LOCK)
        try:
            os.makedirs(self.folder, exist_ok=True)
            held = lock(path)
        except OSError as error:
            cause = f"no backups can be kept there: {error.strerror or error}"
            raise FileError(self.folder, cause, "Name another --output.") from error
        if held is None:
            remedy = "Wait for its end, or name another --output."
            raise FileError(self.output, "another process trains for this file now", remedy)
        try:
            yield
        finally:
            held.close()
            with contextlib.suppress(OSError):
                os.remove(path)
                os.rmdir(self.folder)  # not if backups are in it

    def found(self, *, needed: bool = False) -> str:
        """Return where the training goes on, as a sentence; "" if there is nothing to go on with.

        Args:
            needed: True to raise an error then.

        Raises:
            FileError: it had other options, or its backups are damaged.
        """
        state = backup.read(self.folder)
        if state is None and needed:
            remedy = "Leave out --resume to begin anew."
            raise FileError(self.folder, "no interrupted training is there to go on with", remedy)
        if state is None:
            return ""
        then, at = state["about"], state["training"]
        for name, value in self.options.items():
            if then.get(name) == value:
                continue
            if at["iterations"] == 0 and not os.path.exists(self.output):
                backup.remove(self.folder)  # nothing is lost
                return ""
            raise FileError(
                self.folder,
                f"an unfinished training had other options: {name} was {then.get(name)}, and is {value}",
                "Give the same to go on with it, or --fresh to begin anew.",
            )
        batch = f", batch {at['batch']}" if at["batch"] else ""
        place = f"after epoch {at['epoch']}{batch}" if at["epoch"] or batch else "at its begin"
        return f"going on {place}, from {self.folder}; --fresh begins anew"

    def has_written(self) -> bool:
        """Return whether the output is that of the unfinished training: then nobody else's is replaced."""
        with contextlib.suppress(FileError):
            state = backup.read(self.folder)
            return state is not None and state["training"]["epoch"] > 0
        return False

    def is_there(self) -> bool:
        """Return whether there are backups."""
        return os.path.exists(os.path.join(self.folder, backup.NEWEST))

    def forget(self) -> None:
        """Remove the backups: the training has come to its end."""
        backup.remove(self.folder)
