"""The default random generator, used where no seed is given; `set_random_seed` restarts it."""

import random

import numpy as np

from tinycnn.utils.validation import check_int

# In a dict, so that `set_random_seed` can replace it without `global`.
_default = {"rng": np.random.default_rng()}


def set_random_seed(seed: int) -> None:
    """Seed all random numbers from here on: initial weights, shuffling, dropout, Python's and NumPy's own.

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
    """Return a new generator, seeded by the default one; each `build` and `fit` takes one for itself."""
    return np.random.default_rng(_default["rng"].integers(2**63))
