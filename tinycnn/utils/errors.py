"""The errors that name a file: each says which file, what is wrong with it, and what to do."""

import os

from tinycnn.utils.printable import printable, shortened


class FileError(Exception):
    """Something is wrong with a file that a person handed over or that was to be written.

    Args:
        path: the file's name, or its address on the network; in the message, a long one is shortened.
        cause: what is wrong, with what was received, as a clause without a full stop.
        remedy: what the person can do about it, as a sentence; may be empty.

    In the message, control characters of all three are escaped: they could change a terminal's state.

    Example:
        >>> str(FileError("a.h5", "it is empty", "Train a model first."))
        'a.h5: it is empty. Train a model first.'
    """

    def __init__(self, path: str | os.PathLike, cause: str, remedy: str = ""):
        self.path = os.fspath(path)
        self.cause = printable(cause)
        self.remedy = printable(remedy)
        named = shortened(printable(os.fsdecode(path)))
        super().__init__(f"{named}: {self.cause}. {self.remedy}".rstrip())


class ModelFileError(FileError):
    """A model file cannot be read or written."""


class DataFileError(FileError):
    """A file of the data set is missing, damaged or not what its name says."""


class DownloadError(DataFileError):
    """No mirror delivered the file; `cause` names each mirror and what it answered."""


class PictureError(FileError):
    """A picture cannot be read, or has no digit in it."""
