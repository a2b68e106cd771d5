"""The state of an optimizer in a model file: written in Keras 3's order, found by name in any order.

Three layouts are in use: Keras 3 and tf.keras from 2.11 keep the slots of a weight together, older
tf.keras keeps all weights of a slot together, and each has its own names. So an array is known by
what its name says of slot and weight, and by its shape; never by its place alone.
"""

from collections.abc import Iterable

import numpy as np

from tinycnn.optimizers import CLASSES
from tinycnn.saving.hdf5 import INTEGERS, HDF5File
from tinycnn.saving.saved_model import slot_names

GROUP = "optimizer_weights"
ITERATIONS = ("iteration", "iterations", "iter")
OTHER_NAMES = {  # tf.keras's
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
    """Return {"iterations", "slots"} of the optimizer; None if the file has no state at all.

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
    if used + len(others) != len(names):
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
    """Return the arrays of one slot, one a weight, given their names."""
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
    return name.split("/")[-1].split(":")[0]


def _weight(path: str) -> str:
    """Return what every layout's names have of a weight: "dense_kernel" of "sequential/dense/kernel:0"."""
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
    """Return whether an array's name says that it is of the slot.

    "adam/sequential_dense_kernel_momentum", "Adam/m/dense/kernel:0" and "Adam/dense/kernel/m:0" do.
    """
    parts = name.split(":")[0].split("/")
    ends = parts[1:2] + parts[-1:]
    return parts[-1].endswith(f"_{slot}") or any(
        end in (slot, *OTHER_NAMES.get(slot, ())) for end in ends
    )
