"""A checksum of the model, kept as an attribute of its file, so that damage is noticed.

It is the SHA-256 of the two configurations and of every array that the file lists, weights and optimizer
state: name, type, shape, and the bytes as they are stored. Keras ignores it, and writes none.
"""

import hashlib
import io
from collections.abc import Iterator

from tinycnn.saving.hdf5 import HDF5File
from tinycnn.utils.errors import ModelFileError

ATTRIBUTE = "tinycnn_sha256"  # of the file's root group; in a .keras file a key of its metadata
CHANGED = "it is not as it was saved (its checksum is another): it is damaged, or another program changed it"
COPY = "Take another copy of the file. If you changed it yourself, and to load it all the same"
TEXTS = ("model_config", "training_config")  # attributes of the root group
WEIGHTS, STATE = "model_weights", "optimizer_weights"  # groups


def check(file: HDF5File) -> None:
    """Return if a file agrees with the checksum in it, or has none.

    Raises:
        ModelFileError: if they differ.
    """
    stored = file.text(ATTRIBUTE)
    if stored is not None and stored != model_sha256(file):
        remedy = f"delete its attribute: h5py.File(path, 'r+').attrs.pop({ATTRIBUTE!r})."
        raise file.error(CHANGED, f"{COPY}, {remedy}")


def image_sha256(image: bytes) -> str:
    """Return the checksum of a model file, given its bytes, as 64 hexadecimal digits.

    Raises:
        ValueError: if they cannot be read as a model file.
    """
    try:
        return model_sha256(HDF5File("", io.BytesIO(image), len(image)))
    except ModelFileError as error:
        raise ValueError(error.cause) from error


def model_sha256(file: HDF5File) -> str:
    """Return the checksum of an open model file, computed from its content, as 64 hexadecimal digits.

    Raises:
        ModelFileError: if an array that it lists is not there, or the arrays have more bytes than the file.
    """
    digest, left = hashlib.sha256(), file.size  # an array listed many times must not take forever
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
    """Yield the paths of all arrays of the model, such as "model_weights/conv2d/sequential/conv2d/kernel".

    Which they are, and in which order, is what the groups' attributes "layer_names" and "weight_names" say.
    """
    groups = [f"{WEIGHTS}/{layer}" for layer in file.names(WEIGHTS, "layer_names")]
    if file.has(STATE):  # of the optimizer, if it was saved
        groups.append(STATE)
    for group in groups:
        for name in file.names(group, "weight_names"):
            yield f"{group}/{name}"
