"""Where in a model file of each kind its configuration, its weights and its optimizer's state are."""

import itertools
from typing import BinaryIO

import numpy as np

from tinycnn.saving import checksum, kinds, optimizer_state
from tinycnn.saving.hdf5 import HDF5File, hdf5_file
from tinycnn.saving.keras3_config import older
from tinycnn.saving.keras_archive import KerasArchive
from tinycnn.saving.options import parse
from tinycnn.saving.saved_model import Spec

GROUP = "model_weights"  # of a whole model's HDF5 file, with a group for each layer
OF_CHANCE = ("StateVar", "seed_generator_state")  # of random layers, which here have no weights


class HDF5Source:
    """A whole model in an HDF5 file; arguments as for `source_of`."""

    def __init__(self, path: str, stream: BinaryIO, size: int):
        self.size, self._file = size, hdf5_file(path, stream, size)
        self.error = self._file.error
        checksum.check(self._file)

    def model(self) -> dict:
        """Return the model's configuration as Keras wrote it, in the older form."""
        described = self._parsed("model_config")
        if described is None:
            remedy = kinds.AS_WEIGHTS
            raise self.error("it has no model_config; it may hold weights only", remedy)
        return described

    def training(self) -> dict | None:
        """Return the training configuration as Keras wrote it, in the older form; None if there is none."""
        return self._parsed("training_config")

    def weights(self, needed: int) -> HDF5File:
        """Return the file with the weights, which take `needed` bytes."""
        if needed > self.size:
            raise self.error(f"its weights take {needed} bytes, and it has only {self.size}")
        return self._file

    def locate(self, specs: list[Spec], trained: list[bool]) -> list[list[str]]:
        """Return for each layer the paths of its weights: see `locate`."""
        return locate(self._file, GROUP, specs, trained)

    def state(self, optimizer: dict, paths: list[str], weights: list[np.ndarray]) -> dict | None:
        """Return the optimizer's state, given the paths of the weights that it moved, and these."""
        names = [path.split("/", 2)[2] for path in paths]
        return optimizer_state.read_state(self._file, optimizer, names, weights)

    def _parsed(self, name: str) -> dict | None:
        """Return the JSON in an attribute; None if it is missing."""
        text = self._file.text(name)
        try:
            return None if text is None else older(parse(text))
        except ValueError as error:
            raise self.error(f"its {name} is no good ({error})") from error


def source_of(path: str, stream: BinaryIO, size: int) -> HDF5Source | KerasArchive:
    """Return the model in a file; of which kind it is, its content says, and not its name.

    Args:
        path: for messages.
        stream: the file, opened for reading in binary.
        size: in bytes.

    Raises:
        ModelFileError: if it is of another kind, or damaged.
    """
    kind = KerasArchive if stream.read(4) in kinds.ZIP_STARTS else HDF5Source
    return kind(path, stream, size)


def locate(file: HDF5File, group: str, specs: list[Spec], trained: list[bool]) -> list[list[str]]:
    """Return for each layer the paths of its weights in the older layout, in which layers are listed.

    As in Keras, the layers with weights and those in the file belong together by their order, whatever their
    names. The group of a model within the model has the weights of several layers: first all that an
    optimizer changes.

    Args:
        file: in the older layout.
        group: where the layers are; "" is the root group.
        specs: of all layers.
        trained: for each weight whether an optimizer changes it.

    Raises:
        ModelFileError: if the file has not so many layers with weights, or not so many weights of one.
    """
    found: list[str] = []
    for paths in _groups(file, group, [len(spec) for spec in specs if spec]):
        places = range(len(found), len(found) + len(paths))
        stored = dict(zip(sorted(places, key=lambda place: not trained[place]), paths, strict=True))
        found += [stored[place] for place in places]
    remaining = iter(found)
    return [[next(remaining) for _ in spec] for spec in specs]


def _groups(file: HDF5File, group: str, counts: list[int]) -> list[list[str]]:
    """Return the paths of the weights in each group that has some: those of one layer, or of several.

    Args:
        file, group: see `locate`.
        counts: how many weights each layer with weights has.
    """
    groups: list[tuple[str, list[str]]] = []
    for layer in file.names(group, "layer_names"):
        paths = named(file, group, layer)
        paths = [path for path in paths if path.split("/")[-1].split(":")[0] not in OF_CHANCE]
        groups += [(layer, paths)] if paths else []
        if len(groups) > len(counts):
            break  # too many: the others, perhaps thousands, need not be read
    ends, end = [0, *itertools.accumulate(counts)], 0  # where each layer's weights end among all
    for layer, paths in groups[: len(counts)]:
        needed = next((after for after in ends if after > end), end) - end
        end += len(paths)
        if end not in ends:
            cause = f"{layer!r} has {len(paths)} weights, and {needed} are needed"
            raise file.error(cause, kinds.OTHER)
    if end != ends[-1] or len(groups) > len(counts):
        raise file.error(
            f"it has the weights of {len(groups)} layers, and {len(counts)} are needed",
            kinds.OTHER,
        )
    return [paths for _, paths in groups]


def named(file: HDF5File, group: str, layer: str) -> list[str]:
    """Return the paths of the weights of the layer with this name in the older layout."""
    inside = f"{group}/{layer}".lstrip("/")
    return [f"{inside}/{name}" for name in file.names(inside, "weight_names")]


def read_weight(file: HDF5File, path: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return one weight; ModelFileError if it has another shape or dtype, or numbers that are not finite."""
    weight = file.array(path, tuple(shape), (dtype,))
    if not np.isfinite(weight).all():
        raise file.error(
            f"{path!r} contains NaN or infinity: the training had diverged",
            "Train again, with a smaller learning rate.",
        )
    return weight
