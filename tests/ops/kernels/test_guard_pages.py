"""Emitted code, which no check of Numba's sees into, touches nothing beside its arrays: on random shapes."""

import pathlib
import sys

import pytest

from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba only the definitions run", allow_module_level=True)

from tests.support import guard_pages, patience, random_shapes
from tests.support.intrinsics import entry_points

SHAPES = 200
posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="guard pages are made with mprotect"
)


def run(argument):
    command = [sys.executable, "-m", "tests.support.random_shapes", argument]
    return patience.run(command, cwd=pathlib.Path(__file__).parents[3])


def test_every_function_that_enters_emitted_code_is_tried():
    assert {function.__name__ for function in entry_points()} == set(random_shapes.CASES)


@pytest.mark.parametrize("name", random_shapes.CASES)
def test_nothing_beside_the_arrays_is_written(name):
    random_shapes.run_entry_points(name, guard_pages.canary, SHAPES)


@pytest.mark.slow
@pytest.mark.parametrize("name", random_shapes.PUBLIC)
@pytest.mark.parametrize("around", [random_shapes.fenced_spans, random_shapes.fenced_entry_points])
def test_nor_beside_those_that_a_kernel_makes(name, around):
    random_shapes.run_public(name, around, guard_pages.canary, 30)


@pytest.mark.parametrize("case", random_shapes.WRITTEN)
def test_a_number_written_beside_an_array_is_noticed(case):
    name, *place = case
    with pytest.raises(AssertionError, match="wrote beside an array"):
        random_shapes.overrun(name, place, guard_pages.canary)


@pytest.mark.slow
@posix_only
def test_nothing_beside_the_arrays_is_read():
    actual = run(str(SHAPES))
    assert actual.stdout.endswith("all whole\n"), actual.stdout[-300:] + actual.stderr[:2000]


@pytest.mark.slow
@posix_only
def test_a_number_read_beside_an_array_ends_the_process():
    assert run("overruns").stdout == "survived: []\n"
