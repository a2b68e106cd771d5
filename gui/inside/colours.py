"""From numbers to colours: 0 is the ground, above it one colour, below it another. No Tk, no NumPy."""

import dataclasses
import functools
import math
from collections.abc import Sequence

from gui.widgets.theme_colours import DARK, Theme

STEPS = 255  # shades from 0 to the largest number of a scale, and as many below 0

Colour = tuple[int, int, int]  # red, green, blue, 0 to 255


@dataclasses.dataclass(frozen=True)
class Palette:
    """The colours of tiles.

    between: between the tiles.
    zero, positive, negative: of 0, and of the numbers farthest above and below it.
    """

    between: Colour
    zero: Colour
    positive: Colour
    negative: Colour

    def shade(self, share: float) -> Colour:
        """Return the colour of a number, given as a share of the largest, -1 to 1; NaN is that of 0.

        Example:
            >>> Palette((9, 9, 9), (255, 255, 255), (55, 55, 255), (255, 55, 55)).shade(0.5)
            (155, 155, 255)
        """
        end = self.positive if share > 0 else self.negative
        size = min(1.0, abs(share)) if share == share else 0.0
        pairs = zip(self.zero, end, strict=True)
        return tuple(round(zero + size * (other - zero)) for zero, other in pairs)

    @functools.cached_property
    def table(self) -> bytes:
        """The colours of the shares -1 to 1 in equal steps, three bytes each."""
        steps = range(-STEPS, STEPS + 1)
        return bytes(value for step in steps for value in self.shade(step / STEPS))


def rgb(colour: str) -> Colour:
    """Return the parts of a colour as Tk writes it.

    Example:
        >>> rgb("#1f5fd0")
        (31, 95, 208)
    """
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def palette(theme: Theme) -> Palette:
    """Return the colours of the tiles: blue above 0 and orange below, which nearly all eyes tell apart."""
    return Palette(rgb(theme.window), rgb(theme.canvas), *map(rgb, ends(theme)))


def ends(theme: Theme) -> tuple[str, str]:
    """Return the colours of the numbers farthest above and below 0."""
    return ("#a9ceff", "#ffb070") if theme is DARK else ("#0b4bbd", "#c2500a")


def extent(values: object) -> tuple[float, float]:
    """Return the ends of a layer's scale: 0 and the largest number, or as far below 0 as above.

    Args:
        values: an array.

    Example:
        >>> import numpy as np
        >>> extent(np.array([0.5, 2])), extent(np.array([-3, 2]))
        ((0.0, 2.0), (-3.0, 3.0))
    """
    low, high = float(values.min()), float(values.max())
    most = max(abs(low), abs(high))
    return (-most if low < 0 else 0.0), most


def legend(scale: tuple[float, float]) -> tuple[str, str]:
    """Write the two ends of a scale.

    Example:
        >>> legend((0.0, 2.5)), legend((-0.00012, 0.00012)), legend((0.0, 0.0))
        (('0', '2.5'), ('-1.2e-4', '1.2e-4'), ('0', '0'))
    """
    return brief(scale[0]), brief(scale[1])


def brief(value: float) -> str:
    """Write a number with two digits, in little room.

    Example:
        >>> brief(0.5312), brief(1234.0), brief(-0.000012), brief(-0.0)
        ('0.53', '1234', '-1.2e-5', '0')
    """
    if value == 0:
        return "0"  # -0.0, too
    if 0.01 <= abs(value) < 1e5:
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def cell_text(value: float) -> str:
    """Write a number into the little room of a cell: to hundredths, or whole from 10 on.

    Example:
        >>> [cell_text(value) for value in (0.0, -0.0, 0.126, -1.25, 0.001, 12.3)]
        ['0', '0', '.13', '-1.2', '≈0', '12']
    """
    if value == 0:
        return "0"
    if abs(value) < 0.005:
        return "≈0"
    if abs(value) < 0.995:
        return f"{value:.2f}".replace("0.", ".")
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"


Cells = Sequence[Sequence[float]]  # numbers, row by row


def largest(grids: Sequence[Cells]) -> float:
    """Return the largest number of some grids without its sign, above 0; NaN and infinity do not count.

    Example:
        >>> largest([[[0.5, -2.0]], [[1.0, float("nan")]]]), largest([[[0.0]]])
        (2.0, 1.0)
    """
    numbers = (abs(each) for cells in grids for row in cells for each in row)
    return max(filter(math.isfinite, numbers), default=0.0) or 1.0


def power_of(most: float) -> int:
    """Return the power of ten to write numbers in, so that hundredths of the largest are not lost.

    Example:
        >>> power_of(12.5), power_of(0.05), power_of(0.0041)
        (0, 0, -3)
    """
    return 0 if most >= 0.05 else max(-300, math.floor(math.log10(most)))  # 10**-300 is no 0 yet


def times_ten(power: int) -> str:
    """Write by which power of ten the numbers of a grid are to be multiplied; nothing for 0.

    Example:
        >>> times_ten(0), times_ten(-12)
        ('', ' · 10⁻¹²')
    """
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f" · 10{raised}" if power else ""
