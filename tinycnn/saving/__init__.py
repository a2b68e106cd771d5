"""Reading and writing whole models in Keras's HDF5 files.

What is read or written is a `SavedModel`: arrays, and configurations made of text, numbers, lists and dicts.
This folder makes no layers; `tinycnn.models` does that. Which options a layer, loss or optimizer has is
looked up in its class.

Reading: `reader` on `hdf5`, an own reader of the HDF5 format for untrusted files, whose parts are in
`objects`, `object_header`, `messages`, `btrees`, `heaps`, `fractal_heap`, `lookup3` and `file_bytes`.
Writing: `writer`, by the library h5py.
Both: `layer_config`, `training_config` and `options` translate configurations between Keras's form and ours,
`optimizer_state` the optimizer's arrays; `checksum` detects damage.
"""

import importlib
import os
from typing import Any

from tinycnn.saving import reader
from tinycnn.saving.known import check_known
from tinycnn.saving.saved_model import SavedModel, Specs, WeightSpecs
from tinycnn.utils import atomic
from tinycnn.utils.errors import ModelFileError

__all__ = ["SavedModel", "Specs", "check_known", "check_target", "read_model", "write_model"]

# What Keras has here, too, and where it is: above this room, so it is looked up when somebody asks for it.
_ELSEWHERE = {"load_model": "tinycnn.models", "save_model": "tinycnn.models"}


def __getattr__(name: str) -> Any:
    """Return a function of `_ELSEWHERE`; Python calls this for names that the module does not have."""
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ELSEWHERE[name]), name)


def read_model(path: str | os.PathLike, weight_specs: WeightSpecs) -> SavedModel:
    """Read a whole-model HDF5 file that `write_model`, Keras 3 or tf.keras 2 wrote.

    Nothing in the file can run code or reach outside the file: names are looked up in the lists of
    what is there, and every number is read by one validating reader (`tinycnn.saving.hdf5`), without
    the HDF5 library. A file that `write_model` wrote is compared with the checksum in it.

    Args:
        path: an existing file.
        weight_specs: a function that is given the model's configuration, as in `SavedModel.config`, and
            returns for every layer but the InputLayer (its name, {weight name: (shape, dtype)}), without
            allocating weights. It raises ValueError or TypeError for options that make no model.

    Raises:
        ModelFileError: if the file cannot be read, is not such a file, or was changed after it was saved.

    Warns:
        UserWarning: if loss, metrics, optimizer or the optimizer's state cannot be restored; the weights
            are returned, and None for these.

    Example:
        >>> read_model("mnist.h5", weight_specs).config["name"]  # doctest: +SKIP
        'sequential'
    """
    return reader.read_model(path, weight_specs)


def write_model(path: str | os.PathLike, saved: SavedModel, overwrite: bool = True) -> None:
    """Write a whole-model HDF5 file that Keras 3 and tf.keras 2 open, whole or not at all.

    A temporary file in the same folder is written, read back and compared, and then renamed to `path`. The
    same model gives the same bytes.

    Args:
        path: a file, new or to be replaced, in an existing folder.
        saved: what to store; every number finite.
        overwrite: whether an existing file may be replaced.

    Raises:
        ModelFileError: if it cannot be written, with the cause; an existing file is as it was.

    Example:
        >>> write_model("mnist.h5", saved)  # doctest: +SKIP
    """
    from tinycnn.saving import writer  # h5py is loaded when a file is written, not before

    writer.write_model(path, saved, overwrite)


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
