"""Arrays that begin where a cache line does, however large they are."""

import pytest

from tests.support.exact import DTYPES
from tinycnn.ops.kernels.blocks.memory import LINE, aligned_empty


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (1,), (7, 5), (2, 3, 5, 17)])
def test_it_begins_with_a_line_and_is_an_array_as_any_other(shape, dtype):
    kept = [aligned_empty(shape, dtype) for _ in range(9)]  # at once, so each lies elsewhere
    for value, array in enumerate(kept):
        assert array.size == 0 or array.ctypes.data % LINE == 0
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.flags.carray
        array[...] = value
    for value, array in enumerate(kept):
        assert (array == value).all()
