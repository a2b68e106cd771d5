"""One step of learning on a drawing: taken, undone, and forgotten to the last bit. No screen needed."""

import math

import numpy as np
import pytest

from gui.learning.steps import KEPT, Steps, restore, state, to_learn, view
from tests.support.nets import same
from tinycnn import optimizers, utils
from tinycnn.layers import Conv2D, Dense, Dropout, Flatten, Input
from tinycnn.models import Sequential, load_model

X = np.random.default_rng(1).random((1, 28, 28, 1), np.float32)


def net(optimizer=None, *, activation="softmax"):
    utils.set_random_seed(3)
    model = Sequential(
        [
            Input((28, 28, 1)),
            Conv2D(3, 3, strides=4, activation="relu"),
            Flatten(),
            Dropout(0.3),
            Dense(10, activation=activation),
        ]
    )
    if optimizer is not None:
        model.compile(optimizer, "categorical_crossentropy")
    return model


def everything(model):
    """Return the bytes of all that a step changes."""
    weights, slots, iterations, rate = state(model)
    arrays = [*weights, *(array for name in sorted(slots) for array in slots[name])]
    return [array.tobytes() for array in arrays], iterations, rate


@pytest.mark.parametrize("optimizer", [None, "sgd", "adam", optimizers.SGD(0.1, momentum=0.9)])
def test_a_step_makes_the_digit_likelier_and_leaves_the_loaded_model_alone(optimizer, tmp_path):
    model = net(optimizer)
    model.save(tmp_path / "before.h5")
    steps = Steps(model)
    change = steps.take(X, 7, 0.01 if optimizer else 1.0, times=5)
    assert change.after.loss < change.before.loss
    assert change.after.shares[7] > change.before.shares[7]
    assert change.before.loss == pytest.approx(-math.log(change.before.shares[7]))
    assert np.shape(change.before.kernels) == (3, 3, 3)
    assert change.before.kernels != change.after.kernels
    model.save(tmp_path / "after.h5")
    assert (tmp_path / "before.h5").read_bytes() == (tmp_path / "after.h5").read_bytes()


def test_a_net_of_float64_learns_in_float64():
    double = {"dtype": "float64"}
    layers = [Input((28, 28, 1), **double), Conv2D(2, 5, **double), Flatten(**double)]
    steps = Steps(Sequential([*layers, Dense(10, activation="softmax", **double)]))
    change = steps.take(X, 7, 1.0)
    assert change.after.loss < change.before.loss
    assert {weight.dtype.name for weight in steps.model.weights} == {"float64"}


@pytest.mark.parametrize("optimizer", [None, "sgd", "adam"])
def test_each_step_is_undone_to_the_last_bit_beyond_the_states_that_are_kept(optimizer):
    steps = Steps(net(optimizer))
    seen = [everything(steps.model)]
    for count in range(KEPT + 5):
        steps.take(X * (count % 3), count % 10, 0.01 * (count + 1))
        seen.append(everything(steps.model))
    assert len({str(one) for one in seen}) == len(seen)
    for expected in reversed(seen[:-1]):
        assert steps.undo()
        assert everything(steps.model) == expected
    assert not steps.undo()
    assert steps.count == 0


def test_ten_at_once_are_ten_steps_each_of_which_is_undone():
    once, ten = Steps(net("adam")), Steps(net("adam"))
    for _ in range(10):
        once.take(X, 2, 0.001)
    assert ten.take(X, 2, 0.001, times=10).count == 10
    assert everything(once.model) == everything(ten.model)
    once.undo()
    ten.undo()
    assert everything(once.model) == everything(ten.model)


def test_steps_taken_after_an_undo_are_as_if_the_undone_ones_had_never_been():
    straight, winding = Steps(net("adam")), Steps(net("adam"))
    straight.take(X, 2, 0.001)
    winding.take(X, 5, 0.1, times=2)
    winding.undo()
    winding.undo()
    winding.take(X, 2, 0.001)
    assert everything(straight.model) == everything(winding.model)


def test_the_optimizer_of_a_file_goes_on_where_it_was(tmp_path):
    model = net("adam")
    model.fit(np.repeat(X, 4, 0), np.eye(10)[:4], verbose=0)
    model.save(tmp_path / "model.h5")
    steps = Steps(load_model(tmp_path / "model.h5"))
    assert steps.model.optimizer.iterations == 1
    before = everything(steps.model)
    steps.take(X, 3, 0.01)
    assert steps.model.optimizer.iterations == 2
    steps.undo()
    assert everything(steps.model) == before


def test_a_net_that_returns_scores_learns_from_its_softmax():
    model = net(activation=None)
    change = Steps(model).take(X, 4, 1.0)
    assert sum(change.before.shares) == pytest.approx(1)
    assert change.after.loss < change.before.loss


def test_steps_that_are_too_large_show_nothing_and_can_be_undone():
    steps = Steps(net("sgd"))
    before = everything(steps.model)
    after = steps.take(X, 4, 1e30, times=3).after
    assert (after.loss, after.shares, after.kernels) == (None, [], [])
    assert steps.take(X, 4, 0.1).before.shares == []
    while steps.undo():
        pass
    assert everything(steps.model) == before


def test_a_state_goes_back_into_a_model_that_has_learnt_since():
    model = to_learn(net("adam"))
    kept = state(model)
    model.train_on_batch(X, np.eye(10)[:1])
    restore(model, kept)
    assert same(model.get_weights(), kept[0])
    assert (model.optimizer.iterations, model.optimizer.slots) == (0, {})


def test_a_net_without_a_convolution_shows_no_kernels():
    model = Sequential([Input((28, 28, 1)), Flatten(), Dense(10, activation="softmax")])
    seen = view(model, X, None)
    assert (seen.kernels, seen.loss) == ([], None)


def test_a_model_with_a_schedule_learns_at_the_rate_that_was_chosen():
    from tinycnn.optimizers import SGD, schedules
    from tinycnn.pretrained.nets import lenet5

    model = lenet5()
    schedule = schedules.CosineDecay(0.5, 100)
    model.compile(SGD(schedule, momentum=0.5), "categorical_crossentropy")
    taken = Steps(model)
    change = taken.take(np.ones((1, 28, 28, 1), np.float32), digit=7, rate=0.01)
    assert change.before.loss > change.after.loss
    assert taken.model.optimizer.learning_rate == 0.01
    assert taken.undo()
    assert model.optimizer.get_config()["learning_rate"] == schedule.serialize()
