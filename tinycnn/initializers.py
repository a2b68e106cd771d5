"""Initializers: the first values of weights, by their Keras names.

The random ones have a variance that keeps outputs and gradients about the same size from layer to layer.

Sources: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
networks", 2010, equation 16; K. He et al., "Delving Deep into Rectifiers", 2015, equation 10.
"""

import math

import numpy as np

from tinycnn.utils.configurable import Configurable, find
from tinycnn.utils.registration import Classes
from tinycnn.utils.validation import check_int, check_number

NORMAL_CUT = 0.87962566103423978  # standard deviation of a standard normal one cut off at -2 and 2


def fans(shape: tuple) -> tuple[int, int]:
    """Return fan-in and fan-out of a kernel: inputs that an output is computed from, and the reverse.

    Args:
        shape: of the kernel, (inputs, outputs), or (kh, kw, inputs, outputs) of a convolution.

    Raises:
        ValueError: for fewer than two sizes.

    Example:
        >>> fans((3, 3, 32, 64))
        (288, 576)
    """
    if len(shape) < 2:
        raise ValueError(f"Only kernels, (..., inputs, outputs), have fans. Received: {shape}")
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


class Initializer(Configurable):
    """Base: `initializer(shape, dtype, rng)` returns the first values of a weight array.

    Args:
        options: none here: every one raises TypeError.
    """

    def __init__(self, **options: object):
        self.check_options(options)

    def __call__(self, shape: tuple, dtype: str, rng: np.random.Generator) -> np.ndarray:
        """Return an array of this shape and dtype; `rng` is where random numbers come from."""
        raise TypeError(f"{type(self).__name__} is only the base of the initializers")


class Zeros(Initializer):
    """All 0."""

    def __call__(self, shape: tuple, dtype: str, rng: np.random.Generator) -> np.ndarray:
        """Return zeros."""
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All 1."""

    def __call__(self, shape: tuple, dtype: str, rng: np.random.Generator) -> np.ndarray:
        """Return ones."""
        return np.ones(shape, dtype)


class Constant(Initializer):
    """All the same number.

    Args:
        value: the number.
        options: every one raises TypeError.
    """

    config_names = ("value",)

    def __init__(self, value: float = 0.0, **options: object):
        super().__init__(**options)
        self.value = check_number("value", value)

    def __call__(self, shape: tuple, dtype: str, rng: np.random.Generator) -> np.ndarray:
        """Return an array filled with the number."""
        return np.full(shape, self.value, dtype)


class RandomInitializer(Initializer):
    """Base of the random initializers: the variance comes from one subclass, the distribution from another.

    Args:
        seed: None to draw from the generator that is passed in; else a whole number from 0, from which a
            new generator is made at each call, so that the values are always the same.
        options: every one raises TypeError.
    """

    config_names = ("seed",)

    def __init__(self, seed: int | None = None, **options: object):
        super().__init__(**options)
        self.seed = None if seed is None else check_int("seed", seed, 0, 2**64 - 1)

    def __call__(self, shape: tuple, dtype: str, rng: np.random.Generator) -> np.ndarray:
        """Return random numbers of this shape and dtype with mean 0 and variance `variance(shape)`."""
        rng = rng if self.seed is None else np.random.default_rng(self.seed)
        return self.draw(shape, self.variance(shape), rng).astype(dtype)

    def variance(self, shape: tuple) -> float:
        """Return the variance for a kernel of this shape."""
        raise TypeError(f"{type(self).__name__} is only the base of the initializers")

    def draw(self, shape: tuple, variance: float, rng: np.random.Generator) -> np.ndarray:
        """Return float64 random numbers of this shape, with mean 0 and this variance."""
        raise TypeError(f"{type(self).__name__} is only the base of the initializers")


class Lecun(RandomInitializer):
    """The variance that keeps the outputs' size: 1 / fan_in."""

    def variance(self, shape: tuple) -> float:
        """Return 1 / fan_in."""
        return 1 / max(1, fans(shape)[0])


class Spread(RandomInitializer):
    """Base of the normal distributions that do not look at the shape.

    Args:
        mean: of the numbers.
        stddev: their standard deviation, before those beyond two of it are drawn again, if they are.
        seed: see `RandomInitializer`.
        options: every one raises TypeError.
    """

    config_names = ("mean", "stddev", "seed")

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None, **options: object
    ):
        super().__init__(seed, **options)
        self.mean = check_number("mean", mean)
        self.stddev = check_number("stddev", stddev, 0)

    def variance(self, shape: tuple) -> float:
        """Return stddev²."""
        return self.stddev**2


class Uniform(RandomInitializer):
    """Draws from a uniform distribution."""

    def draw(self, shape: tuple, variance: float, rng: np.random.Generator) -> np.ndarray:
        """Return uniform numbers between -√(3 variance) and √(3 variance), which have this variance."""
        limit = math.sqrt(3 * variance)
        return rng.uniform(-limit, limit, shape)


class Normal(RandomInitializer):
    """Draws from a normal distribution truncated at two standard deviations."""

    def draw(self, shape: tuple, variance: float, rng: np.random.Generator) -> np.ndarray:
        """Return truncated normal numbers: those beyond -2 and 2 are drawn again, then all are scaled."""
        values = rng.standard_normal(shape)
        while (outside := np.abs(values) > 2).any():
            values[outside] = rng.standard_normal(outside.sum())
        return values * (math.sqrt(variance) / NORMAL_CUT)


class Glorot(RandomInitializer):
    """The variance for layers with tanh or sigmoid: a compromise for outputs and gradients."""

    def variance(self, shape: tuple) -> float:
        """Return 2 / (fan_in + fan_out)."""
        return 2 / max(1, sum(fans(shape)))


class He(RandomInitializer):
    """The variance for layers with ReLU: twice 1 / fan_in, since a ReLU sets half of its inputs to 0."""

    def variance(self, shape: tuple) -> float:
        """Return 2 / fan_in."""
        return 2 / max(1, fans(shape)[0])


class RandomNormal(Spread):
    """Normal, not truncated."""

    def draw(self, shape: tuple, variance: float, rng: np.random.Generator) -> np.ndarray:
        """Return normal numbers."""
        return self.mean + math.sqrt(variance) * rng.standard_normal(shape)


class TruncatedNormal(Spread, Normal):
    """Normal; numbers more than two standard deviations from the mean are drawn again."""

    def draw(self, shape: tuple, variance: float, rng: np.random.Generator) -> np.ndarray:
        """Return truncated normal numbers, whose deviation is smaller than that of the uncut ones."""
        return self.mean + NORMAL_CUT * super().draw(shape, variance, rng)


class RandomUniform(RandomInitializer):
    """Uniform between two numbers.

    Args:
        minval, maxval: the two.
        seed: see `RandomInitializer`.
        options: every one raises TypeError.
    """

    config_names = ("minval", "maxval", "seed")

    def __init__(
        self,
        minval: float = -0.05,
        maxval: float = 0.05,
        seed: int | None = None,
        **options: object,
    ):
        super().__init__(seed, **options)
        self.minval = check_number("minval", minval)
        self.maxval = check_number("maxval", maxval, self.minval)

    def variance(self, shape: tuple) -> float:
        """Return the variance, a twelfth of the square of the width."""
        return (self.maxval - self.minval) ** 2 / 12

    def draw(self, shape: tuple, variance: float, rng: np.random.Generator) -> np.ndarray:
        """Return uniform numbers."""
        return rng.uniform(self.minval, self.maxval, shape)


class LecunUniform(Lecun, Uniform):
    """Uniform between ±√(3 / fan_in)."""


class LecunNormal(Lecun, Normal):
    """Truncated normal with variance 1 / fan_in."""


class GlorotUniform(Glorot, Uniform):
    """Keras's default for kernels: uniform between ±√(6 / (fan_in + fan_out))."""


class GlorotNormal(Glorot, Normal):
    """Truncated normal with variance 2 / (fan_in + fan_out)."""


class HeUniform(He, Uniform):
    """Uniform between ±√(6 / fan_in)."""


class HeNormal(He, Normal):
    """Truncated normal with variance 2 / fan_in."""


INITIALIZERS = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
}
CLASSES = Classes(Initializer, INITIALIZERS.values())


def get(identifier: str | dict | Initializer) -> Initializer:
    """Return an initializer, given its name, a dict {"class_name": ..., "config": ...}, or itself.

    Raises:
        ValueError: for a name that is not there.

    Example:
        >>> get("he_normal").get_config()
        {'seed': None}
    """
    return find("initializer", Initializer, CLASSES, INITIALIZERS, identifier)
