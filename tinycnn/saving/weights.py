"""Reading weights alone, for a model that is there already, from a file of weights or of a whole model."""

import functools
import math
import os
from collections.abc import Callable

import numpy as np

from tinycnn.saving import keras3_layout, kinds, sources
from tinycnn.saving.hdf5 import HDF5File, hdf5_file
from tinycnn.saving.keras_archive import KerasArchive
from tinycnn.saving.opened import opened
from tinycnn.saving.saved_model import Spec, Specs, trained
from tinycnn.utils.printable import printable, shortened
from tinycnn.utils.warning import warn


def read_weights(
    path: str | os.PathLike,
    config: dict,
    specs: Specs,
    by_name: bool = False,
    skip_mismatch: bool = False,
) -> list[list[np.ndarray] | None]:
    """Return weights for each layer of a model that is there, from a file of weights or of a whole model.

    Args:
        path: a file in Keras 3's layout or the older one, or a .keras file; its content says which.
        config: of the model, as in `SavedModel.config`.
        specs: of its layers, with which shapes and dtypes must agree.
        by_name: take the weights of the layers of the same names, and None for others; only the older layout
            has names. Otherwise layers belong together by their order.
        skip_mismatch: None for a layer whose weights have other shapes, or in Keras 3's layout are missing,
            with a warning, not an error.

    Raises:
        ModelFileError: if the file is no good, or its weights are of another model.

    Example:
        >>> read_weights("my.weights.h5", config, specs)[0][0].shape  # doctest: +SKIP
        (3, 3, 1, 32)
    """
    path = kinds.file_name(path)
    with opened(path) as (stream, size):
        described = {"config": config}
        if stream.read(4) in kinds.ZIP_STARTS:
            archive = KerasArchive(path, stream, size)
            shapes = [each for _, spec in specs for each in spec.values()]
            file = archive.weights(sum(math.prod(s) * np.dtype(d).itemsize for s, d in shapes))
            described = archive.described
        else:
            file = hdf5_file(path, stream, size)
        skip = functools.partial(_skip, path) if skip_mismatch else None
        found = _located(file, config, described, specs, by_name, skip)
        return [
            None if paths is None else _layer(file, name, spec, paths, skip_mismatch)
            for (name, spec), paths in zip(specs, found, strict=True)
        ]


def _located(
    file: HDF5File,
    config: dict,
    described: dict,
    specs: Specs,
    by_name: bool,
    skip: Callable[[str], None] | None,
) -> list[list[str] | None]:
    """Return for each layer the paths of its weights; with `by_name` None for those that are not there.

    `skip` is told of others that are not there; it is None if that is an error.
    """
    group = sources.GROUP if file.has(sources.GROUP) else ""
    older = file.has_attribute(group, "layer_names")
    if by_name and not older:
        remedy = "Pass by_name=False."
        raise file.error("it knows its layers by their order, and not by their names", remedy)
    if by_name:
        there = set(file.names(group, "layer_names"))
        return [sources.named(file, group, name) if name in there else None for name, _ in specs]
    only = [spec for _, spec in specs]
    if older:
        return sources.locate(file, group, only, trained(config, only))
    return keras3_layout.locate(file, list(keras3_layout.leaves(described)), only, skip)


def _skip(path: str, cause: str) -> None:
    """Warn that a layer is left as it is."""
    warn(f"{shortened(printable(path))}: {printable(cause)}: it is left as it is.")


def _layer(
    file: HDF5File, name: str, spec: Spec, paths: list[str], skip_mismatch: bool
) -> list[np.ndarray] | None:
    """Return the weights of a layer.

    If they are of another number or shape, that is an error that names the layer, or with `skip_mismatch` a
    warning, and None is returned.
    """
    stored, wanted = [file.shape(path) for path in paths], [tuple(s) for s, _ in spec.values()]
    if stored != wanted:
        cause = f"the layer {name!r} has weights of the shapes {wanted}, and in the file {stored}"
        if not skip_mismatch:
            remedy = "Load a file of the same model, or pass skip_mismatch=True to leave it out."
            raise file.error(cause, remedy)
        _skip(file.path, cause)
        return None
    pairs = zip(paths, spec.values(), strict=True)
    return [sources.read_weight(file, path, *expected) for path, expected in pairs]
