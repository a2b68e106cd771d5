"""Penalties: values by hand, gradients, and what Keras's names stand for."""

import numpy as np
import pytest

from tinycnn import regularizers
from tinycnn.regularizers import L1, L1L2, L2, Regularizer

WEIGHTS = np.array([[1.0, -2.0], [0.0, 0.5]])


def test_values_and_gradients_by_hand():
    assert L1(0.1)(WEIGHTS) == pytest.approx(0.35)
    assert L2(0.1)(WEIGHTS) == pytest.approx(0.525)
    assert L1L2(0.1, 0.1)(WEIGHTS) == pytest.approx(0.875)
    np.testing.assert_allclose(L1(0.1).gradient(WEIGHTS), [[0.1, -0.1], [0, 0.1]])
    np.testing.assert_allclose(L2(0.1).gradient(WEIGHTS), [[0.2, -0.4], [0, 0.1]])
    np.testing.assert_allclose(L1L2(0.1, 0.1).gradient(WEIGHTS), [[0.3, -0.5], [0, 0.2]])
    assert L2(0.1).gradient(np.float32(WEIGHTS)).dtype == np.float32


def test_names_classes_and_configurations():
    assert regularizers.get(None) is None
    for given, config in (
        ("l1", {"l1": 0.01}),
        ("l2", {"l2": 0.01}),
        ("L1L2", {"l1": 0.0, "l2": 0.0}),
        (L2, {"l2": 0.01}),
        (regularizers.l2(0.5), {"l2": 0.5}),
        (regularizers.l1_l2(l2=0.5), {"l1": 0.0, "l2": 0.5}),
        (L1(None), {"l1": 0.01}),
    ):
        made = regularizers.get(given)
        assert made.get_config() == config
        again = regularizers.deserialize(regularizers.serialize(made))
        assert (type(again), again.get_config()) == (type(made), config)


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf, "0.1", True, 1e31])
def test_a_strength_is_a_number_from_0(bad):
    with pytest.raises(ValueError, match="l2 must be"):
        L2(bad)


def test_what_is_not_there():
    with pytest.raises(ValueError, match="regularizer must be one of"):
        regularizers.get("orthogonal")
    with pytest.raises(TypeError, match="no gradient: make a subclass"):
        regularizers.get(lambda weights: 0.0)
    for call in (Regularizer(), Regularizer().gradient):
        with pytest.raises(TypeError):
            call(WEIGHTS)
