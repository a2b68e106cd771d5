"""The project's nets: what goes in and comes out, and how large they are."""

import numpy as np
import pytest

from tinycnn import pretrained
from tinycnn.pretrained import nets

SIZES = {"classic_net": 2_380_938, "lenet5": 61_706, "compact_net": 192_714}


@pytest.mark.parametrize("name", SIZES)
def test_it_makes_ten_probabilities_of_a_picture(name):
    model = getattr(nets, name)()
    assert model.count_params() == SIZES[name]
    assert (model.input_shape, model.output_shape) == ((None, 28, 28, 1), (None, 10))
    y = model.predict(np.random.default_rng(0).random((2, 28, 28, 1)), verbose=0)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)


def test_the_bundled_model_is_the_compact_net():
    layers = [layer.serialize() for layer in pretrained.load().layers]
    made = [layer.serialize() for layer in nets.compact_net().layers]
    assert [layer["class_name"] for layer in layers] == [layer["class_name"] for layer in made]
    shapes = [weight.shape for weight in nets.compact_net().get_weights()]
    assert [weight.shape for weight in pretrained.load().get_weights()] == shapes
