"""The table that chooses an algorithm: every shape finds one, for a reason, and it is one that exists."""

import functools
import sys

import numpy as np
import pytest

from benchmarks.algorithms import compare
from tests.support import patience
from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba only the definitions run", allow_module_level=True)

from tinycnn.ops.kernels.convolution import conv2d, direct
from tinycnn.ops.kernels.convolution.algorithms import TABLE, Problem, select

NONE = ((0, 0), (0, 0))
SECOND = Problem((26, 26), (3, 3, 32, 64), (1, 1), NONE, (2, 2))
FIRST = Problem((28, 28), (3, 3, 1, 32), (1, 1), NONE, (2, 2))
LENET = Problem((28, 28), (5, 5, 1, 6), (1, 1), NONE, (2, 2))


@pytest.mark.parametrize("operation", TABLE)
def test_the_last_choice_fits_every_shape(operation):
    for choice in TABLE[operation]:
        assert len(choice.reason) > 20
    assert TABLE[operation][-1].fits(Problem((1, 1), (1, 1, 1, 1), (9, 9), NONE))


def test_every_algorithm_of_the_table_is_there():
    entries = {
        "forward": conv2d.FORWARD,
        "backward_input": conv2d.BACKWARD_INPUT,
        "backward_kernel": conv2d.BACKWARD_KERNEL,
    }
    for operation, functions in entries.items():
        assert [choice.algorithm for choice in TABLE[operation]] == list(functions)


@pytest.mark.parametrize(
    ("operation", "problem", "algorithm"),
    [
        ("forward", SECOND, "winograd"),
        ("forward", FIRST, "direct"),
        ("forward", SECOND._replace(strides=(2, 1)), "direct"),
        ("forward", SECOND._replace(kernel_shape=(3, 3, 7, 64)), "direct"),
        ("max_pool_forward", SECOND, "winograd"),
        ("max_pool_forward", SECOND._replace(pool=(3, 3)), "direct"),
        ("average_pool_forward", LENET, "single_channel"),
        ("average_pool_forward", LENET._replace(kernel_shape=(5, 5, 1, 9)), "direct"),
        ("average_pool_backward", LENET, "direct"),
        ("average_pool_backward", LENET._replace(input_gradient=False), "single_channel"),
        ("backward_input", FIRST, "few_channels"),
        ("backward_input", FIRST._replace(padding=((0, 0), (3, 0))), "direct"),
        ("backward_input", SECOND, "winograd"),
        ("backward_input", SECOND._replace(padding=((3, 0), (0, 0))), "direct"),
        ("backward_kernel", SECOND, "winograd"),
        ("max_pool_backward", SECOND, "sparse"),
    ],
)
def test_which_is_chosen(operation, problem, algorithm):
    assert select(operation, problem) == algorithm


def test_the_command_shows_what_each_choice_is_worth():
    command = [sys.executable, "-m", "benchmarks.algorithms", "--samples", "1", "--rounds", "1"]
    done = patience.run(command)
    assert done.returncode == 0, done.stderr
    rows = {tuple(line.split()[:2]) for line in done.stdout.splitlines() if line.startswith("  ")}
    shown = {operation for operation, _ in rows}
    assert shown == {operation for operation, choices in TABLE.items() if len(choices) > 1}


def test_a_wrong_result_is_not_timed(monkeypatch):
    monkeypatch.setitem(conv2d.FORWARD, "winograd", lambda *a: 1.01 * direct.forward(*a))
    x, kernel = np.ones((2, 26, 26, 32), np.float32), np.ones((3, 3, 32, 64), np.float32)
    call = functools.partial(ops.conv2d_forward, x, kernel, np.zeros(64, np.float32), (1, 1), NONE)
    with pytest.raises(ValueError, match="forward by winograd is wrong"):
        compare("forward", call, SECOND, 1)
