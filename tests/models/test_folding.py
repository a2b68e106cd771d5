"""A batch normalization that is folded predicts as the layers by themselves do."""

import numpy as np
import pytest

from tinycnn import utils
from tinycnn.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
    ReLU,
)
from tinycnn.models import Sequential
from tinycnn.models.folding import Folded, folded

NETS = {
    "convolution, ReLU, pooling": [
        *(Conv2D(8, 3, use_bias=False), BatchNormalization(), ReLU(), MaxPooling2D()),
        *(
            Dropout(0.3),
            Flatten(),
            Dense(5),
            BatchNormalization(scale=False),
            Activation("softmax"),
        ),
    ],
    "tanh and means": [
        *(Conv2D(4, 3), BatchNormalization(center=False), Activation("tanh"), AveragePooling2D()),
        *(Flatten(), Dense(3, activation="softmax")),
    ],
    "dropout between": [Flatten(), Dense(6), Dropout(0.5), BatchNormalization()],
    "twice": [Flatten(), Dense(6), BatchNormalization(), BatchNormalization()],
}
FOLDED = {"convolution, ReLU, pooling": 2, "tanh and means": 1, "dropout between": 1, "twice": 1}


def trained(name, dtype):
    """Return a net whose running means are no longer those of the beginning."""
    utils.set_random_seed(3)
    fresh = [type(layer)(**{**layer.get_config(), "dtype": dtype}) for layer in NETS[name]]
    model = Sequential([Input((10, 9, 2), dtype=dtype), *fresh])
    rng = np.random.default_rng(0)
    weights = [np.abs(w + 0.3 * rng.standard_normal(w.shape)) for w in model.get_weights()]
    model.set_weights(weights)
    return model, rng.standard_normal((5, 10, 9, 2)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETS)
def test_it_predicts_what_the_layers_do(name, dtype):
    model, x = trained(name, dtype)
    layers = folded([layer for layer in model.layers if not isinstance(layer, Dropout)])
    assert sum(isinstance(layer, Folded) for layer in layers) == FOLDED[name]
    expected = model.activations(x)[-1]
    scale = np.abs(expected).max()
    bound = {"float32": 1e-5, "float64": 1e-12}[dtype]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=0, atol=bound * scale)


def test_a_change_of_any_weight_is_seen():
    model, x = trained("convolution, ReLU, pooling", "float32")
    before = model.predict(x, verbose=0)
    for param in model.weights:
        kept = param.copy()
        param *= 1.5
        assert not np.array_equal(model.predict(x, verbose=0), before)
        param[...] = kept
    np.testing.assert_array_equal(model.predict(x, verbose=0), before)


def test_nothing_is_folded_behind_an_activation_or_into_a_class_of_ones_own():
    class Own(Dense):
        pass

    layers = [Input((4,)), Dense(3, activation="relu"), BatchNormalization(), Own(3)]
    model = Sequential([*layers, BatchNormalization()])
    assert folded(model.layers) == model.layers
    assert sum(isinstance(layer, Folded) for layer in folded(model.layers)) == 0
