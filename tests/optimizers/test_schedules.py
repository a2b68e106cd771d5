"""Schedules: numbers by hand, their ends, own ones, and how an optimizer goes by them."""

import math

import numpy as np
import pytest

from tinycnn import optimizers
from tinycnn.optimizers import SGD, Adam, schedules

EXAMPLES = [
    schedules.ExponentialDecay(0.5, 4, 0.25, staircase=True, name="e"),
    schedules.InverseTimeDecay(0.5, 4, 0.25),
    schedules.PiecewiseConstantDecay([2, 4.5], [1.0, 0.5, 0]),
    schedules.PolynomialDecay(0.5, 4, 0.1, 2.0, cycle=True),
    schedules.CosineDecay(0.1, 6, 0.2, warmup_target=0.5, warmup_steps=3),
    schedules.CosineDecayRestarts(0.5, 3, 1.5, 0.5, 0.1),
]


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        (schedules.ExponentialDecay(0.5, 2, 0.25), [0.5, 0.25, 0.125, 0.0625]),
        (schedules.ExponentialDecay(0.5, 2, 0.25, staircase=True), [0.5, 0.5, 0.125, 0.125]),
        (schedules.InverseTimeDecay(0.5, 2, 2.0), [0.5, 0.25, 0.5 / 3, 0.125]),
        (schedules.InverseTimeDecay(0.5, 2, 2.0, staircase=True), [0.5, 0.5, 0.5 / 3, 0.5 / 3]),
        (schedules.PiecewiseConstantDecay([0, 2], [1, 0.5, 0.25]), [1, 0.5, 0.5, 0.25]),
        (schedules.PolynomialDecay(1.0, 4, 0.0, 2.0), [1, 0.5625, 0.25, 0.0625, 0, 0]),
        (schedules.PolynomialDecay(1.0, 2, 0.0, cycle=True), [1, 0.5, 0, 0.25, 0, 1 / 6, 0]),
        (schedules.CosineDecay(1.0, 2, 0.5), [1, 0.75, 0.5, 0.5]),
        (schedules.CosineDecay(1.0, 2, warmup_steps=7), [1, 0.5, 0]),  # no target: no warm-up
        (schedules.CosineDecayRestarts(1.0, 2, 2.0, 0.5), [1, 0.5, 0.5, 0.5 * (2 + 2**0.5) / 4]),
        (schedules.CosineDecayRestarts(1.0, 2, 1.0), [1, 0.5, 1, 0.5, 1]),
    ],
)
def test_numbers_by_hand(schedule, wanted):
    np.testing.assert_allclose([schedule(step) for step in range(len(wanted))], wanted, atol=1e-15)


def test_every_restart_begins_at_the_top_of_its_cosine():
    schedule = schedules.CosineDecayRestarts(1.0, 3, 3.0)
    begin, length = 0, 3
    for _ in range(12):
        assert schedule(begin) == pytest.approx(1.0, abs=1e-9)
        assert schedule(begin - 1) < 0.8 or begin == 0
        begin, length = begin + length, length * 3
    nearly_1 = schedules.CosineDecayRestarts(1.0, 1e-9, 1 + 1e-12)
    assert 0 <= nearly_1(2**53) <= 1  # and at once


@pytest.mark.parametrize("schedule", EXAMPLES, ids=lambda schedule: type(schedule).__name__)
def test_get_config_makes_it_again(schedule):
    described = schedules.serialize(schedule)
    again = schedules.deserialize(described)
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert [again(step) for step in range(9)] == [schedule(step) for step in range(9)]
    assert type(schedule).from_config(schedule.get_config())(3) == schedule(3)
    kept = optimizers.get({"class_name": "Adam", "config": Adam(schedule).get_config()})
    assert [kept.learning_rate, kept.get_config()] == [schedule(0), Adam(schedule).get_config()]


@pytest.mark.parametrize("name", schedules.CLASSES)
def test_numbers_out_of_range_are_named(name):
    good = {type(one).__name__: one for one in EXAMPLES}[name].get_config()
    for argument, value in good.items():
        for wrong in (-1, "x", math.nan):
            if argument == "name" and wrong == "x":
                continue
            with pytest.raises(ValueError, match=f"{argument}"):
                schedules.CLASSES[name](**{**good, argument: wrong})
    assert any("steps" in argument for argument in good) or "boundaries" in good


def test_no_steps_too_few_values_and_unknown_names_are_refused():
    with pytest.raises(ValueError, match="decay_steps=0"):
        schedules.ExponentialDecay(0.1, 0, 0.5)
    for values in ([1.0], [1.0, 0.5, 0.1], [1.0] * 2000, 3):
        with pytest.raises(ValueError, match="boundaries"):
            schedules.PiecewiseConstantDecay([3], values)
    with pytest.raises(ValueError, match="ascend"):
        schedules.PiecewiseConstantDecay([3, 2], [1.0, 0.5, 0.1])
    for wrong in ({}, {"class_name": "NoamDecay"}, {"class_name": ["CosineDecay"]}):
        with pytest.raises(ValueError, match="must be one of"):
            schedules.deserialize(wrong)


class Halving(schedules.LearningRateSchedule):
    """An own schedule."""

    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return np.float32(self.start) / 2**step


def test_an_optimizer_goes_by_its_schedule():
    x, optimizer = np.array([0.0]), SGD(Halving(1.0))
    rates = []
    for _ in range(3):
        rates.append(optimizer.learning_rate)
        optimizer.apply([np.array([-1.0])], [x])
    assert (rates, float(x[0]), optimizer.learning_rate) == ([1, 0.5, 0.25], 1.75, 0.125)
    made = schedules.deserialize(
        {"class_name": "Halving", "config": {"start": 4.0}}, {"Halving": Halving}
    )
    assert made(1) == 2


def test_a_schedule_cannot_be_replaced_by_a_number_but_by_another_schedule():
    optimizer = SGD(Halving(1.0))
    with pytest.raises(TypeError, match="made with a schedule.*learning_rate=0.5"):
        optimizer.learning_rate = 0.5
    optimizer.learning_rate = Halving(8.0)
    assert optimizer.learning_rate == 8
    plain = SGD(0.5)
    plain.learning_rate = Halving(2.0)
    assert plain.learning_rate == 2


def test_a_function_may_say_the_learning_rate():
    rates = iter([0.5, 0.25])
    x, optimizer = np.array([0.0]), SGD(lambda: next(rates))
    for _ in range(2):
        optimizer.apply([np.array([-1.0])], [x])
    assert x == 0.75


@pytest.mark.parametrize(
    "schedule",
    [schedules.ExponentialDecay(1.0, 1e-9, 10.0), lambda: math.nan, lambda: -1, lambda: None],
)
def test_what_is_no_learning_rate_is_said(schedule):
    optimizer = SGD(schedule)
    optimizer.iterations = 1000
    with pytest.raises(ValueError, match="learning_rate must be a number"):
        optimizer.apply([np.ones(1)], [np.ones(1)])
    with pytest.raises(NotImplementedError, match="LearningRateSchedule has no __call__"):
        schedules.LearningRateSchedule()(0)
