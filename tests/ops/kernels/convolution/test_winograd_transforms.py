"""Winograd's transforms are the matrices that their docstrings show; here numbers stand for vectors."""

import re

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba only the definitions run", allow_module_level=True)

from tinycnn.ops.kernels.convolution import winograd_transforms as transforms
from tinycnn.ops.kernels.convolution.winograd import filter_matrix


class Arithmetic:
    """What the transforms ask of the builder, done at once with numbers."""

    add = staticmethod(lambda a, b: a + b)
    subtract = staticmethod(lambda a, b: a - b)
    scale = staticmethod(lambda factor, a: factor * a)
    add_scaled = staticmethod(lambda factor, a, b: factor * a + b)


def shown(transform):
    """Return the matrix in a docstring: the first six whole numbers of every line that has as many."""
    lines = [re.findall(r"(?<!\S)-?\d(?!\S)", line) for line in transform.__doc__.splitlines()]
    return np.array([line[:6] for line in lines if len(line) >= 6], int)


def matrix(transform):
    """Return the matrix by which a transform multiplies, found out by unit vectors."""
    inputs, _ = transforms.SIDES[transform]
    columns = [transform(Arithmetic, list(unit)) for unit in np.eye(inputs, dtype=int)]
    return np.array(columns).T


@pytest.mark.parametrize("name", ["input_transform", "inverse_transform"])
def test_a_transform_is_the_matrix_that_it_shows(name):
    transform = getattr(transforms, name)
    np.testing.assert_array_equal(matrix(transform), shown(transform))


def test_the_transform_of_gradients_is_the_inverse_transform_transposed():
    np.testing.assert_array_equal(
        matrix(transforms.gradient_transform), matrix(transforms.inverse_transform).T
    )


def test_the_transform_of_sums_is_that_of_a_kernel_transposed():
    values = filter_matrix(np.dtype(np.float64))
    np.testing.assert_allclose(matrix(transforms.weights_transform), values.T, rtol=1e-15)


def test_a_square_is_transformed_along_both_sides():
    square = np.random.default_rng(0).integers(-9, 10, (6, 6))
    rows = transforms.transform_2d(Arithmetic, transforms.input_transform, square.tolist())
    b_t = matrix(transforms.input_transform)
    np.testing.assert_array_equal(rows, b_t @ square @ b_t.T)
