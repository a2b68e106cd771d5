"""Every layer in a model file: its examples come back, and compute the same."""

import numpy as np

import tinycnn
from tests.support.layer_examples import every_example, in_a_model


@every_example
def test_the_examples_of_every_layer_come_back(cls, arguments, shape, tmp_path):
    model = in_a_model(tinycnn, cls, arguments, shape)
    model.save(tmp_path / "a.h5")
    again = tinycnn.load_model(tmp_path / "a.h5")
    assert again.get_config() == model.get_config()
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    lines = []
    again.summary(print_fn=lines.append)
    assert again.layers[0].name in "".join(lines)
