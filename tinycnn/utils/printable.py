"""Text that somebody else chose, such as a file's name, made fit for a terminal."""

import unicodedata

# Control, format, half of a pair; ends of lines and paragraphs.
_UNFIT = ("Cc", "Cf", "Cs", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # format, too, but spelling in Persian and Hindi, and parts of many emoji


LONGEST_NAME = 200  # letters


def shortened(name: str) -> str:
    """Return a name for a message: one of more than 200 letters loses its middle.

    Args:
        name: such as that of a file, which its system may have refused for its length.

    Example:
        >>> len(shortened("x" * 5000 + ".h5"))
        200
    """
    half = (LONGEST_NAME - 3) // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half + 1]}...{name[-half:]}"


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
