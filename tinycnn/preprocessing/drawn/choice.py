"""Which styles are drawn, by their weights."""

from collections.abc import Collection

import numpy as np


def chosen(weights: dict[str, float], count: int, rng: np.random.Generator) -> np.ndarray:
    """Return random names, str (count,), as often as their weights say.

    Example:
        >>> chosen({"rare": 0, "common": 3}, 2, np.random.default_rng(0)).tolist()
        ['common', 'common']
    """
    if not weights:
        raise ValueError("no style is left to draw: a digit is 0 to 9, and not all can be left out")
    shares = np.array([*weights.values()], float)
    return rng.choice(np.array([*weights]), count, p=shares / shares.sum())


def one_of(weights: dict[str, float], style: str | None, rng: np.random.Generator) -> str:
    """Return a style if it is one of those with weights; None: any of them."""
    if style is not None:
        check_names("style", [style], weights)
        return style
    return str(chosen(weights, 1, rng)[0])


def check_names(argument: str, names: Collection[str], known: Collection[str]) -> None:
    """Raise ValueError for names, given as an argument, that are a text or are not all known."""
    if isinstance(names, str):
        raise ValueError(f'{argument} takes a collection of names: {{"{names}"}}')
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"{argument}: {unknown[0]!r} is none of the styles: {', '.join(known)}")
