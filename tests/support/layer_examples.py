"""The examples that every layer's class brings along: whoever adds a layer adds its checks."""

import pytest

from tinycnn.layers import CLASSES

EXAMPLES = [
    pytest.param(cls, arguments, shape, id=f"{cls.__name__}-{number}")
    for cls in CLASSES.values()
    for number, (arguments, shape) in enumerate(cls.examples)
]
every_example = pytest.mark.parametrize(("cls", "arguments", "shape"), EXAMPLES)


def in_a_model(peer, cls, arguments, shape):
    """Return a model of tinycnn or Keras: one layer, and one behind it so that an input layer has any."""
    made = [getattr(peer.layers, cls.__name__)(**arguments), peer.layers.Flatten()]
    return peer.Sequential(
        made if cls.__name__ == "InputLayer" else [peer.layers.Input(shape), *made]
    )
