"""Names of classes as Keras makes layers' names of them."""

import pytest

from tinycnn.utils.names import snake_case


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("ZeroPadding2D", "zero_padding2d"),
        ("ELU", "elu"),
        ("LeakyReLU", "leaky_re_lu"),
        ("My_Dense", "my__dense"),
    ],
)
def test_names_are_those_of_keras(name, wanted):
    """The wanted ones were made by Keras 3.15.1."""
    assert snake_case(name) == wanted
