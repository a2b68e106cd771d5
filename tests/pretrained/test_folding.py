"""Folded weights: the net without batch normalization says the same."""

import numpy as np

from tinycnn import utils
from tinycnn.pretrained.folding import folded_weights
from tinycnn.pretrained.nets import compact_net, compact_net_to_train


def test_the_folded_net_gives_the_same_answers():
    utils.set_random_seed(0)
    learner, rng = compact_net_to_train(), np.random.default_rng(0)
    learner.set_weights(  # as a training would leave them: gamma and variance above 0
        [abs(rng.normal(0.2, 0.3, weight.shape)) for weight in learner.get_weights()]
    )
    before = [weight.copy() for weight in learner.get_weights()]
    net = compact_net()
    net.set_weights(folded_weights(learner))
    x = rng.random((9, 28, 28, 1), np.float32)
    for one, other in zip(learner.layers[-2:], net.layers[-2:], strict=True):
        assert type(one) is type(other)
    hidden = [model.activations(x)[-3] for model in (learner, net)]
    np.testing.assert_allclose(*hidden, rtol=1e-4, atol=1e-5)
    assert all(map(np.array_equal, before, learner.get_weights()))
