"""All contenders compute what plain NumPy does, where they are installed."""

import math

import numpy as np
import pytest

from benchmarks import contenders, machine, nets, validation
from benchmarks.contenders import channels_first, engine, plain_numpy
from benchmarks.digits import Data

SMALL = nets.Net(
    "small",
    (
        nets.convolution(3, 5, "relu", strides=2),
        nets.convolution(4, 3, "relu"),
        ("MaxPooling2D", {"pool_size": 2}),
        ("Dropout", {"rate": 0.25}),
        ("Flatten", {}),
        nets.dense(6, "relu"),
        nets.dense(10, "softmax"),
    ),
)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    for name in machine.THREADS:
        monkeypatch.setenv(name, "1")


def loaded(name):
    """Return a contender's module, or skip."""
    try:
        return contenders.load(name, 1)
    except ImportError as error:
        return pytest.skip(f"{name} is not installed ({error})")


def random_weights(net, rng):
    """Return weights of a net as large as trained ones, a list in Keras's order."""
    found, shapes = [], net.shapes()
    for (kind, options), names, before, after in zip(
        net.layers, net.weight_names(), shapes[:-1], shapes[1:], strict=True
    ):
        window = (options["kernel_size"],) * 2 if kind == "Conv2D" else ()
        size = (*window, before[-1], after[-1])
        for name in names:
            if name == "kernel":
                found.append(rng.normal(size=size) * math.sqrt(2 / math.prod(size[:-1])))
            else:
                found.append(0.9 + 0.2 * rng.random(after[-1]) - (name in ("bias", "beta")))
    return [array.astype(np.float32) for array in found]


def random_digits(count, rng):
    return Data("noise", rng.random((count, 28, 28, 1), np.float32), rng.integers(10, size=count))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *((name, 50) for name in contenders.FRAMEWORKS),
        *((name, count) for name in (*contenders.ENGINES, contenders.HALF) for count in (1, 50)),
    ],
)
def test_all_predict_the_same(name, count):
    module, rng = loaded(name), np.random.default_rng(0)
    weights, x = random_weights(SMALL, rng), random_digits(count, rng).x
    (right,) = plain_numpy.predictors(SMALL, weights, x).values()
    assert right().std() > 0.02
    ways = module.predictors(SMALL, weights, x)
    validation.check_predictions("all", right(), {name: ways})


@pytest.mark.parametrize(
    ("name", "net"),
    [
        (name, net)
        for name in (*contenders.FRAMEWORKS, "JAX")
        for net in (SMALL, nets.lenet("tanh"), nets.stride2(normalize=True))
    ]
    + [
        pytest.param("torch.compile", nets.stride2(normalize=True), marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_all_learn_the_same(name, net):
    module, rng = loaded(name), np.random.default_rng(1)
    data = random_digits(32, rng)
    validation.check_training(net, random_weights(net, rng), [data], plain_numpy, {name: module})


@pytest.mark.parametrize("name", ["PyTorch", "JAX"])
def test_several_steps_move_the_weights_and_dropout_is_by_chance(name):
    module, rng = loaded(name), np.random.default_rng(2)
    data, weights = random_digits(64, rng), random_weights(SMALL, rng)
    for trainer in module.trainers(SMALL, data, 16).values():
        trainer.set_weights(weights)
        losses = [trainer.steps(4)[0] for _ in range(2)]
        assert losses[0] != losses[1]
        assert all(np.isfinite(losses))
        moved = zip(trainer.weights(), weights, strict=True)
        assert all(np.abs(after - before).max() > 1e-5 for after, before in moved)


def test_a_kernel_behind_a_flatten_reads_channels_first():
    rng = np.random.default_rng(3)
    weights = random_weights(SMALL, rng)
    turned = channels_first.from_keras(SMALL, weights)
    pixels = rng.random((5, 5, 4), np.float32)  # what is flattened
    given, expected = pixels.transpose(2, 0, 1).ravel(), pixels.ravel() @ weights[4]
    np.testing.assert_allclose(turned[4] @ given, expected, atol=1e-6)
    assert turned[0].shape == (3, 1, 5, 5)
    for back, array in zip(channels_first.to_keras(SMALL, turned), weights, strict=True):
        np.testing.assert_array_equal(back, array)


def test_an_engine_takes_batches_of_all_sizes_in_several_ways():
    made = []

    def runner(converted, batch, threads):
        made.append((converted, batch, threads))
        return lambda x: np.repeat(x.reshape(batch, -1)[:, :1], 10, axis=1)

    rival = engine.Engine(lambda net, weights, batch: (net, batch), runner, sizes=(1, 3, 6, 7))
    rival.set_threads(2)
    x = np.arange(6 * 28 * 28, dtype=np.float32).reshape(6, 28, 28, 1)
    ways = rival.predictors("net", [], x)
    assert len(ways) == 4
    assert made.count((("net", 3), 3, 1)) == 2  # two batches at a time
    assert made.count((("net", 6), 6, 2)) == made.count((("net", 6), 6, 1)) == 1
    for way in ways.values():
        np.testing.assert_array_equal(way(), np.repeat(x[:, 0, 0], 10, axis=1))
