"""Arrays and sizes for compiled code: handed on where they are right, copied or refused elsewhere."""

import numpy as np
import pytest

from tinycnn.utils.arrays import check_array, check_in_place, check_ints, check_shape

GOOD = np.arange(6.0).reshape(2, 3)


def test_what_is_right_is_not_copied_and_the_rest_is():
    assert check_array("x", GOOD, (2, 3)) is GOOD
    assert check_array("x", GOOD, (None, 3), np.float64) is GOOD
    assert check_array("x", GOOD.T, None, any_order=True) is not GOOD
    assert check_array("x", GOOD.T, None, any_order=True).flags.f_contiguous
    frozen = GOOD.copy()
    frozen.flags.writeable = False
    for other in (GOOD.T, GOOD[:, ::2], frozen):
        checked = check_array("x", other, None)
        assert checked.flags.carray
        assert not np.shares_memory(checked, other)
        np.testing.assert_array_equal(checked, other)


@pytest.mark.parametrize(
    ("array", "shape", "dtype", "words"),
    [
        ([[1.0]], None, None, "x must be a NumPy array. Received: list"),
        (np.ma.masked_array(GOOD), None, None, "NumPy array. Received: MaskedArray"),
        (GOOD.astype(int), None, None, "array of float32 or float64. Received: int64"),
        (GOOD, None, np.dtype("f4"), "array of float32. Received: float64"),
        (GOOD.astype(">f8"), None, None, "Received: >f8"),
        (GOOD, (2,), None, r"the shape \(2,\). Received: \(2, 3\)"),
        (GOOD, (None, 4), None, r"the shape \(None, 4\)"),
    ],
)
def test_what_is_wrong_is_named(array, shape, dtype, words):
    with pytest.raises(ValueError, match=words):
        check_array("x", array, shape, dtype)


def test_what_is_changed_in_place_must_be_one_block():
    assert check_in_place("param", GOOD, (2, 3)) is GOOD
    with pytest.raises(ValueError, match=r"param must be C-contiguous.*Received: strides"):
        check_in_place("param", GOOD.T)


def test_sizes():
    assert check_ints("padding", np.ones((2, 2), np.int8), (2, 2)) == ((1, 1), (1, 1))
    assert type(check_ints("strides", [np.int8(2), 1], (2,))[0]) is int
    for wrong in ((1.0, 1), (1,), "ab", ((1, 2), (3,)), (True, True), None):
        with pytest.raises(ValueError, match=r"strides must be two whole numbers\. Received"):
            check_ints("strides", wrong, (2,))
    assert check_shape("x_shape", [1, 2, 0, 4]) == (1, 2, 0, 4)
    with pytest.raises(ValueError, match="x_shape must not be negative"):
        check_shape("x_shape", (1, 2, -3, 4))
