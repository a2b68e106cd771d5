"""What can be made again: from plain values, by name, and not from anything else."""

import pytest

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
