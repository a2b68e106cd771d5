"""The state of an optimizer in a model file: the number of steps, and the arrays of each slot.

A slot is a kind of array that an optimizer keeps for each weight, such as Adam's "momentum". The arrays are
written in Keras 3's order: `entries`. Read are four orders: Keras 3 and tf.keras from
2.11 keep the slots of a weight together, older tf.keras keeps all weights of a slot together, and each has
its own names; so there arrays are recognised by the slot and the weight in their names, and by their shapes.
Keras 2.0 to 2.3 keeps all weights of a slot together, too, but under names that say nothing: there arrays
are taken by place.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from tinycnn import optimizers
from tinycnn.saving.hdf5 import INTEGERS, HDF5File
from tinycnn.saving.saved_model import slot_names

GROUP = "optimizer_weights"  # in the file
ITERATIONS = ("iteration", "iterations", "iter")  # names of the number of steps
# Names of what follows from the rest; Keras 3 counts its variables without a name: "variable_1".
SCALARS = re.compile(r"learning_rate|variable(_\d+)?|momentum_cache")
OTHER_NAMES = {  # tf.keras's names of slots
    "accumulated_grad": ("accum_grad",),
    "accumulated_delta_var": ("accum_var",),
    "momentum": ("m",),
    "velocity": ("v", "rms"),
    "velocity_hat": ("vhat",),
    "average_gradient": ("mg",),
    "norm": ("u", "v"),
}
UNUSED = {"SGD": ("momentum",)}  # slots that tf.keras from 2.11 keeps without need
MOST_STEPS = 2**53


class StateMismatchError(Exception):
    """The file's optimizer state is not that of the file's optimizer and weights."""


def entries(
    optimizer: dict, state: dict, weight_paths: list[str]
) -> list[tuple[str, np.ndarray | np.generic]]:
    """Return (name, numbers) of everything to be stored, in Keras 3's order.

    Args:
        optimizer: {"class_name", "config"}.
        state: {"iterations": int, "slots": {slot name: one array a weight}}.
        weight_paths: such as "sequential/dense/kernel", in the order of the arrays.
    """
    prefix = optimizer["config"].get("name") or optimizer["class_name"].lower()
    made = optimizers.get(optimizer)
    made.iterations = state["iterations"]
    stored = [(f"{prefix}/iteration", np.int64(state["iterations"]))]
    if not has_schedule(optimizer):
        stored.append((f"{prefix}/learning_rate", np.float32(made.learning_rate)))
    for place, slot in places_of(made, len(weight_paths)):
        name = f"{prefix}/{weight_paths[place].replace('/', '_')}_{slot}"
        stored.append((name, state["slots"][slot][place]))
    dtype = next((array.dtype.type for slot in state["slots"].values() for array in slot), float)
    stored += [(f"{prefix}/{name}", dtype(value)) for name, value in made.scalars().items()]
    return stored


def has_schedule(optimizer: dict) -> bool:
    """Return whether an optimizer's learning rate comes from a schedule; Keras stores no number then."""
    return isinstance(optimizer["config"].get("learning_rate"), dict)


def places_of(made: optimizers.Optimizer, count: int) -> list[tuple[int, str]]:
    """Return (place of the weight, slot) for every array of the slots, in Keras 3's order."""
    return [(place, slot) for group in made.slot_groups for place in range(count) for slot in group]


def _array(file: HDF5File, slot: str, path: str, weight: np.ndarray) -> np.ndarray:
    """Return an array of a slot; StateMismatchError if it has not the weight's shape, or is not finite."""
    if file.shape(path) != weight.shape:
        raise StateMismatchError(f"{slot} {path!r} has not the shape {weight.shape}")
    array = file.array(path, weight.shape, (weight.dtype.name,))
    if not np.isfinite(array).all():
        raise StateMismatchError(f"{slot} {path!r} has numbers that are not finite")
    return array


def _count(stored: np.ndarray | np.generic) -> int:
    """Return the number of steps; StateMismatchError if it is none."""
    number = np.asarray(stored)
    good = number.shape == () and np.isfinite(number) and 0 <= number < MOST_STEPS
    if not good or int(number) != number:
        raise StateMismatchError(f"it counts {number} steps")
    return int(number)


def read_state(
    file: HDF5File, optimizer: dict, weight_paths: list[str], weights: list[np.ndarray]
) -> dict | None:
    """Return the optimizer's state as in `SavedModel.optimizer_state`; None if the file has none.

    Args:
        file: an open model file.
        optimizer: {"class_name", "config"}.
        weight_paths: such as "sequential/dense/kernel", as the file names them.
        weights: the arrays of these weights; slots must have their shapes and dtypes.

    Raises:
        StateMismatchError: if the state belongs to another optimizer or to other weights.
        ModelFileError: if the file is damaged.
    """
    if not file.has(GROUP):
        return None
    names, slots = file.names(GROUP, "weight_names"), slot_names(optimizer)
    unused = [slot for slot in UNUSED.get(optimizer["class_name"], ()) if slot not in slots]
    names = [name for name in names if _slot_of(name, unused) is None]
    named = any(_weight(path) in name.replace("/", "_") for name in names for path in weight_paths)
    counted = sum(_last(name) in ITERATIONS for name in names)
    by_place = not named and len(names) > counted + sum(map(_is_scalar, names))
    if not by_place and not named and names and _steps(file, f"{GROUP}/{names[0]}") == 0:
        return None  # saved before the first step
    if by_place:
        iterations, stored = _by_place(file, names, slots, len(weights))
    else:
        iterations, stored = _by_name(names, slots, weight_paths)
    for slot in slots:
        _check_names(stored[slot], weight_paths, named)
    prefixed = {slot: [f"{GROUP}/{name}" for name in stored[slot]] for slot in slots}
    counted = None if iterations is None else f"{GROUP}/{iterations}"
    return read_arrays(file, optimizer, counted, prefixed, weights)


def read_arrays(
    file: HDF5File,
    optimizer: dict,
    iterations: str | None,
    stored: dict[str, list[str]],
    weights: list[np.ndarray],
) -> dict:
    """Return the state as `read_state` does, given the paths of its arrays.

    Args:
        file, optimizer, weights: see `read_state`.
        iterations: path of the number of steps; None: 0.
        stored: paths by slot, one for each weight.
    """
    slots = {
        slot: [_array(file, slot, *pair) for pair in zip(paths, weights, strict=True)]
        for slot, paths in stored.items()
    }
    for slot in set(optimizers.get(optimizer).slots_from_0) & slots.keys():
        if any(array.min(initial=0) < 0 for array in slots[slot]):
            raise StateMismatchError(f"{slot} has negative numbers, and they are means of squares")
    return {"iterations": _steps(file, iterations), "slots": slots}


def _steps(file: HDF5File, path: str | None) -> int:
    """Return the number of steps that stands at a path, 0 if that is None."""
    kinds = (*INTEGERS, "float32", "float64")  # the oldest Keras has a float
    return 0 if path is None else _count(file.array(path, (), kinds))


def _by_name(
    names: list[str], slots: Sequence[str], weight_paths: list[str]
) -> tuple[str, dict[str, list[str]]]:
    """Return the name of the number of steps, and the names of each slot's arrays, as the names say."""
    iterations = [name for name in names if _last(name) in ITERATIONS]
    if len(iterations) != 1:
        raise StateMismatchError(f"it has {len(iterations)} counts of steps")
    stored = {
        slot: _exactly(names, slot, weight_paths)
        or [name for name in names if _slot_of(name, slots) == slot]
        for slot in slots
    }
    used = 1 + len(slots) * len(weight_paths)
    others = [name for name in names if _is_scalar(name)]
    # tf.keras from 2.11 keeps arrays for SGD without momentum, too: they are of no use.
    if slots and used + len(others) != len(names):
        raise StateMismatchError(f"it has {len(names)} arrays, and {used + len(others)} are needed")
    return iterations[0], stored


def _by_place(
    file: HDF5File, names: list[str], slots: Sequence[str], count: int
) -> tuple[str | None, dict[str, list[str]]]:
    """Return what `_by_name` returns, of Keras 2.0 to 2.3: number of steps, then slot for slot all arrays.

    The number of steps, None here, is missing for some optimizers before 2.3; Nadam has one more number
    behind it. One more slot may follow that is not used: SGD's without momentum, Adam's without amsgrad.
    """
    arrays = [name for name in names if file.shape(f"{GROUP}/{name}") != ()]
    numbers = names[: len(names) - len(arrays)]
    if len(numbers) > 2 or arrays != names[len(numbers) :]:
        raise StateMismatchError("its numbers do not stand before its arrays")
    if len(arrays) - count * len(slots) not in (0, count):
        needed = f"{count * len(slots)} are needed"
        raise StateMismatchError(f"it has {len(arrays)} arrays for slots, and {needed}")
    stored = {slot: arrays[place * count : (place + 1) * count] for place, slot in enumerate(slots)}
    return (numbers[0] if numbers else None), stored


def _check_names(stored: list[str], weight_paths: list[str], named: bool) -> None:
    """Raise StateMismatchError unless a slot's arrays are as many as weights and, if `named`, theirs."""
    if len(stored) != len(weight_paths):
        raise StateMismatchError(
            f"it has {len(stored)} arrays of a slot, and {len(weight_paths)} are needed"
        )
    for name, path in zip(stored, weight_paths, strict=True):
        if named and _weight(path) not in name.replace("/", "_"):
            raise StateMismatchError(f"{name!r} is not of {path!r}")


def _last(name: str) -> str:
    """Return the last part of a name: "iteration" of "adam/iteration:0"."""
    return name.split("/")[-1].split(":")[0]


def _is_scalar(name: str) -> bool:
    """Return whether an array's name says that its number follows from the rest."""
    return SCALARS.fullmatch(_last(name)) is not None


def _weight(path: str) -> str:
    """Return what an array's name contains if it belongs to a weight.

    It is "dense_kernel" for the weight's path "sequential/dense/kernel:0"; "/" in names counts as "_".
    """
    return "_".join(path.split(":")[0].split("/")[-2:])


def _exactly(names: list[str], slot: str, weight_paths: list[str]) -> list[str]:
    """Return the names that `entries` gives to the arrays of a slot; [] unless all are there, in order."""
    ends = [f"{path.split(':')[0].replace('/', '_')}_{slot}" for path in weight_paths]
    found = [name for name in names if _last(name) in ends]
    return found if [_last(name) for name in found] == ends else []


def _slot_of(name: str, slots: Iterable[str]) -> str | None:
    """Return the slot that an array's name says: of "mean" and "grad_mean" the longer one, if both fit."""
    fitting = [slot for slot in slots if _is_of_slot(name, slot)]
    return max(fitting, key=len, default=None)


def _is_of_slot(name: str, slot: str) -> bool:
    """Return whether an array's name says that it belongs to the slot.

    "adam/sequential_dense_kernel_momentum", "Adam/m/dense/kernel:0" and "Adam/dense/kernel/m:0" belong to
    "momentum".
    """
    parts = name.split(":")[0].split("/")
    ends = parts[1:2] + parts[-1:]
    return parts[-1].endswith(f"_{slot}") or any(
        end in (slot, *OTHER_NAMES.get(slot, ())) for end in ends
    )
