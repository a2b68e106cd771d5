"""Random numbers: the default generator, `set_random_seed`, and numbers that follow from a place alone.

First weights come from the default generator, one after the other. What happens in training (the order of
the samples, masks of dropout) comes from `rng_at`: it follows from the seed and the number of the step, so a
training that goes on later draws the same.
"""

import os
import random

import numpy as np

from tinycnn.utils.validation import check_int

# In a dict, so that `set_random_seed` can replace it without `global`.
_default = {"rng": np.random.default_rng(), "seed": int.from_bytes(os.urandom(8), "little")}


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
    _default.update(rng=np.random.default_rng(seed), seed=seed)


def next_rng() -> np.random.Generator:
    """Return a new generator, seeded by the default one; each `build` takes one for itself."""
    return np.random.default_rng(_default["rng"].integers(2**63))


def current_seed() -> int:
    """Return what `set_random_seed` was called with last; before that, a number of this process."""
    return _default["seed"]


def rng_at(seed: int, purpose: str, *place: int) -> np.random.Generator:
    """Return random numbers that follow from seed, purpose and place, and from nothing drawn before.

    Args:
        seed: 0 to 2**64 - 1.
        purpose: what they are for, up to eight letters: other purposes have other numbers.
        place: up to three whole numbers from 0, such as the number of a training step.

    Example:
        >>> rng_at(0, "order", 7).permutation(5).tolist() == rng_at(0, "order", 7).permutation(5).tolist()
        True

    Source: J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011 (Philox).
    """
    key = np.array([seed, int.from_bytes(purpose.encode(), "little")], np.uint64)
    counter = [0, *place, *[0] * (3 - len(place))]  # what is drawn is counted by the first number
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
