"""Texts that are too long for their place."""


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
