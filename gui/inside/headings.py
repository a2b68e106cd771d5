"""What stands over and below a column, and the lengths that follow from its letters."""

from gui.inside.colours import legend
from gui.inside.layout import Column, LayerInfo, Lengths
from gui.inside.messages import Shown
from gui.widgets.shortened import shortened
from gui.widgets.theme import Look

MOST_LETTERS = 18  # of a layer's name


def lengths_of(look: Look) -> Lengths:
    """Return the lengths of the columns on one screen."""
    line, letter = look.small.metrics("linespace"), look.small.measure("0")
    pixels = look.pixels
    return Lengths(
        tile=pixels(56),
        unit=pixels(9),
        bar=max(line, pixels(16)),
        gap=pixels(3),
        between=pixels(11),
        folded=line + pixels(4),
        bars=pixels(130),
        name=2 * letter + pixels(3),
        number=7 * letter,
        head=3 * line + pixels(4),
        foot=line + pixels(12),
    )


def heading(info: LayerInfo, column: Column) -> tuple[str, str, str]:
    """Return the lines over a column: name, shape, and which maps are seen if not all are."""
    seen = f"{column.seen.start}–{column.seen.stop - 1} of {column.maps}"
    name = shortened(info.name, MOST_LETTERS)
    return name, "×".join(map(str, info.shape)), seen if column.hidden else info.facts


def widest_heading(info: LayerInfo) -> tuple[str, ...]:
    """Return lines as long as those over a column can become."""
    if info.same:
        return ("",)
    last = info.shape[-1]
    lines = shortened(info.name, MOST_LETTERS), "×".join(map(str, info.shape)), info.facts
    return lines if last < 3 else (*lines, f"{last}–{last} of {last}")


def texts_of(layer: int, shown: Shown) -> dict[str, str]:
    """Return the numbers below a column and behind its bars, by the tags of their items."""
    low, high = legend(shown.scale)
    low, high = (f"±{high}", "") if shown.scale[0] < 0 else (low, high)
    bars = {f"bar{layer}-{place}": f"{value:.2g}" for place, value in enumerate(shown.bars)}
    return {f"low{layer}": low, f"high{layer}": high} | bars
