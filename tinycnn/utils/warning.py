"""`warn`: a warning that names the line of the user's program that called this library."""

import sys
import warnings

# Callers in these packages are skipped; numpy and contextlib wrap our functions, as `np.errstate` does.
INSIDE = ("tinycnn", "numpy", "contextlib")


def warn(message: str) -> None:
    """Give a UserWarning whose file and line are those of the nearest caller outside of this package.

    Args:
        message: what is wrong, and what to do.

    Example:
        >>> warn("The loss is nan")  # doctest: +SKIP
        example.py:1: UserWarning: The loss is nan
    """
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)
