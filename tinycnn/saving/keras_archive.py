"""A .keras file: a zip with config.json, model.weights.h5 and metadata.json, read and made.

Source: the layout that Keras's own `saving_lib` writes.
"""

import hashlib
import io
import json
import zipfile
from typing import BinaryIO

import numpy as np

from tinycnn.saving import keras3_layout, kinds
from tinycnn.saving.archive import Archive
from tinycnn.saving.checksum import ATTRIBUTE, CHANGED, COPY
from tinycnn.saving.hdf5 import HDF5File, hdf5_file
from tinycnn.saving.keras3_config import older, older_training
from tinycnn.saving.options import parse
from tinycnn.saving.saved_model import Spec
from tinycnn.utils.errors import ModelFileError

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
LARGEST_CONFIG, LARGEST_METADATA = 2**20, 2**16  # bytes
# The weights' member has at most so many bytes more, and so many times the bytes of the weights: an optimizer
# keeps up to four arrays for each.
OVERHEAD, TIMES = 2**24, 8
VERSION = "3.0.0"  # of Keras, that the metadata name: the first with this format
DATE = (1980, 1, 1, 0, 0, 0)  # the same for every file, so that the same model makes the same bytes


class KerasArchive:
    """A .keras file that is read; its methods are as those of `sources.HDF5Source`.

    Args:
        path: the file's name, for messages.
        stream: opened for reading in binary, seekable.
        size: of the file, in bytes.

    Raises:
        ModelFileError: by the constructor and all methods, if the file is no good.
    """

    def __init__(self, path: str, stream: BinaryIO, size: int):
        self._archive = Archive(path, stream, size)
        self.error = self._archive.error
        if CONFIG not in self._archive.names:
            raise kinds.unknown_zip(path, self._archive.names)
        self._stored = self._archive.read(CONFIG, LARGEST_CONFIG)
        self.described = self._parsed(CONFIG, self._stored)
        self._file: HDF5File | None = None  # opened when it is known how large it may be

    def model(self) -> dict:
        """Return the model's configuration in the older form."""
        return older(self.described)

    def training(self) -> dict | None:
        """Return the training configuration in the older form; None if there is none."""
        try:
            return older_training(self.described.get("compile_config"))
        except ValueError as error:
            raise self.error(f"the compile_config in its {CONFIG} is no good ({error})") from error

    def weights(self, needed: int) -> HDF5File:
        """Return the HDF5 file with the weights, in memory.

        Args:
            needed: bytes of the model's weights: it must have as many, and not far more.
        """
        length = self._archive.length(WEIGHTS)
        if needed > length:
            raise self.error(f"its weights take {needed} bytes, and its {WEIGHTS} has {length}")
        content = self._archive.read(WEIGHTS, OVERHEAD + TIMES * needed)
        self._check(content)
        try:
            self._file = hdf5_file(self._archive.path, io.BytesIO(content), length)
        except ModelFileError as error:
            raise self.error(f"its {WEIGHTS} is no good: {error.cause}") from error
        return self._file

    def locate(self, specs: list[Spec], trained: list[bool]) -> list[list[str]]:
        """Return for each layer the paths of its weights, after `weights`; `trained` does not matter."""
        return keras3_layout.locate(self._file, list(keras3_layout.leaves(self.described)), specs)

    def state(self, optimizer: dict, paths: list[str], weights: list[np.ndarray]) -> dict | None:
        """Return the optimizer's state, after `weights`; the paths do not matter."""
        return keras3_layout.read_state(self._file, optimizer, weights)

    def _check(self, weights: bytes) -> None:
        """Raise ModelFileError if the metadata have a checksum (Keras writes none), and it is another."""
        if METADATA not in self._archive.names:
            return
        metadata = self._parsed(METADATA, self._archive.read(METADATA, LARGEST_METADATA))
        if metadata.get(ATTRIBUTE, digest := sha256(self._stored, weights)) != digest:
            raise self.error(CHANGED, f"{COPY}, delete {ATTRIBUTE!r} in its {METADATA}.")

    def _parsed(self, name: str, content: bytes) -> dict:
        """Return the JSON in a member."""
        try:
            return parse(content.decode())
        except ValueError as error:
            raise self.error(f"its {name} is no good ({error})") from error


def sha256(config: bytes, weights: bytes) -> str:
    """Return the checksum of a .keras file, of its configuration and its weights as they are stored."""
    return hashlib.sha256(b"%d\n" % len(config) + config + weights).hexdigest()


def packed(described: dict, weights: bytes) -> bytes:
    """Return the bytes of a .keras file; the same arguments give the same bytes.

    Args:
        described: what its config.json says.
        weights: its HDF5 file.
    """
    config = json.dumps(described, allow_nan=False).encode()
    metadata = {"keras_version": VERSION, "date_saved": "1980-01-01@00:00:00"}
    metadata[ATTRIBUTE] = sha256(config, weights)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (
            (METADATA, json.dumps(metadata).encode()),
            (CONFIG, config),
            (WEIGHTS, weights),
        ):
            archive.writestr(zipfile.ZipInfo(name, DATE), content)
    return buffer.getvalue()
