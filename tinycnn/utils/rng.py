"""The one default generator: where chance comes from if nobody says."""

import random

import numpy as np

from tinycnn.utils.validation import check_int

_default = {"rng": np.random.default_rng()}


def set_random_seed(seed: int) -> None:
    """Make what follows repeatable: first weights, shuffling, dropout; also Python's and NumPy's own.

    Args:
        seed: a whole number from 0 to 2**32 - 1.

    Raises:
        ValueError: for anything else.

    Example:
        >>> set_random_seed(0)
    """
    seed = check_int("seed", seed, 0, 2**32 - 1)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (the user's own calls to it shall repeat, too)
    _default["rng"] = np.random.default_rng(seed)


def next_rng() -> np.random.Generator:
    """Return a generator of its own for one `build` or `fit`, taken from the default one."""
    return np.random.default_rng(_default["rng"].integers(2**63))
