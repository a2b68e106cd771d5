"""What all ranks must have alike: the first difference is named, with who has what."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

LONGEST = 100  # letters of a value in the message


class RanksDiffer(ValueError):
    """What must be alike on all ranks is not; all of them raise this."""


def flat(facts: object, name: str = "") -> dict[str, str]:
    """Return nested dicts and lists as {"model, dense, units": "10"}: what a message can name.

    Example:
        >>> flat({"model": {"units": [1, 2]}})
        {'model, units, 0': '1', 'model, units, 1': '2'}
    """
    if isinstance(facts, Mapping):
        items: Iterable = facts.items()
    elif isinstance(facts, Sequence) and not isinstance(facts, str):
        items = enumerate(facts)
    else:
        return {name: str(facts)}
    found: dict[str, str] = {}
    for key, value in items:
        found |= flat(value, f"{name}, {key}" if name else str(key))
    return found


def difference(ranks: Sequence[Mapping[str, str]]) -> str:
    """Return a sentence about the first fact, by name, that is not the same on all ranks; "" if all are.

    Example:
        >>> difference([{"epochs": "1"}, {"epochs": "2"}, {"epochs": "1"}])
        'The ranks differ in epochs: 1 on ranks 0, 2; 2 on rank 1.'
    """
    for name in dict.fromkeys(name for facts in ranks for name in facts):
        values = [facts.get(name, "nothing") for facts in ranks]
        if len(set(values)) > 1:
            told = [f"{_cut(value)} on {_who(values, value)}" for value in dict.fromkeys(values)]
            return f"The ranks differ in {name}: {'; '.join(told)}."
    return ""


def _who(values: Sequence[str], value: str) -> str:
    """Return which ranks have a value, as "rank 1" or "ranks 0, 2"."""
    ranks = [str(rank) for rank, other in enumerate(values) if other == value]
    return f"rank{'s' if len(ranks) > 1 else ''} {', '.join(ranks)}"


def _cut(value: str) -> str:
    """Return a value that is not too long for a sentence."""
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}..."


def digest(arrays: Iterable[np.ndarray]) -> str:
    """Return the first letters of the SHA-256 of arrays."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()[:12]
