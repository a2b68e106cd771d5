"""The distribution that `fit`, `evaluate` and `predict` use: the one default that Keras's face asks for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinycnn.distribution.data_parallel import DataParallel

# In a dict, so that `set_distribution` can replace it without `global`.
_default: dict[str, "DataParallel | None"] = {"distribution": None}


def set_distribution(value: "DataParallel | None") -> None:
    """Let `fit`, `evaluate` and `predict` share their work among all ranks from now on.

    All ranks must call these, in the same order, with the same arguments.

    Args:
        value: a `DataParallel`; None: every process works for itself again.

    Raises:
        TypeError: for anything else.
    """
    if value is not None and not _is_distribution(value):
        raise TypeError(f"value must be a DataParallel() or None. Received: {value!r}")
    _default["distribution"] = value


def _is_distribution(value: object) -> bool:
    """Return whether this is a `DataParallel`, which is imported here, where it is used."""
    from tinycnn.distribution.data_parallel import DataParallel

    return isinstance(value, DataParallel)


def distribution() -> "DataParallel | None":
    """Return what `set_distribution` has set, or None."""
    return _default["distribution"]


def rank() -> int:
    """Return the number of this process among those that train together; 0 without a distribution."""
    shared = distribution()
    return 0 if shared is None else shared.rank


def broadcast(data: bytes | None) -> bytes | None:
    """Return what rank 0 has handed over, on all ranks, all of which call this.

    Args:
        data: of rank 0; what others hand over does not count.
    """
    shared = distribution()
    if shared is None:
        return data
    return shared.gathered(data if shared.rank == 0 and data is not None else b"")[0]


def rank_0_decides(decide: Callable[[], bool]) -> bool:
    """Return what `decide()` returns on rank 0, on all ranks, all of which call this.

    Args:
        decide: called on rank 0 alone, which has the files and a person to ask; what it raises ends rank 0,
            and is False for the others.
    """
    decided = False
    try:
        decided = rank() == 0 and decide()
    finally:  # nobody must wait for one that was refused
        decided = broadcast(b"yes" if decided else b"") == b"yes"
    return decided
