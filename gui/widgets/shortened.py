"""Texts that are too long for their place."""

import textwrap


def shortened(text: str, most: int) -> str:
    """Leave out of a text what is over `most` letters: more of its beginning, where paths stand.

    Example:
        >>> shortened("/home/someone/far/away/mnist.h5: it is empty.", 30)
        '/home…y/mnist.h5: it is empty.'
    """
    if len(text) <= most:
        return text
    before = max(0, most - 1) // 5
    after = max(0, most - 1 - before)
    return f"{text[:before]}…{text[len(text) - after :]}"


def wrapped(text: str, most: int, lines: int) -> list[str]:
    """Return a text in lines of at most `most` letters; if it takes more lines, the middle is left out.

    Example:
        >>> wrapped("2026 / 31 / 12", 9, 2), wrapped("123456789", 3, 2)
        (['2026 / 31', '/ 12'], ['1…6', '789'])
    """
    most = max(1, most)
    parts, letters = textwrap.wrap(text, most), lines * most
    while len(parts) > lines:  # lines end between words, and so may hold fewer letters
        parts = textwrap.wrap(shortened(text, letters), most)
        letters -= 1
    return parts
