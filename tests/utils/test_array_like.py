"""`ArrayLike` is for type checkers; tests/test_typing.py shows what they make of it."""

from typing import get_args

from tinycnn.utils.array_like import ArrayLike, SupportsArray


def test_it_names_what_functions_take():
    assert SupportsArray in get_args(ArrayLike)
    assert len(get_args(ArrayLike)) == 7
