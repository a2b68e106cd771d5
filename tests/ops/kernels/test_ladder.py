"""Every rung from the definition to the fast kernel computes the definition."""

import sys

import numpy as np
import pytest

from tests.support import patience
from tests.support.marks import needs_kernels
from tinycnn.ops import reference

pytestmark = needs_kernels
SHAPES = [  # n, h, w, c, f
    (1, 3, 3, 1, 1),
    (2, 8, 9, 17, 5),
    (3, 7, 12, 8, 33),
    (1, 14, 6, 3, 64),
]


def rungs():
    from tinycnn.ops.kernels.ladder import RUNGS

    return RUNGS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_rung_is_the_definition(shape, dtype):
    n, h, w, c, f = shape
    rng = np.random.default_rng(0)
    x = rng.integers(-4, 5, (n, h, w, c)).astype(dtype)
    kernel = rng.integers(-4, 5, (3, 3, c, f)).astype(dtype)
    bias = np.zeros(f, dtype)
    expected = reference.conv2d_forward(x, kernel, bias, (1, 1), ((0, 0), (0, 0)))
    for rung in rungs():
        y = rung(x, kernel)
        assert (y.dtype, y.shape) == (expected.dtype, expected.shape)
        if "winograd" in rung.__name__ or rung.__name__ == "all_threads":
            scale = np.abs(expected).max()
            np.testing.assert_allclose(
                y / scale, expected / scale, atol=1e-5, err_msg=rung.__name__
            )
        else:
            np.testing.assert_array_equal(y, expected, err_msg=rung.__name__)


def test_the_three_matrices_are_those_of_the_kernel():
    """The emitted transforms and the matrices that stand here do the same to the unit vectors."""
    from tinycnn.ops.kernels import ladder
    from tinycnn.ops.kernels.convolution import winograd_transforms

    class Numbers:
        """Does at once what `VectorBuilder` would emit."""

        add = staticmethod(lambda a, b: a + b)
        subtract = staticmethod(lambda a, b: a - b)
        add_scaled = staticmethod(lambda factor, a, b: factor * a + b)

    for transform, matrix in (
        (winograd_transforms.input_transform, ladder.B_T),
        (winograd_transforms.inverse_transform, ladder.A_T),
        (winograd_transforms.gradient_transform, ladder.A_T.T),
    ):
        columns = [transform(Numbers, list(unit)) for unit in np.eye(matrix.shape[1])]
        np.testing.assert_array_equal(np.array(columns).T, matrix)


def test_the_command_prints_each_rung():
    done = patience.run(
        [
            sys.executable,
            "-m",
            "benchmarks.ladder",
            "--samples",
            "1",
            "--channels",
            "2",
            "--filters",
            "3",
        ]
    )
    assert done.returncode == 0, done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines() if line[:1].isalpha()]
    assert {rung.__name__ for rung in rungs()} | {"dense", "listed"} <= set(names)
