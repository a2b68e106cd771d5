"""Initializers: variances and limits by statistics, shapes, repeatability, names."""

import numpy as np
import pytest

from tinycnn import initializers
from tinycnn.layers import Conv2D, Dense

SHAPES = {(400, 300): (400, 300), (3, 3, 64, 128): (576, 1152), (5, 2, 100, 40): (1000, 400)}
VARIANCES = {  # of a kernel with `i` inputs and `o` outputs
    "glorot_uniform": lambda i, o: 2 / (i + o),
    "glorot_normal": lambda i, o: 2 / (i + o),
    "he_uniform": lambda i, o: 2 / i,
    "he_normal": lambda i, o: 2 / i,
    "lecun_uniform": lambda i, o: 1 / i,
    "lecun_normal": lambda i, o: 1 / i,
}
WITHOUT_FANS = {  # lowest and highest possible number, and the variance, of 0.88 ** 2 uncut ones if cut
    "random_uniform": ({"minval": -1.0, "maxval": 0.5}, (-1.0, 0.5), -0.25, 1.5**2 / 12),
    "truncated_normal": (
        {"mean": 2.0, "stddev": 0.5},
        (1.0, 3.0),
        2.0,
        (0.5 * 0.8796256610342) ** 2,
    ),
    "random_normal": ({"mean": 2.0, "stddev": 0.5}, (-np.inf, np.inf), 2.0, 0.25),
}


def rng():
    return np.random.default_rng(8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", VARIANCES)
def test_mean_and_variance(name, shape):
    values = initializers.get(name)(shape, "float64", rng())
    variance = VARIANCES[name](*SHAPES[shape])
    # the mean of n numbers strays by √(variance / n), their variance by less than variance · √(2 / n)
    assert values.shape == shape
    assert abs(values.mean()) < 4 * np.sqrt(variance / values.size)
    assert abs(values.var() / variance - 1) < 4 * np.sqrt(2 / values.size)


@pytest.mark.parametrize("name", WITHOUT_FANS)
def test_mean_variance_and_limits_of_those_that_look_at_no_shape(name):
    options, (low, high), mean, variance = WITHOUT_FANS[name]
    cls = type(initializers.get(name))
    values = cls(**options)((50_000,), "float64", rng())
    assert abs(values.mean() - mean) < 4 * np.sqrt(variance / values.size)
    assert abs(values.var() / variance - 1) < 4 * np.sqrt(2 / values.size)
    assert low <= values.min() < mean < values.max() <= high
    assert cls(**cls(**options).get_config()).get_config() == {**options, "seed": None}
    assert cls().get_config().keys() == {*options, "seed"}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", VARIANCES)
def test_limits(name, shape):
    values = initializers.get(name)(shape, "float64", rng())
    deviation = np.sqrt(VARIANCES[name](*SHAPES[shape]))
    # ±√3 deviations for the uniform ones; two deviations of the uncut normal, which are 2 / 0.8796 here
    limit = deviation * (np.sqrt(3) if "uniform" in name else 2 / 0.87962566103423978)
    assert 0.999 * limit < values.max() <= limit
    assert -0.999 * limit > values.min() >= -limit


def test_uniform_is_flat_and_normal_is_not():
    uniform = initializers.get("he_uniform")((500, 400), "float64", rng())
    normal = initializers.get("he_normal")((500, 400), "float64", rng())
    deviation = np.sqrt(2 / 500)
    inside = [np.mean(np.abs(values) < deviation) for values in (uniform, normal)]
    assert abs(inside[0] - 1 / np.sqrt(3)) < 0.005
    # P(|z| < 0.8796) / P(|z| < 2) for a normal z
    assert abs(inside[1] - 0.62094 / 0.95450) < 0.005


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((4, 7), (4, 7)),
        ((3, 3, 1, 32), (9, 288)),
        ((5, 2, 8, 3), (80, 30)),
        ((1, 1, 16, 4), (16, 4)),
    ],
)
def test_fans(shape, wanted):
    assert initializers.fans(shape) == wanted


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", initializers.INITIALIZERS)
@pytest.mark.parametrize("shape", [(3, 4), (3, 3, 2, 5), (1, 1)])
def test_shape_and_dtype(name, shape, dtype):
    values = initializers.get(name)(shape, dtype, rng())
    assert values.shape == shape
    assert values.dtype == dtype
    assert np.isfinite(values).all()


@pytest.mark.parametrize(("name", "value"), [("zeros", 0), ("ones", 1), ("constant", 0)])
def test_constant_ones(name, value):
    np.testing.assert_array_equal(initializers.get(name)((2, 3), "float32", rng()), value)


def test_constant_keeps_its_value():
    values = initializers.Constant(0.1)((4,), "float32", rng())
    np.testing.assert_array_equal(values, np.full(4, 0.1, "float32"))


@pytest.mark.parametrize("name", VARIANCES)
def test_a_seed_repeats_whatever_the_generator(name):
    first = initializers.CLASSES[type(initializers.get(name)).__name__](seed=3)
    a, b = first((6, 5), "float32", rng()), first((6, 5), "float32", np.random.default_rng(1))
    np.testing.assert_array_equal(a, b)
    other = type(first)(seed=4)((6, 5), "float32", rng())
    assert not np.array_equal(a, other)


@pytest.mark.parametrize("name", VARIANCES)
def test_without_a_seed_the_generator_decides(name):
    initializer = initializers.get(name)
    first, again = (initializer((6, 5), "float32", rng()) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    generator = rng()
    first, second = (initializer((6, 5), "float32", generator) for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("layer", "input_shape", "limit"),
    [
        (Dense(300), (None, 200), np.sqrt(6 / 500)),
        (Conv2D(64, (3, 5)), (None, 9, 9, 16), np.sqrt(6 / (15 * 80))),
    ],
)
def test_layers_begin_with_glorot_uniform_kernels_and_no_bias(layer, input_shape, limit):
    layer.build(input_shape, rng())
    kernel, bias = layer.get_weights()
    assert 0.99 * limit < np.abs(kernel).max() <= np.float32(limit)
    np.testing.assert_array_equal(bias, 0)


@pytest.mark.parametrize("name", ["glorot", "", None, 1, {"class_name": "Orthogonal"}])
def test_unknown_names(name):
    with pytest.raises(ValueError, match="initializer must be one of"):
        initializers.get(name)


@pytest.mark.parametrize(
    "initializer",
    [
        initializers.Constant(0.5),
        initializers.HeNormal(seed=7),
        initializers.GlorotUniform(),
        initializers.Zeros(),
    ],
)
def test_get_config_makes_it_again(initializer):
    described = {"class_name": type(initializer).__name__, "config": initializer.get_config()}
    again = initializers.get(described)
    assert type(again) is type(initializer)
    assert again.get_config() == initializer.get_config()
    assert initializers.get(again) is again


@pytest.mark.parametrize("seed", [-1, 1.5, "x", True])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(ValueError, match="seed"):
        initializers.HeUniform(seed=seed)


@pytest.mark.parametrize("value", ["x", None, True, float("nan"), float("inf")])
def test_constants_are_numbers(value):
    with pytest.raises(ValueError, match="value must be a finite number"):
        initializers.Constant(value)
