"""Marks that several test files share."""

import pytest

from tinycnn import ops
from tinycnn.ops import reference

needs_kernels = pytest.mark.skipif(
    ops.implementation() is reference,
    reason="the definitions add with NumPy, which promises neither the same bits nor the same warnings",
)
