"""A warning points at the user's line, however deep inside it arises."""

import sys
import warnings

import numpy as np
import pytest

from tinycnn.utils.warning import warn


def deep(level):
    """Call `warn` through functions that seem to be the library's own."""
    frames = {"__name__": "tinycnn.models.deep", "warn": warn}
    exec("def call(level):\n    warn('deep') if level == 0 else call(level - 1)", frames)
    with np.errstate(all="ignore"):
        frames["call"](level)


@pytest.mark.parametrize("level", [0, 3])
def test_it_is_the_line_of_the_nearest_caller_outside(level):
    with pytest.warns(UserWarning, match="^deep$") as caught:
        deep(level)
    (warning,) = caught
    assert warning.filename == __file__
    assert warning.lineno == deep.__code__.co_firstlineno + 5


def test_without_any_caller_outside_it_is_given_all_the_same(monkeypatch):
    monkeypatch.setattr("tinycnn.utils.warning.INSIDE", ("tinycnn", __name__.partition(".")[0]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn("said")
    assert [str(warning.message) for warning in caught] == ["said"]
    assert caught[0].filename != __file__
    assert sys._getframe().f_code.co_filename == __file__
