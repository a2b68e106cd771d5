"""Names in small letters, as Keras makes them."""

import pytest

from tinycnn.utils.naming import snake_case


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Conv2D", "conv2d"),
        ("SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy"),
        ("mean_squared_error", "mean_squared_error"),
        ("<lambda>", "lambda"),
        ("L1L2", "l1l2"),
    ],
)
def test_snake_case(name, wanted):
    assert snake_case(name) == wanted
