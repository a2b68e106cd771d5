"""Where arrays are in Keras 3's HDF5 layout, that of `model.weights.h5` in a .keras file and of .weights.h5.

A group is called by the layer's class, and by its number among those of the class: "layers/dense_1/vars/0" is
the first weight of the second Dense layer. A model within the model is a layer with "layers" of its own. The
optimizer's arrays are "optimizer/vars/0", ..., in the order in which Keras 3 lists them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tinycnn import optimizers
from tinycnn.saving import kinds, optimizer_state
from tinycnn.saving.chain import DEEPEST, MODELS, in_order
from tinycnn.saving.hdf5 import HDF5File
from tinycnn.saving.layer_config import RETURN_THEIR_INPUT
from tinycnn.saving.optimizer_state import StateMismatchError
from tinycnn.saving.options import mapping, text
from tinycnn.saving.saved_model import Spec, slot_names
from tinycnn.utils.errors import ModelFileError
from tinycnn.utils.naming import snake_case

LEFT_OUT = ("InputLayer", *RETURN_THEIR_INPUT)  # classes of layers of which none is made here
OPTIMIZER = "optimizer/vars"
# How groups are called: where the layers of a model are, what stands between the parts of a path, and how
# many numbers a layer takes. By Keras; by Keras on Windows; by tf.keras 2.12 and 2.13, which count layers
# once or twice.
OLD = "_layer_checkpoint_dependencies"
LAYOUTS = (("layers", "/", 1), ("layers", "\\", 1), (OLD, "/", 1), (OLD, "/", 2))


@dataclass(frozen=True)
class Leaf:
    """A layer that is no model.

    Args:
        name: the layer's.
        place: (class in small letters, number) of the models around it, and of it.
    """

    name: str
    place: tuple[tuple[str, int], ...]

    def group(self, layers: str, separator: str, step: int) -> str:
        """Return the path of its group in one of the LAYOUTS."""
        parts = []
        for base, number in self.place:
            parts += [layers, f"{base}_{number * step}" if number else base]
        return separator.join(parts)


def leaves(described: dict, around: tuple = ()) -> Iterator[Leaf]:
    """Yield the layers of a model in order, but for those LEFT_OUT; those of a model within it in its place.

    Args:
        described: {"class_name", "config"} of the model as Keras wrote it.
        around: the place of the model.

    Raises:
        ValueError: if it is no configuration of a model.

    Example:
        >>> inner = {"class_name": "Sequential", "config": {"layers": [
        ...     {"class_name": "Dense", "config": {"name": "last"}}]}}
        >>> first = {"class_name": "Dense", "config": {"name": "first"}}
        >>> found = leaves({"class_name": "Sequential", "config": {"layers": [first, inner]}})
        >>> [leaf.group("layers", "/", 1) for leaf in found]
        ['layers/dense', 'layers/sequential/layers/dense']
    """
    config = described.get("config")
    layers = config
    if not isinstance(config, list):
        layers = mapping("its configuration", config).get("layers")
    if len(around) > DEEPEST or not isinstance(layers, list):
        raise ValueError("its models are nested too deeply, or have no layers")
    # Keras numbers those of a graph in the order in which they run.
    if described.get("class_name") in MODELS[1:]:
        layers = in_order(config, layers, lambda lost: None)
    numbers: dict[str, int] = {}
    for layer in layers:
        class_name = text(mapping("a layer", layer).get("class_name"))
        base = snake_case(class_name)
        numbers[base] = numbers.get(base, -1) + 1
        place = (*around, (base, numbers[base]))
        if class_name in MODELS:
            yield from leaves(layer, place)
        elif class_name not in LEFT_OUT:
            name = mapping("a layer's configuration", layer.get("config")).get("name")
            yield Leaf(str(name), place)


def locate(
    file: HDF5File,
    found: list[Leaf],
    specs: list[Spec],
    skip: Callable[[str], None] | None = None,
) -> list[list[str] | None]:
    """Return for every layer the paths of its weights in the file, in the order of its spec.

    Args:
        file: in Keras 3's layout.
        found: the layers.
        specs: of these layers.
        skip: is told of a layer whose weights are missing, or are not so many: for it stands None. None: that
            is an error.

    Raises:
        ModelFileError: if a layer's weights are missing, or are not so many.
    """
    if len(found) != len(specs):
        cause = f"it has {len(found)} layers, and the model has {len(specs)}"
        raise file.error(cause, kinds.OTHER)
    found = _in_inner_model(file, found)
    weighted = [leaf for leaf, spec in zip(found, specs, strict=True) if spec]
    layout = next((each for each in LAYOUTS if _fits(file, weighted, each)), LAYOUTS[0])
    paths: list[list[str] | None] = []
    for leaf, spec in zip(found, specs, strict=True):
        try:
            paths.append(_paths(file, leaf, leaf.group(*layout), spec) if spec else [])
        except ModelFileError as error:
            if skip is None:
                raise
            skip(error.cause)
            paths.append(None)
    return paths


def _in_inner_model(file: HDF5File, found: list[Leaf]) -> list[Leaf]:
    """Return a plain model's layers in the places that they have in a file of weights with a model in it.

    Only the groups' names tell. If the layers fit in no way or in several, or there are several inner models,
    they are returned as they are.
    """
    groups = file.links("layers") if file.has("layers") else []
    inner = [name for name in groups if file.has(f"layers/{name}/layers")]
    if len(inner) != 1 or any(len(leaf.place) > 1 for leaf in found):
        return found
    fitting = []
    count = sum("input_layer" not in name for name in file.links(f"layers/{inner[0]}/layers"))
    for start in range(len(found) - count + 1):
        numbers: dict[tuple, int] = {}
        placed = []
        for number, leaf in enumerate(found):
            around = ((inner[0], 0),) if start <= number < start + count else ()
            key = (*around, base := leaf.place[0][0])
            numbers[key] = numbers.get(key, -1) + 1
            placed.append(Leaf(leaf.name, (*around, (base, numbers[key]))))
        if all(file.has(leaf.group(*LAYOUTS[0])) for leaf in placed):
            fitting.append(placed)
    return fitting[0] if len(fitting) == 1 else found


def _fits(file: HDF5File, weighted: list[Leaf], layout: tuple) -> bool:
    return all(file.has(f"{leaf.group(*layout)}/vars") for leaf in weighted)


def _paths(file: HDF5File, leaf: Leaf, group: str, spec: Spec) -> list[str]:
    """Return the paths of a layer's weights, which are called 0, 1, ... or by their names."""
    if not file.has(f"{group}/vars"):
        cause = f"it has no weights of the layer {leaf.name!r}: {group!r} is missing"
        raise file.error(cause, kinds.OTHER)
    stored = set(file.links(f"{group}/vars"))
    for names in (map(str, range(len(spec))), spec):
        if stored == set(names := list(names)):
            return [f"{group}/vars/{name}" for name in names]
    raise file.error(
        f"it has {len(stored)} weights of the layer {leaf.name!r}, and {len(spec)} are needed: "
        f"{', '.join(spec)}",
        kinds.OTHER,
    )


def read_state(file: HDF5File, optimizer: dict, weights: list[np.ndarray]) -> dict | None:
    """Return the optimizer's state, as `optimizer_state.read_state` does, from a file in Keras 3's layout.

    It is None, too, if Keras had not trained yet when it saved the model.
    """
    if not file.has(OPTIMIZER):
        return None
    made = optimizers.get(optimizer)
    places = optimizer_state.places_of(made, len(weights))
    first = 1 if optimizer_state.has_schedule(optimizer) else 2  # behind iteration, learning rate
    count, needed = len(file.links(OPTIMIZER)), first + len(places) + len(made.scalars())
    if needed > 2 >= count:
        return None  # a count of steps of 0 and the learning rate, or the first alone
    # tf.keras keeps only the count of steps and the slots, and some slots that SGD does not need.
    bare = 1 + len(places)
    unused = len(weights) if optimizer["class_name"] == "SGD" and not places else 0
    if count in (bare, bare + unused):
        first, count, needed = 1, bare, bare
    if count != needed:
        raise StateMismatchError(f"it has {count} arrays, and {needed} are needed")
    stored: dict[str, list[str]] = {slot: [] for slot in slot_names(optimizer)}
    for number, (_, slot) in enumerate(places, first):  # of each slot in the order of the weights
        stored[slot].append(f"{OPTIMIZER}/{number}")
    return optimizer_state.read_arrays(file, optimizer, f"{OPTIMIZER}/0", stored, weights)
