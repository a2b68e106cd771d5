"""Which tiles the product is cut into: so that tests can say that they met every one."""

import numpy as np
import pytest

from tinycnn.ops.kernels.blocks.gemm import CASES, gemm
from tinycnn.ops.kernels.blocks.matrix import Matrix

USED_TILES = set(CASES)


def tiles_of(rows, columns, itemsize):
    """Return which of CASES a GEMM is cut into."""
    actual = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            gemm.py_func.__globals__, "gemm_tile", lambda tile, *options, **named: actual.add(tile)
        )
        c = Matrix(np.empty(0, f"f{itemsize}"), 0, 0)
        gemm.py_func(c, c, None, None, rows, columns)
    return actual
