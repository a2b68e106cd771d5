"""What can be made again: from plain values, by name, and not from anything else; no option vanishes."""

import inspect
import re

import pytest

from tinycnn import initializers, layers, losses, optimizers
from tinycnn.optimizers.options import DEFAULTS
from tinycnn.utils.configurable import Configurable, find


class Scale(Configurable):
    config_names = ("factor", "inner")

    def __init__(self, factor=2, inner=None):
        self.factor, self.inner = factor, inner


CLASSES, NAMES = {"Scale": Scale}, {"scale": Scale}


def found(identifier):
    return find("a scale", Configurable, CLASSES, NAMES, identifier)


def test_a_configuration_is_plain_and_makes_it_again():
    config = Scale((1, 2), Scale(3)).serialize()
    inner = {"class_name": "Scale", "config": {"factor": 3, "inner": None}}
    assert config == {"class_name": "Scale", "config": {"factor": [1, 2], "inner": inner}}
    again = found(config)
    assert (type(again), again.factor) == (Scale, [1, 2])


def test_names_classes_and_things_that_are_there():
    one = Scale(5)
    assert found(one) is one
    assert found("scale").factor == found("Scale").factor == 2
    assert found({"class_name": "Scale"}).factor == 2


@pytest.mark.parametrize("wrong", ["other", None, 3, Scale, {}, {"class_name": ["Scale"]}])
def test_anything_else_is_refused_with_what_there_is(wrong):
    with pytest.raises(ValueError, match=r"a scale must be one of \['scale'\]\. Received"):
        found(wrong)


EVERY_CLASS = [
    *layers.CLASSES.values(),
    *losses.CLASSES.values(),
    *optimizers.CLASSES.values(),
    *initializers.CLASSES.values(),
]
NEEDED = {"units": 1, "filters": 1, "kernel_size": 1, "rate": 0.5, "activation": "relu"}
NEEDED |= {"target_shape": (1,), "scale": 1.0}


def own_options(cls):
    """Return the options that a class has a name for, those that are only there at Keras's default, too."""
    named = {
        name for name, p in inspect.signature(cls).parameters.items() if p.kind != p.VAR_KEYWORD
    }
    inherited = {"name", "dtype", "input_shape"} if issubclass(cls, layers.Layer) else set()
    inherited |= set(DEFAULTS) if issubclass(cls, optimizers.Optimizer) else set()
    inherited |= {"alpha"} if cls is layers.LeakyReLU else set()  # the older name of its slope
    return named | set(cls.fixed_options) | inherited


ALL = set.union(*map(own_options, EVERY_CLASS))


@pytest.mark.parametrize("cls", EVERY_CLASS, ids=lambda cls: cls.__name__)
def test_an_option_of_another_class_is_refused_by_name(cls):
    parameters = inspect.signature(cls).parameters.values()
    needed = {
        p.name: NEEDED[p.name]
        for p in parameters
        if p.default is p.empty and p.kind != p.VAR_KEYWORD
    }
    needed |= {"shape": (1,)} if cls is layers.InputLayer else {}
    cls(**needed)
    others = sorted({*ALL, "no_such_option"} - own_options(cls))
    assert len(others) > 20
    for option in others:
        for value in (None, False, 0.1):  # what would change nothing is not its option either
            with pytest.raises(TypeError, match=rf"\b{re.escape(option)}\b"):
                cls(**needed, **{option: value})
