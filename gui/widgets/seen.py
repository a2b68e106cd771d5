"""What is on the screen already: Tk is not told again, for each call of it costs more than to compare."""

from collections.abc import Hashable


class Seen:
    """Remembers what was put in which place.

    Example:
        >>> seen = Seen()
        >>> seen.changes("digit", "7"), seen.changes("digit", "7"), seen.changes("digit", "1")
        (True, False, True)
    """

    def __init__(self) -> None:
        self._values: dict[Hashable, object] = {}

    def changes(self, place: Hashable, value: object) -> bool:
        """Remember what is put in a place; return whether it was not there already."""
        there = place in self._values and self._values[place] == value
        self._values[place] = value
        return not there

    def forget(self) -> None:
        """Take every place as empty."""
        self._values.clear()
