"""A number hangs on its receptive field and on nothing else."""

import numpy as np
import pytest

from tinycnn import layers, utils
from tinycnn.models.receptive_field import receptive_field
from tinycnn.models.sequential import Sequential

NETS = {
    "valid": lambda: [layers.Conv2D(2, 3), layers.MaxPooling2D(), layers.Conv2D(3, (2, 3))],
    "same": lambda: [
        layers.Conv2D(2, 3, padding="same", strides=2),
        layers.Activation("tanh"),
        layers.AveragePooling2D((3, 2), strides=1, padding="same"),
        layers.Dropout(0.3),
        layers.Conv2D(2, 2, padding="same"),
    ],
    "flat": lambda: [layers.Conv2D(2, 3, strides=3), layers.Flatten(), layers.Dense(4)],
}


def changed_by(model, x, index, position):
    """Return (h, w): whether the number at a position follows when this pixel alone is another."""
    before = model.activations(x)[index][(0, *position)]
    changes = np.zeros(x.shape[1:3], bool)
    for row, column in np.ndindex(changes.shape):
        for value in (-9.0, 9.0):  # of the two one at least changes a maximum
            other = x.copy()
            other[0, row, column] = value
            changes[row, column] |= model.activations(other)[index][(0, *position)] != before
    return changes


@pytest.mark.parametrize("name", NETS)
def test_what_a_number_hangs_on_is_its_receptive_field(name):
    utils.set_random_seed(3)
    model = Sequential([layers.Input((9, 8, 1)), *NETS[name]()])
    x = np.random.default_rng(1).normal(size=(1, 9, 8, 1)).astype(np.float32)
    for index, layer in enumerate(model.layers):
        shape = layer.output_shape[1:]
        for position in {
            (0,) * len(shape),
            tuple(size - 1 for size in shape),
            tuple(size // 2 for size in shape),
        }:
            frame = receptive_field(model, index, position)
            changes = changed_by(model, x, index, position)
            inside = np.zeros_like(changes)
            inside[frame] = True
            assert not (changes & ~inside).any(), (index, position)
            rows, columns = np.nonzero(changes)
            assert frame == (
                slice(rows.min(), rows.max() + 1),
                slice(columns.min(), columns.max() + 1),
            )


def test_a_number_that_is_not_there_and_a_net_without_pictures_are_refused():
    model = Sequential([layers.Input((9, 8, 1)), *NETS["valid"]()])
    with pytest.raises(ValueError, match="must lie in the shape"):
        receptive_field(model, 0, (7, 0, 0))
    with pytest.raises(ValueError, match="only pictures"):
        receptive_field(Sequential([layers.Input((4,)), layers.Dense(2)]), 0, (1,))
