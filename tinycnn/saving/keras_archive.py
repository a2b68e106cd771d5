"""A .keras file: a zip with config.json, model.weights.h5 and metadata.json, read and made.

Source: the layout that Keras's own `saving_lib` writes.
"""

import hashlib
import io
import json
import zipfile
from typing import BinaryIO

from tinycnn.saving import kinds
from tinycnn.saving.archive import Archive
from tinycnn.saving.hdf5 import HDF5File, hdf5_file
from tinycnn.saving.options import parse
from tinycnn.utils.errors import ModelFileError

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
CHECKSUM = "tinycnn_sha256"  # in the metadata: of configuration and weights as they are stored
LARGEST_CONFIG, LARGEST_METADATA = 2**20, 2**16  # bytes
# The weights' member has at most so many bytes more, and so many times the bytes of the weights: an optimizer
# keeps up to four arrays for each.
OVERHEAD, TIMES = 2**24, 8
VERSION = "3.0.0"  # of Keras, that the metadata name: the first with this format
DATE = (1980, 1, 1, 0, 0, 0)  # the same for every file, so that the same model makes the same bytes


class KerasArchive:
    """A .keras file that is read.

    Args:
        path: the file's name, for messages.
        stream: opened for reading in binary, seekable.
        size: of the file, in bytes.

    Raises:
        ModelFileError: by the constructor and all methods, if the file is no good.
    """

    def __init__(self, path: str, stream: BinaryIO, size: int):
        self.path = path
        self._archive = Archive(path, stream, size)
        if CONFIG not in self._archive.names:
            raise kinds.unknown_zip(path, self._archive.names)
        self._config = self._archive.read(CONFIG, LARGEST_CONFIG)
        self._checksum = self._stored_checksum()

    def config(self) -> dict:
        """Return what config.json says, as a dict."""
        try:
            return parse(self._config.decode())
        except ValueError as error:
            raise self.error(f"its {CONFIG} is no good ({error})") from error

    def weights(self, needed: int) -> HDF5File:
        """Return its HDF5 file, read in memory.

        Args:
            needed: bytes of the model's weights: it must have as many, and not far more.
        """
        length = self._archive.length(WEIGHTS)
        if needed > length:
            raise self.error(f"its weights take {needed} bytes, and its {WEIGHTS} has {length}")
        content = self._archive.read(WEIGHTS, OVERHEAD + TIMES * needed)
        if self._checksum not in (None, sha256(self._config, content)):
            raise self.error(
                "it is not as it was saved (its checksum is another): it is damaged, or another "
                "program changed it",
                f"Take another copy of the file. If you changed it yourself, delete {CHECKSUM!r} in "
                f"its {METADATA}.",
            )
        try:
            return hdf5_file(self.path, io.BytesIO(content), len(content))
        except ModelFileError as error:
            raise self.error(f"its {WEIGHTS} is no good: {error.cause}") from error

    def error(self, cause: str, remedy: str = kinds.AGAIN) -> ModelFileError:
        """Return, not raise, an error that names this file."""
        return ModelFileError(self.path, cause, remedy)

    def _stored_checksum(self) -> str | None:
        """Return the checksum in the metadata; None if there is none: Keras writes none."""
        if METADATA not in self._archive.names:
            return None
        try:
            return parse(self._archive.read(METADATA, LARGEST_METADATA).decode()).get(CHECKSUM)
        except ValueError as error:
            raise self.error(f"its {METADATA} is no good ({error})") from error


def sha256(config: bytes, weights: bytes) -> str:
    """Return the checksum of a .keras file, given its configuration and weights as they are stored."""
    return hashlib.sha256(b"%d\n" % len(config) + config + weights).hexdigest()


def packed(described: dict, weights: bytes) -> bytes:
    """Return the bytes of a .keras file; the same arguments give the same bytes.

    Args:
        described: what its config.json says.
        weights: its HDF5 file.
    """
    config = json.dumps(described, allow_nan=False).encode()
    metadata = {"keras_version": VERSION, "date_saved": "1980-01-01@00:00:00"}
    metadata[CHECKSUM] = sha256(config, weights)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (
            (METADATA, json.dumps(metadata).encode()),
            (CONFIG, config),
            (WEIGHTS, weights),
        ):
            archive.writestr(zipfile.ZipInfo(name, DATE), content)
    return buffer.getvalue()
