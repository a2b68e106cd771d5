"""Adam and AdamW: steps by hand."""

import numpy as np

from tinycnn.optimizers import Adam, AdamW


def test_the_first_step_is_the_learning_rate_long_whatever_the_gradient():
    for grad in (1e-3, 5.0, -1e4):
        x = np.array([0.0])
        Adam(0.25).apply([np.array([grad])], [x])
        np.testing.assert_allclose(x, [-0.25 * np.sign(grad)], rtol=1e-2)


def test_amsgrad_remembers_the_largest_mean_square():
    x, optimizer = np.array([0.0]), Adam(1.0, beta_1=0.0, beta_2=0.5, epsilon=1e-30, amsgrad=True)
    for grad in (4.0, 1.0):
        optimizer.apply([np.array([grad])], [x])
    second = np.sqrt(1 - 0.5**2) * 1.0 / np.sqrt(8.0)  # the mean square was 8, and is 4.5 now
    np.testing.assert_allclose(x, [-1.0 - second])
    np.testing.assert_array_equal(optimizer.slots["velocity_hat"], [[8.0]])
    assert list(Adam().slot_names) == ["momentum", "velocity"]


def test_the_second_argument_of_adamw_is_the_decay():
    config = AdamW(0.5, 0.25, 0.75).get_config()
    assert (config["weight_decay"], config["beta_1"], config["name"]) == (0.25, 0.75, "AdamW")
