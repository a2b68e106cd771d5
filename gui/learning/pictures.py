"""Numbers as small pictures, in the PPM form that Tk reads without help. No Tk in here, nor NumPy."""

import functools
import math

Palette = tuple[str, str, str, str]  # of 0, of the greatest, of the least number, and between tiles
MOST = 32  # tiles that are shown
LEVELS = 100  # of a colour, on either side of 0


def rgb(colour: str) -> tuple[int, int, int]:
    """Return a colour's red, green and blue, 0 to 255.

    Example:
        >>> rgb("#ff0080")
        (255, 0, 128)
    """
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


@functools.lru_cache(2048)
def shade(level: int, palette: Palette) -> bytes:
    """Return the three bytes of a level from -`LEVELS` to `LEVELS`: the further from 0, the stronger.

    Example:
        >>> shade(LEVELS // 2, ("#000000", "#0000ff", "#ff0000", "#000000")).hex()
        '000080'
    """
    end = rgb(palette[1 if level > 0 else 2])
    part = min(1.0, abs(level) / LEVELS)
    return bytes(round(a + part * (b - a)) for a, b in zip(rgb(palette[0]), end, strict=True))


def extent(tiles: list) -> float:
    """Return the greatest of all numbers without their signs, above 0.

    Args:
        tiles: (count, h, w), as lists.
    """
    return max((abs(v) for tile in tiles for row in tile for v in row), default=0.0) or 1.0


def mosaic(tiles: list, columns: int, scale: float, palette: Palette) -> tuple[int, int, bytes]:
    """Lay tiles out in rows, a pixel between them.

    Args:
        tiles: (count, h, w), as lists, at least one; `MOST` are shown.
        columns: how many lie beside each other at most.
        scale: the number that gets the strongest colour, above 0.
        palette: the colours.

    Returns:
        Width, height, and the PPM file.

    Example:
        >>> mosaic([[[1.0]], [[-1.0]]], 2, 1.0, ("#000000", "#0000ff", "#ff0000", "#ffffff"))
        (3, 1, b'P6 3 1 255\\n\\x00\\x00\\xff\\xff\\xff\\xff\\xff\\x00\\x00')
    """
    tiles = tiles[:MOST]
    columns = min(columns, len(tiles))
    height, width = len(tiles[0]), len(tiles[0][0])
    gap = bytes(rgb(palette[3]))
    across = columns * (width + 1) - 1
    lines = []
    for first in range(0, len(tiles), columns):
        if lines:
            lines.append(gap * across)
        for y in range(height):
            parts = [
                b"".join(shade(round(LEVELS * value / scale), palette) for value in tile[y])
                for tile in tiles[first : first + columns]
            ]
            parts += [gap * width] * (columns - len(parts))
            lines.append(gap.join(parts))
    head = b"P6 %d %d 255\n" % (across, len(lines))
    return across, len(lines), head + b"".join(lines)


def square(count: int) -> int:
    """Return how many of so many tiles to lay in a row, so that the rows are about as many.

    Example:
        >>> square(6), square(16), square(64)
        (3, 4, 6)
    """
    return math.isqrt(max(1, min(count, MOST)) - 1) + 1


def confusion_tile(counts: list[list[int]]) -> list[list[float]]:
    """Return what a confusion matrix looks like: right answers above 0, mistakes below.

    The root of each share of its row, so that a mistake among a hundred is seen, too.

    Example:
        >>> confusion_tile([[3, 1], [0, 0]])
        [[0.8660254037844386, -0.5], [0.0, 0.0]]
    """
    return [
        [
            math.sqrt(count / (sum(row) or 1)) * (1 if column == place else -1) if count else 0.0
            for column, count in enumerate(row)
        ]
        for place, row in enumerate(counts)
    ]


def worst(counts: list[list[int]]) -> str:
    """Say which digit is most often taken for which; nothing where there is no mistake.

    Example:
        >>> worst([[3, 1], [0, 4]])
        '0 is taken for 1 most often (1 of 4)'
        >>> worst([[3, 0], [0, 4]])
        ''
    """
    size = range(len(counts))
    pairs = [(counts[row][column], row, column) for row in size for column in size if row != column]
    count, row, column = max(pairs, key=lambda pair: pair[0])
    return (
        f"{row} is taken for {column} most often ({count} of {sum(counts[row])})" if count else ""
    )


class Thinned:
    """A long row of numbers as at most so many means of neighbours.

    Args:
        most: means, an even number.

    Example:
        >>> thinned = Thinned(2)
        >>> thinned.extend([1.0, 3.0, 5.0])
        >>> thinned.means(), thinned.count
        ([2.0, 5.0], 3)
    """

    def __init__(self, most: int) -> None:
        self._most, self._each = most, 1  # numbers that a mean is of
        self._sums: list[float] = []
        self.count = 0

    def extend(self, values: list[float]) -> None:
        """Add numbers at the end."""
        for value in values:
            if self.count % self._each:
                self._sums[-1] += value
            else:
                if len(self._sums) == self._most:
                    self._each *= 2
                    self._sums = [a + b for a, b in zip(*[iter(self._sums)] * 2, strict=True)]
                self._sums.append(value)
            self.count += 1

    def means(self) -> list[float]:
        """Return the means, the last of which may be of fewer numbers."""
        last = self.count - (len(self._sums) - 1) * self._each
        sizes = [self._each] * (len(self._sums) - 1) + [last]
        return [total / size for total, size in zip(self._sums, sizes, strict=False)]
