"""Whole models in Keras's HDF5 files: plain values out, plain values in.

Which options a file has is read from the classes of layers, losses and optimizers; none is made here.
`SavedModel`, plain values, is all that passes between models and files.
"""

import os

from tinycnn.saving import reader
from tinycnn.saving.known import check_known
from tinycnn.saving.saved_model import SavedModel, Specs, WeightSpecs
from tinycnn.utils import atomic
from tinycnn.utils.errors import ModelFileError

__all__ = ["SavedModel", "Specs", "check_known", "check_target", "read_model", "write_model"]


def read_model(path: str | os.PathLike, weight_specs: WeightSpecs) -> SavedModel:
    """Read a whole-model HDF5 file that `write_model`, Keras 3 or tf.keras 2 wrote.

    Nothing in the file can run code or reach outside the file: names are looked up in the lists of
    what is there, and every number is read by one validating reader (`tinycnn.saving.hdf5`), without
    the HDF5 library. A file that `write_model` wrote is compared with the checksum in it.

    Args:
        path: an existing file.
        weight_specs: given the plain configuration, returns for every layer but the InputLayer its
            name and {weight name: (shape, dtype)}; raises ValueError or TypeError for options that
            make no model; allocates nothing.

    Raises:
        ModelFileError: if the file cannot be read, is not exactly such a file, or is not as it was
            saved.

    Warns:
        UserWarning: if the weights are good, but loss, metrics, optimizer or the optimizer's state
            are not ones that can be restored; they are None then.

    Example:
        >>> read_model("mnist.h5", weight_specs).config["name"]  # doctest: +SKIP
        'sequential'
    """
    return reader.read_model(path, weight_specs)


def write_model(path: str | os.PathLike, saved: SavedModel, overwrite: bool = True) -> None:
    """Write a whole-model HDF5 file that Keras 3 and tf.keras 2 open, whole or not at all.

    The file appears under its name only after it has been written beside it, flushed to the disk
    and read back. The same model makes the same bytes.

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
