"""Losses as metrics: the same numbers as the losses have."""

import numpy as np
import pytest

from tinycnn import losses, metrics
from tinycnn.metrics import errors

RNG = np.random.default_rng(0)
Y_PRED = RNG.dirichlet(np.ones(3), 5)
CLASSES = RNG.integers(3, size=5)


@pytest.mark.parametrize("name", losses.CLASSES)
def test_it_is_the_mean_of_the_loss(name):
    labels = CLASSES if "Sparse" in name else np.eye(3)[CLASSES]
    metric, loss = getattr(errors, name)(), getattr(losses, name)()
    assert metric.name == loss.name
    assert metric(labels, Y_PRED) == pytest.approx(loss(labels, Y_PRED), rel=1e-12)
    assert type(metrics.get(loss)) is type(metric)


def test_its_options_are_those_of_the_loss():
    labels, options = np.eye(3)[CLASSES], {"from_logits": True, "label_smoothing": 0.2}
    for name in ("BinaryCrossentropy", "CategoricalCrossentropy"):
        metric, loss = getattr(errors, name)(**options), getattr(losses, name)(**options)
        assert metric(labels, Y_PRED) == pytest.approx(loss(labels, Y_PRED), rel=1e-12)
        assert metrics.get(loss).get_config() == metric.get_config()
