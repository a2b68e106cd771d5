"""The state of an optimizer in a model file: the number of steps, and the arrays of each slot.

A slot is a kind of array that an optimizer keeps for each weight, such as Adam's "momentum". The arrays are
written in Keras 3's order. Read are three orders: Keras 3 and tf.keras from 2.11 keep the slots of a weight
together, older tf.keras keeps all weights of a slot together, and each has its own names. So arrays are
recognised by the slot and the weight in their names, and by their shapes.
"""

from collections.abc import Iterable

import numpy as np

from tinycnn.optimizers import CLASSES
from tinycnn.saving.hdf5 import INTEGERS, HDF5File
from tinycnn.saving.saved_model import slot_names

GROUP = "optimizer_weights"  # in the file
ITERATIONS = ("iteration", "iterations", "iter")  # names of the number of steps
OTHER_NAMES = {  # tf.keras's names of slots
    "accumulated_grad": ("accum_grad",),
    "accumulated_delta_var": ("accum_var",),
    "momentum": ("m",),
    "velocity": ("v",),
}


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
    stored = [
        (f"{prefix}/iteration", np.int64(state["iterations"])),
        (f"{prefix}/learning_rate", np.float32(optimizer["config"]["learning_rate"])),
    ]
    for place, path in enumerate(weight_paths):
        for slot in slot_names(optimizer):
            name = f"{prefix}/{path.replace('/', '_')}_{slot}"
            stored.append((name, state["slots"][slot][place]))
    return stored


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
    names = file.names(GROUP, "weight_names")
    iterations = [name for name in names if _last(name) in ITERATIONS]
    if len(iterations) != 1:
        raise StateMismatchError(f"it has {len(iterations)} counts of steps")
    slots = {}
    for slot in slot_names(optimizer):
        stored = _exactly(names, slot, weight_paths) or [
            name for name in names if _slot_of(name, slot_names(optimizer)) == slot
        ]
        slots[slot] = _slot(file, slot, stored, weight_paths, weights)
        if slot in CLASSES[optimizer["class_name"]].slots_from_0:
            _check_from_0(slot, slots[slot])
    used = 1 + len(slots) * len(weights)
    others = [name for name in names if _last(name) == "learning_rate"]
    # tf.keras from 2.11 keeps arrays for SGD without momentum, too: they are of no use.
    if slots and used + len(others) != len(names):
        raise StateMismatchError(f"it has {len(names)} arrays, and {used + len(others)} are needed")
    count = int(file.array(f"{GROUP}/{iterations[0]}", (), INTEGERS))
    if not 0 <= count < 2**53:
        raise StateMismatchError(f"it counts {count} steps")
    return {"iterations": count, "slots": slots}


def _slot(
    file: HDF5File,
    slot: str,
    stored: list[str],
    weight_paths: list[str],
    weights: list[np.ndarray],
) -> list[np.ndarray]:
    """Return the arrays of one slot, one for each weight, in the order of `weights`.

    `stored` are their names in the file's GROUP; the other arguments are as in `read_state`.
    """
    if len(stored) != len(weights):
        raise StateMismatchError(
            f"it has {len(stored)} arrays {slot}, and {len(weights)} are needed"
        )
    arrays = []
    for name, path, weight in zip(stored, weight_paths, weights, strict=True):
        if _weight(path) not in name.replace("/", "_"):
            raise StateMismatchError(f"{name!r} is not of {path!r}")
        if file.shape(f"{GROUP}/{name}") != weight.shape:
            raise StateMismatchError(f"{name!r} has not the shape {weight.shape}")
        array = file.array(f"{GROUP}/{name}", weight.shape, (weight.dtype.name,))
        if not np.isfinite(array).all():
            raise StateMismatchError(f"{name!r} has numbers that are not finite")
        arrays.append(array)
    return arrays


def _check_from_0(slot: str, arrays: list[np.ndarray]) -> None:
    if any(array.min(initial=0) < 0 for array in arrays):
        raise StateMismatchError(f"{slot} has negative numbers, and they are means of squares")


def _last(name: str) -> str:
    """Return the last part of a name: "iteration" of "adam/iteration:0"."""
    return name.split("/")[-1].split(":")[0]


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
