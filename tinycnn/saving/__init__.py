"""Reading and writing whole models, and weights alone, in Keras's files.

What is read or written is a `SavedModel`: arrays, and configurations made of text, numbers, lists and dicts.
This folder makes no layers; `tinycnn.models` does that. Which options a layer, loss or optimizer has is
looked up in its class.

Reading: `reader` of whole models and `weights` of weights alone, from `sources`: a file of each of the
`kinds` is one, `keras_archive` on `archive`, a guarded zip, or an HDF5 file on `hdf5`, an own reader of the
HDF5 format for untrusted files, whose parts are in `objects`, `object_header`, `messages`, `btrees`, `heaps`,
`fractal_heap`, `lookup3` and `file_bytes`. `opened` opens either.
Writing: `writer`; `images` makes the bytes, by the library h5py.
Both: `layer_config`, `training_config` and `options` translate configurations between Keras's form and ours,
`keras3_config` between those of .keras and of .h5 files; `keras3_layout` says where arrays are in Keras 3's
layout, `optimizer_state` the optimizer's arrays; `checksum` detects damage.
"""

import importlib
import os
from typing import Any

import numpy as np

from tinycnn.saving.kinds import check_suffix as check_suffix
from tinycnn.saving.kinds import file_name as file_name
from tinycnn.saving.known import check_known as check_known
from tinycnn.saving.reader import read_model as read_model
from tinycnn.saving.saved_model import SavedModel as SavedModel
from tinycnn.saving.saved_model import Specs as Specs
from tinycnn.saving.weights import read_weights as read_weights
from tinycnn.utils import atomic
from tinycnn.utils.errors import ModelFileError
from tinycnn.utils.registration import CustomObjectScope as CustomObjectScope
from tinycnn.utils.registration import custom_object_scope as custom_object_scope
from tinycnn.utils.registration import get_custom_objects as get_custom_objects
from tinycnn.utils.registration import get_registered_name as get_registered_name
from tinycnn.utils.registration import get_registered_object as get_registered_object
from tinycnn.utils.registration import register_keras_serializable as register_keras_serializable

# What Keras has here, too, and where it is: above this room, so it is looked up when somebody asks for it.
_ELSEWHERE = {"load_model": "tinycnn.models", "save_model": "tinycnn.models"}


def __getattr__(name: str) -> Any:
    """Return a function of `_ELSEWHERE`; Python calls this for names that the module does not have."""
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ELSEWHERE[name]), name)


def write_model(path: str | os.PathLike, saved: SavedModel, overwrite: bool = True) -> None:
    """Write a whole-model file, whole or not at all: .keras for Keras 3, or HDF5 for tf.keras 2, too.

    A temporary file in the same folder is written, read back and compared, and then renamed to `path`. The
    same model gives the same bytes.

    Args:
        path: a file, new or to be replaced, in an existing folder; its ending says the kind, see
            `check_suffix`.
        saved: what to store; every number finite.
        overwrite: whether an existing file may be replaced.

    Raises:
        ModelFileError: if it cannot be written, with the cause; an existing file is as it was.

    Example:
        >>> write_model("mnist.h5", saved)  # doctest: +SKIP
    """
    from tinycnn.saving import writer  # h5py is loaded when a file is written, not before

    writer.write_model(path, saved, overwrite)


def write_weights(
    path: str | os.PathLike,
    config: dict,
    specs: Specs,
    arrays: list[list[np.ndarray]],
    overwrite: bool = True,
) -> None:
    """Write weights alone, whole or not at all, as `write_model` writes.

    Args:
        path: ends in .weights.h5 for Keras 3's layout, or in another .h5 for the older one.
        config, specs: as for `read_weights`.
        arrays: the weights of each layer.
        overwrite: whether an existing file may be replaced.

    Raises:
        ModelFileError: if it cannot be written, with the cause; an existing file is as it was.

    Example:
        >>> write_weights("my.weights.h5", config, specs, arrays)  # doctest: +SKIP
    """
    from tinycnn.saving import writer

    writer.write_weights(path, config, specs, arrays, overwrite)


def check_target(path: str | os.PathLike, overwrite: bool = True) -> None:
    """Make sure, before long work, that a model file can be written there.

    Args:
        path: a file, new or to be replaced.
        overwrite: whether an existing file may be replaced.

    Raises:
        ModelFileError: if there is no such folder, or something there cannot be replaced.

    Example:
        >>> check_target("no-such-folder/a.h5")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        tinycnn.utils.errors.ModelFileError: no-such-folder/a.h5: there is no folder ...
    """
    atomic.check(path, ModelFileError, overwrite)
