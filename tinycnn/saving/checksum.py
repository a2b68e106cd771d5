"""A checksum of all that makes the model, kept in the file: numbers that rotted are noticed.

It is the SHA-256 of the two configurations and of every array that the file lists, weights and
optimizer state alike: name, type, shape, and the bytes as they are stored. Keras ignores it, and
writes none.
"""

import hashlib
import io
from collections.abc import Iterator

from tinycnn.saving.hdf5 import HDF5File
from tinycnn.utils.errors import ModelFileError

ATTRIBUTE = "tinycnn_sha256"
TEXTS = ("model_config", "training_config")
WEIGHTS, STATE = "model_weights", "optimizer_weights"


def check(file: HDF5File) -> None:
    """Compare a file with the checksum in it, if there is one.

    Raises:
        ModelFileError: if they differ.
    """
    stored = file.text(ATTRIBUTE)
    if stored is not None and stored != model_sha256(file):
        raise file.error(
            "it is not as it was saved (its checksum is another): it is damaged, or another program "
            "changed it",
            "Take another copy of the file. If you changed it yourself, and to load it all the same, "
            f"delete its attribute: h5py.File(path, 'r+').attrs.pop({ATTRIBUTE!r}).",
        )


def image_sha256(image: bytes) -> str:
    """Return the checksum that belongs in a model file with these bytes.

    Raises:
        ValueError: if they cannot be read as such a file.
    """
    try:
        return model_sha256(HDF5File("", io.BytesIO(image), len(image)))
    except ModelFileError as error:
        raise ValueError(error.cause) from error


def model_sha256(file: HDF5File) -> str:
    """Return the checksum of a model file as 64 hexadecimal digits.

    Raises:
        ModelFileError: if something that it lists is not there, or it lists more than it can hold.
    """
    digest, left = hashlib.sha256(), file.size
    for name in TEXTS:
        text = (file.text(name) or "").encode()
        digest.update(f"{name} {len(text)}\n".encode() + text)
    for path in _array_paths(file):
        dtype, shape, blocks = file.stored(path)
        digest.update(f"{path} {dtype.str} {shape}\n".encode())
        for block in blocks:
            left -= len(block)
            if left < 0:
                raise file.error("it lists more numbers than it can hold")
            digest.update(block)
    return digest.hexdigest()


def _array_paths(file: HDF5File) -> Iterator[str]:
    groups = [f"{WEIGHTS}/{layer}" for layer in file.names(WEIGHTS, "layer_names")]
    for group in groups + [STATE] * file.has(STATE):
        for name in file.names(group, "weight_names"):
            yield f"{group}/{name}"
