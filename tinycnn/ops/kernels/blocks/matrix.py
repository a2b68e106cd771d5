"""`Matrix` and `View`: a matrix, or a run of numbers, inside a flat array, as arguments of compiled code."""

from typing import NamedTuple

import numpy as np
from numba import types

from tinycnn.ops.kernels.codegen.function_pointers import INT64, flat_array


class Matrix(NamedTuple):
    """A matrix inside a flat array: element (i, j) is array[offset + i · row_stride + j].

    Its numbers of rows and columns are passed beside it. With row_stride 0 all rows are the same: a bias.
    """

    array: np.ndarray  # flat
    offset: int
    row_stride: int


class View(NamedTuple):
    """Numbers inside a flat array: number i is array[offset + i]."""

    array: np.ndarray  # flat
    offset: int


def structure_type(structure: type, dtype: np.dtype) -> types.NamedTuple:
    """Return the Numba type of a NamedTuple class whose fields are a flat array of `dtype`, then integers."""
    integers = [INT64] * (len(structure._fields) - 1)
    return types.NamedTuple((flat_array(dtype), *integers), structure)
