"""The state of an optimizer: found by names, each array by itself."""

import numpy as np

from tests.support import hostile_files
from tinycnn import saving
from tinycnn.models.files import weight_specs


def test_two_names_of_one_array_are_two_arrays(tmp_path):
    path = tmp_path / "x.h5"

    def share(file):
        group = file["optimizer_weights/adadelta"]
        del group["sequential_dense_bias_accumulated_grad"]
        other = group["sequential_dense_bias_accumulated_delta_var"]
        group["sequential_dense_bias_accumulated_grad"] = other

    hostile_files.opened(share)(path)
    slots = saving.read_model(path, weight_specs).optimizer_state["slots"]
    one, other = slots["accumulated_grad"][3], slots["accumulated_delta_var"][3]
    np.testing.assert_array_equal(one, other)
    assert not np.shares_memory(one, other)
