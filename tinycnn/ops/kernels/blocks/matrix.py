"""How a kernel names a matrix, or a row of numbers, that lies somewhere inside a flat array."""

from typing import NamedTuple

import numpy as np
from numba import types

from tinycnn.ops.kernels.codegen.function_pointers import INT64, flat_array


class Matrix(NamedTuple):
    """Rows of numbers inside a flat array. With row_stride 0 one row, such as a bias, stands for all."""

    array: np.ndarray
    offset: int  # of the first number, in elements
    row_stride: int  # likewise


class View(NamedTuple):
    """Numbers inside a flat array, from an offset on."""

    array: np.ndarray
    offset: int  # in elements


def structure_type(structure: type, dtype: np.dtype) -> types.NamedTuple:
    """Return Numba's type of a NamedTuple whose first field is a flat array, all others whole numbers."""
    integers = [INT64] * (len(structure._fields) - 1)
    return types.NamedTuple((flat_array(dtype), *integers), structure)
