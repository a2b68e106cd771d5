"""What layers, losses, optimizers and initializers are made from: an option of another's never vanishes."""

import inspect
import re

import pytest

from tinycnn import initializers, layers, losses, optimizers

CLASSES = [
    *layers.CLASSES.values(),
    *losses.CLASSES.values(),
    *optimizers.CLASSES.values(),
    *initializers.CLASSES.values(),
]
NEEDED = {"units": 1, "filters": 1, "kernel_size": 1, "rate": 0.5, "activation": "relu"}


def own_options(cls):
    """Return the options that a class has a name for, those that are only there at Keras's default, too."""
    named = {
        name for name, p in inspect.signature(cls).parameters.items() if p.kind != p.VAR_KEYWORD
    }
    inherited = {"name", "dtype", "input_shape"} if issubclass(cls, layers.Layer) else set()
    return named | set(cls.fixed_options) | inherited


ALL = set.union(*map(own_options, CLASSES))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
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
