"""The last drawings, which a click brings back."""

from collections import deque

from gui.drawing.drawing import Items

MOST = 8


class Recent:
    """Keeps drawings that gave way to others, newest first, none of them twice.

    Example:
        >>> recent = Recent()
        >>> recent.keep(("a stroke",)), recent.keep(()), recent.keep(("a stroke",))
        (True, False, False)
        >>> recent.drawings
        [('a stroke',)]
    """

    def __init__(self) -> None:
        self._kept: deque[Items] = deque(maxlen=MOST)

    @property
    def drawings(self) -> list[Items]:
        """What is kept, newest first."""
        return list(self._kept)

    def keep(self, items: Items) -> bool:
        """Keep a drawing; return whether it is one, and was not kept already."""
        if not items or items in self._kept:
            return False
        self._kept.appendleft(items)
        return True
