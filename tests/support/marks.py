"""Marks that several test files share."""

import os
from collections.abc import Iterable

import pytest

from tinycnn import ops
from tinycnn.ops import reference

needs_kernels = pytest.mark.skipif(
    ops.implementation() is reference,
    reason="the definitions add with NumPy, which promises neither the same bits nor the same warnings",
)
posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files or signals")
forks_only = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
compiled_only = pytest.mark.skipif(
    ops.implementation() is reference, reason="without Numba there is nothing compiled"
)


def first_is_quick(values: Iterable) -> list:
    """Return parameters of a test that starts a program for each; all but the first are slow."""
    first, *others = values
    return [
        first,
        *(
            pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.slow)
            for value in others
        ),
    ]
