"""Text that somebody else chose, such as a file's name, made fit for a terminal."""

import unicodedata

_UNFIT = (
    "Cc",
    "Cf",
    "Cs",
    "Zl",
    "Zp",
)  # control, format, half of a pair; ends of lines and paragraphs
_JOINERS = "\u200c\u200d"  # format, too, but spelling in Persian and Hindi, and parts of many emoji


def printable(text: str) -> str:
    r"""Return text in which everything that would steer a terminal is written as an escape sequence.

    Args:
        text: such as a file's name, which may hold any character but NUL and /.

    Example:
        >>> printable("\x1b[2Jmnist.h5\n")
        '\\x1b[2Jmnist.h5\\n'
    """
    return "".join(map(_fit, text))


def _fit(letter: str) -> str:
    if letter in _JOINERS or unicodedata.category(letter) not in _UNFIT:
        return letter
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
