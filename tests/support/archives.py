"""Copies of .keras files with something in them changed."""

import io
import json
import zipfile

import h5py
import numpy as np

from tinycnn.layers import Dense
from tinycnn.models import Sequential

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"


def members(path):
    """Return {name: content} of a zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path, contents, compression=zipfile.ZIP_STORED):
    """Write a zip with these members to a file, or to a buffer; return that."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def edited(source, path, config=None, weights=None):
    """Write a copy of a .keras file without a checksum; return its path.

    `config` changes the configuration in place, `weights` the open HDF5 file.
    """
    contents = members(source)
    contents[METADATA] = b'{"keras_version": "3.15.1"}'
    if config is not None:
        described = json.loads(contents[CONFIG])
        config(described)
        contents[CONFIG] = json.dumps(described).encode()
    if weights is not None:
        buffer = io.BytesIO(contents[WEIGHTS])
        with h5py.File(buffer, "r+") as file:
            weights(file)
        contents[WEIGHTS] = buffer.getvalue()
    return pack(path, contents)


def flat(described):
    """Return the descriptions of a model's layers, those of models in it in their place."""
    layers = []
    for layer in described["config"]["layers"]:
        inner = layer["class_name"] in ("Sequential", "Functional")
        layers += flat(layer) if inner else [layer]
    return [layer for layer in layers if layer["class_name"] != "InputLayer"]


def two_dense():
    """Return a model with two layers of the same class and shapes, and different numbers."""
    model = Sequential([Dense(2, input_shape=(2,)), Dense(2)])
    model.set_weights([np.full(w.shape, n, w.dtype) for n, w in enumerate(model.get_weights())])
    return model
