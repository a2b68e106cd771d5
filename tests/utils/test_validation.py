"""Validation of what users pass: in one form, or an error that has name and value."""

import numpy as np
import pytest

from tinycnn.utils import validation


def test_whole_numbers_in_a_range_become_int():
    for value in (3, np.int8(3), np.array(3), np.uint64(3)):
        assert type(validation.check_int("n", value)) is int
    assert validation.check_int("n", 0, 0) == 0
    for wrong in (0, -1, 2**31, 1.0, True, np.bool_(True), "3", None, [3], np.array([3])):
        with pytest.raises(ValueError, match=r"n must be a whole number from 1 to .*Received: n="):
            validation.check_int("n", wrong)


def test_numbers_in_a_range_become_float():
    for value in (1, 1.0, np.float16(1), np.array(1.0), np.longdouble(1)):
        assert type(validation.check_number("v", value, 0, 1)) is float
    for wrong in (1.5, -0.5, np.nan, True, "1", None, 1j, [1.0]):
        with pytest.raises(ValueError, match=r"v must be a number in 0 to 1\. Received: v="):
            validation.check_number("v", wrong, 0, 1)
    with pytest.raises(ValueError, match="v must be a finite number"):
        validation.check_number("v", np.inf)
    with pytest.raises(ValueError, match="Received"):
        validation.check_number("v", np.float16(0.1), 0.1)  # it is less than that number


def test_truth_pairs_and_names():
    assert validation.check_bool("b", np.bool_(False)) is False
    assert validation.check_pair("p", 2) == validation.check_pair("p", np.array([2, 2])) == (2, 2)
    assert validation.check_name("name", "größe") == "größe"
    for check, wrong in (
        (validation.check_bool, (0, None, "True")),
        (validation.check_pair, ((1,), (1, 2, 3), 0, (0, 1), "ab", None)),
        (validation.check_name, ("", "a/b", "..", "a\n", "x" * 201, 3)),
    ):
        for value in wrong:
            with pytest.raises(ValueError, match="it"):
                check("it", value)


def test_options_of_keras_are_there_at_one_value():
    supported = {"data_format": "channels_last", "dilation_rate": 1, "mask": None}
    good = {"data_format": None, "dilation_rate": [1, 1], "mask": None}
    validation.check_supported("Conv2D", good, supported)
    with pytest.raises(TypeError, match=r"Conv2D has no option 'color'\. Received: color=3"):
        validation.check_supported("Conv2D", {"color": 3}, supported)
    for wrong in (2, (1, 2), [np.ones(2)]):
        with pytest.raises(ValueError, match="dilation_rate is only there with the value 1"):
            validation.check_supported("Conv2D", {"dilation_rate": wrong}, supported)
    with pytest.raises(ValueError, match=r"mask=array\(\.\.\.\) of shape \(3,\)"):
        validation.check_supported("Conv2D", {"mask": np.ones(3)}, supported)


def test_arrays_of_numbers():
    assert validation.plain_array("x", [[1, 2]]).shape == (1, 2)
    for wrong in (["a"], [1j], [None]):
        with pytest.raises(ValueError, match=r"x must be numbers\. Received: list of"):
            validation.plain_array("x", wrong)
    masked = np.ma.masked_array([1, 2], [False, True])
    for hidden in (masked, [[masked]]):
        with pytest.raises(ValueError, match="x must not have masked values"):
            validation.as_array("x", hidden)


def test_what_no_machine_can_hold_is_refused_before_it_is_made():
    most = validation.MOST_PARAMETERS
    validation.affordable("dense", {"kernel": (most - 3, 1), "bias": (3,)}, "float32")
    with pytest.raises(ValueError, match=f"Layer dense would have {most + 1:,} weights"):
        validation.affordable("dense", {"kernel": (most, 1), "bias": (1,)}, "float64")
