"""Optimizers: published values, trajectories that Keras and PyTorch really took, checks of arguments."""

import json
import pathlib
import re

import numpy as np
import pytest

from tinycnn import ops, optimizers
from tinycnn.ops import dispatch, reference
from tinycnn.optimizers import SGD, Adadelta, Adam

DATA = pathlib.Path(__file__).parents[1] / "support" / "data"
TRAJECTORIES = {
    peer: json.loads((DATA / f"trajectories_{peer}.json").read_text())
    for peer in ("keras", "torch")
}
CASES = [(peer, case) for peer, content in TRAJECTORIES.items() for case in content["cases"]]
IMPLEMENTATIONS = {"fast": ops.implementation, "reference": lambda: reference}


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request, monkeypatch):
    """Run a test on the kernels, then on their definitions."""
    monkeypatch.setattr(dispatch, "implementation", IMPLEMENTATIONS[request.param])


def test_one_step_of_adadelta(implementation):
    x, g = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 6.0, 7.0, 2.0])
    Adadelta(learning_rate=0.5, rho=0.95, epsilon=1e-7).apply([g], [x])
    wanted = [0.9992928939, 1.9992928932, 2.9992928932, 3.9992928934]
    np.testing.assert_allclose(x, wanted, rtol=0, atol=1e-10)


def test_one_step_of_sgd_by_hand(implementation):
    x = np.array([1.0, 2.0])
    optimizer = SGD(0.5, momentum=0.5, nesterov=True)
    optimizer.apply([np.array([1.0, -2.0])], [x])
    np.testing.assert_array_equal(x, [1 - 0.25 - 0.5, 2 + 0.5 + 1])
    optimizer.apply([np.zeros(2)], [x])  # the momentum goes on: velocity -0.25, and half of it
    np.testing.assert_array_equal(x, [0.25 - 0.125, 3.5 + 0.25])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("peer", "case"), CASES)
def test_ten_steps_are_those_of_the_peer(peer, case, dtype, implementation):
    content = TRAJECTORIES[peer]
    described = content["cases"][case]
    optimizer = optimizers.get({key: described[key] for key in ("class_name", "config")})
    start = np.array(content["start"])
    x = np.split(start.astype(dtype), 2)
    x = [half.copy() for half in x]
    positions = []
    for grad in content["gradients"]:
        optimizer.apply(list(np.split(np.array(grad, dtype), 2)), x)
        positions.append(np.concatenate(x))
    wanted = np.array(described["positions"])
    assert {half.dtype for half in x} == {np.dtype(dtype)}
    assert optimizer.iterations == len(wanted) == 10
    if dtype == np.float64:  # measured by how far the weights went, which is little for Adadelta
        config = described["config"]
        rounded = described["class_name"] == "Nadam" or isinstance(config["learning_rate"], dict)
        bound = (
            1e-6 if rounded else 1e-11
        )  # there Keras computes with numbers of float32 on the way
        steps = np.abs(np.diff(wanted, axis=0, prepend=start[None]))
        way = steps.cumsum(axis=0).max(axis=1, keepdims=True)
        assert (np.abs(positions - wanted) <= bound * way + 1e-15).all()
    else:
        np.testing.assert_allclose(positions, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", TRAJECTORIES["torch"]["cases"])
def test_the_peers_agree_where_epsilon_is_placed_alike(case):
    ours, theirs = (
        np.array(content["cases"][case]["positions"]) for content in TRAJECTORIES.values()
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_one_gradient_moves_every_array_by_its_own_slots():
    params = [np.ones((2, 3), np.float32), np.ones(4, np.float32)]
    grads = [np.full((2, 3), 2, np.float32), np.full(4, -1, np.float32)]
    optimizer = Adam(learning_rate=0.1)
    before = [grad.copy() for grad in grads]
    optimizer.apply(grads, params)
    np.testing.assert_allclose(params[0], 0.9, rtol=1e-6)
    np.testing.assert_allclose(params[1], 1.1, rtol=1e-6)
    np.testing.assert_allclose(optimizer.slots["momentum"][1], -0.1, rtol=1e-6)
    for grad, kept in zip(grads, before, strict=True):
        np.testing.assert_array_equal(grad, kept)


@pytest.mark.parametrize("optimizer", [SGD(0.0, momentum=0.5), Adadelta(0.0), Adam(0.0)])
def test_a_learning_rate_of_0_moves_nothing(optimizer):
    x = np.array([1.0, 2.0])
    optimizer.apply([np.array([3.0, -4.0])], [x])
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_the_learning_rate_may_change_between_steps():
    x, optimizer = np.array([1.0]), SGD(0.5)
    optimizer.apply([np.array([1.0])], [x])
    optimizer.learning_rate = 0.25
    optimizer.apply([np.array([1.0])], [x])
    np.testing.assert_array_equal(x, [0.25])
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match=f"learning_rate={wrong}"):
            optimizer.learning_rate = wrong
    assert optimizer.learning_rate == 0.25


NO_NUMBERS = [float("nan"), float("inf"), float("-inf"), "x", None, True, [0.1]]
REFUSED = [
    *(
        (cls, "learning_rate", value)
        for cls in (SGD, Adadelta, Adam)
        for value in (-1, *NO_NUMBERS)
    ),
    *((SGD, "momentum", value) for value in (-0.1, 1.1, *NO_NUMBERS)),
    *(
        (cls, name, value)
        for cls, name in ((Adadelta, "rho"), (Adam, "beta_1"), (Adam, "beta_2"))
        for value in (-0.1, 1, 1.1, *NO_NUMBERS)
    ),
    *((cls, "epsilon", value) for cls in (Adadelta, Adam) for value in (0, -1e-7, 2, *NO_NUMBERS)),
]


@pytest.mark.parametrize(("cls", "argument", "value"), REFUSED)
def test_arguments_out_of_range_are_named(cls, argument, value):
    with pytest.raises(ValueError, match=re.escape(f"{argument}={value!r}")):
        cls(**{argument: value})


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (SGD, {"learning_rate": 0, "momentum": 0}),
        (SGD, {"learning_rate": 1, "momentum": 1}),
        (Adadelta, {"learning_rate": 1, "rho": 0, "epsilon": 1}),
        (Adadelta, {"rho": 0.999999, "epsilon": 1e-30}),
        (Adam, {"beta_1": 0, "beta_2": 0}),
    ],
)
def test_the_ends_of_the_ranges_are_allowed(cls, arguments):
    x = np.array([1.0], np.float32)
    optimizer = cls(**arguments)
    optimizer.apply([np.array([0.5], np.float32)], [x])
    assert np.isfinite(x).all()
    assert {name: optimizer.get_config()[name] for name in arguments} == arguments


@pytest.mark.parametrize("cls", [SGD, Adadelta, Adam])
def test_an_optimizer_belongs_to_one_model(cls):
    optimizer = cls()
    optimizer.apply([np.ones(3)], [np.ones(3)])
    for others in ([np.ones(4)], [np.ones(3), np.ones(3)], [np.ones((3, 1))], [np.ones(3)]):
        with pytest.raises(ValueError, match="another model"):
            optimizer.apply([other.copy() for other in others], others)
    assert optimizer.iterations == 1


@pytest.mark.parametrize("cls", [SGD, Adadelta, Adam])
def test_a_step_needs_a_gradient_for_every_array(cls):
    with pytest.raises(ValueError, match="same shapes"):
        cls().apply([np.ones(3)], [np.ones(3), np.ones(2)])


def test_defaults():
    assert Adadelta().get_config() == {
        "name": "Adadelta",
        "learning_rate": 1.0,
        "weight_decay": None,
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "use_ema": False,
        "ema_momentum": 0.99,
        "ema_overwrite_frequency": None,
        "loss_scale_factor": None,
        "gradient_accumulation_steps": None,
        "rho": 0.95,
        "epsilon": 1e-7,
    }
    rates = {name: cls().learning_rate for name, cls in optimizers.CLASSES.items()}
    assert rates.pop("Adadelta") == 1.0
    assert rates.pop("SGD") == 0.01
    assert set(rates.values()) == {0.001}


@pytest.mark.parametrize(
    "optimizer", [SGD(0.3, 0.5, True, name="mine"), Adadelta(0.2, 0.8, 1e-5), Adam(0.1, 0.7, 0.8)]
)
def test_get_config_makes_it_again(optimizer):
    config = optimizer.get_config()
    again = optimizers.get({"class_name": type(optimizer).__name__, "config": config})
    assert type(again) is type(optimizer)
    assert again.get_config() == config
    assert optimizers.get(again) is again


@pytest.mark.parametrize("name", ["ftrl", "", None, 3, {"class_name": "Ftrl"}, SGD])
def test_unknown_optimizers(name):
    with pytest.raises(ValueError, match="optimizer must be one of"):
        optimizers.get(name)


@pytest.mark.parametrize(("name", "cls"), [("sgd", SGD), ("Adadelta", Adadelta), ("adam", Adam)])
def test_known_names(name, cls):
    assert type(optimizers.get(name)) is cls


# --- settings at their ends, and gradients of any size -------------------------------------------------

STEPS, PLACES = 50, 40
ODD = [
    (SGD, {"learning_rate": 0.5, "momentum": momentum, "nesterov": nesterov})
    for momentum in (0.0, 0.5, 0.999999, 1.0)
    for nesterov in (False, True)
]
ODD += [
    (Adadelta, {"rho": rho, "epsilon": epsilon})
    for rho in (0.0, 1e-3, 0.95, 0.999)
    for epsilon in (1e-7, 1e-30)
]
ODD += [
    (Adam, {"learning_rate": 0.01, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon})
    for beta_1, beta_2 in ((0, 0), (0.9, 0), (0, 0.999), (0.9, 1e-3), (0.999999, 0.999999))
    for epsilon in (1e-7, 1e-30)
]
GROWTH = {"steady": 1.0, "shrinking": 0.6, "suddenly small": 1e-5, "growing": 1.6}


def gradients(kind):
    """Return gradients (STEPS, PLACES) whose squares a float32 can hold."""
    rng = np.random.default_rng(3)
    directions, sizes = rng.choice([-1, 1], (STEPS, PLACES)), rng.uniform(0.5, 2, (STEPS, PLACES))
    powers = np.arange(STEPS)[:, None]
    powers = np.minimum(powers, 1) if kind == "suddenly small" else powers
    return (directions * sizes * GROWTH[kind] ** powers).astype(np.float32)


def definition(cls, settings, grads):
    """Return where float64 goes from 0 with these gradients: each mean a sum over all gradients, anew."""
    x, config = np.zeros(PLACES), {**cls().get_config(), **settings}
    rate = config["learning_rate"]
    if cls is SGD:
        ages = np.arange(STEPS)[:, None]
        for step in range(1, STEPS + 1):
            velocity = -rate * (grads[:step] * config["momentum"] ** ages[:step][::-1]).sum(axis=0)
            ahead = config["momentum"] * velocity - rate * grads[step - 1]
            x = x + (ahead if config["nesterov"] else velocity)
        return x

    def mean(values, beta):
        ages = np.arange(len(values))[::-1, None]
        return ((1 - beta) * np.float64(beta) ** ages * np.array(values)).sum(axis=0)

    deltas = [np.zeros(PLACES)]
    for step in range(1, STEPS + 1):
        past = grads[:step]
        if cls is Adadelta:
            roots = mean(np.square(deltas), config["rho"]), mean(past**2, config["rho"])
            above, below = (np.sqrt(root + config["epsilon"]) for root in roots)
            deltas.append(-above / below * past[-1])
            x = x + rate * deltas[-1]
        else:
            corrections = [1 - config[beta] ** step for beta in ("beta_1", "beta_2")]
            size = np.sqrt(mean(past**2, config["beta_2"])) + config["epsilon"]
            step_size = rate * np.sqrt(corrections[1]) / corrections[0]
            x = x - step_size * mean(past, config["beta_1"]) / size
    return x


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", GROWTH)
@pytest.mark.parametrize(("cls", "settings"), ODD)
def test_fifty_steps_with_odd_settings_end_where_the_definition_does(
    cls, settings, kind, dtype, implementation
):
    grads, x, optimizer = gradients(kind), np.zeros(PLACES, dtype), cls(**settings)
    way = np.zeros(PLACES)
    for grad in grads:
        before = x.copy()
        optimizer.apply([grad.astype(dtype)], [x])
        way += np.abs(x - before)
    wanted = definition(cls, settings, grads.astype(np.float64))
    assert (way > 0).all()
    # In float32 weights, means and beta itself are rounded, at most by 2^-24 in each step.
    bound = STEPS * 2**-24 if dtype == np.float32 else 1e-9
    assert (np.abs(x - wanted) / way).max() < bound


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_mean_that_forgets_all_forgets_a_large_gradient(dtype, implementation):
    x, optimizer = np.zeros(1, dtype), Adam(1.0, beta_1=0.9, beta_2=0.0)
    for grad in (1.0, 1e-4):
        optimizer.apply([np.array([grad], dtype)], [x])
    second = (0.09 + 0.1 * 1e-4) / (1 - 0.9**2) / (1e-4 + 1e-7)
    np.testing.assert_allclose(x, -1 / (1 + 1e-7) - second, rtol=1e-6)
