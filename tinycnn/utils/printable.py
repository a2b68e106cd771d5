"""Text from outside, such as a file's name, made safe to print in a terminal."""

import unicodedata

# Unicode categories that are escaped: control, format, surrogate; line and paragraph separators.
_UNFIT = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Zero-width joiners are of the category "format", but are needed in Persian, Hindi and many emoji.
_JOINERS = "\u200c\u200d"


LONGEST_NAME = 200  # characters


def shortened(name: str) -> str:
    """Return a name for a message: of one of more than 200 characters the middle is replaced by "...".

    Args:
        name: such as the name of a file.

    Example:
        >>> len(shortened("x" * 5000 + ".h5"))
        200
    """
    half = (LONGEST_NAME - 3) // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half + 1]}...{name[-half:]}"


def printable(text: str) -> str:
    r"""Return text in which control and format characters are replaced by Python's escape sequences.

    Printed as they are, they could clear a terminal's screen or change its title.

    Args:
        text: such as a file's name, which may hold any character but NUL and /.

    Example:
        >>> printable("\x1b[2Jmnist.h5\n")
        '\\x1b[2Jmnist.h5\\n'
    """
    return "".join(map(_fit, text))


def _fit(letter: str) -> str:
    """Return one character, or its escape sequence if it is not to be printed as it is."""
    if letter in _JOINERS or unicodedata.category(letter) not in _UNFIT:
        return letter
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
