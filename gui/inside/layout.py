"""Where every number of a net lies in the pane: columns of tiles, from a point to a number and back."""

import dataclasses
import math
from collections.abc import Sequence

Position = tuple[int, ...]  # in a layer's output: (row, column, map), or (unit,)
Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels

MAPS, STRIP, BARS, FOLDED = "maps", "strip", "bars", "folded"
MOST_BARS = 16  # units that are shown as bars; more are a strip
SIZES = (2.0, 1.5, 1.0)  # of a tile, the largest first; the first with which all fits is taken


@dataclasses.dataclass(frozen=True)
class LayerInfo:
    """What the pane must know of a layer.

    name: of the layer.
    facts: a few words, such as its activation.
    shape: of its output, without the axis of the samples.
    same: why its output is that of the layer before; "" if it is not.
    """

    name: str
    facts: str
    shape: Position
    same: str = ""

    @property
    def kind(self) -> str:
        """How it is shown."""
        if self.same:
            return FOLDED
        if len(self.shape) > 1:
            return MAPS
        return BARS if self.shape[0] <= MOST_BARS else STRIP


@dataclasses.dataclass(frozen=True)
class Lengths:
    """Lengths in pixels: of a tile, of a unit of a strip, of a bar's row, and what lies around them."""

    tile: int
    unit: int
    bar: int
    gap: int  # between tiles
    between: int  # columns
    folded: int  # width of a layer that changes nothing
    bars: int  # width of a column of bars, with digits and percentages
    name: int  # width of the digit before a bar
    number: int  # width of the number behind a bar
    head: int  # above the tiles
    foot: int  # below them


@dataclasses.dataclass(frozen=True)
class Column:
    """A layer's place.

    layer: its place in `model.layers`; -1: the input.
    kind, shape: see `LayerInfo`.
    left, top, width: of the column, the tiles beginning at left and top.
    inset: of the tiles from the left.
    tile: width and height of a tile.
    zoom: pixels a unit.
    gap: between tiles.
    across: tiles beside each other.
    rows: of tiles that are seen.
    first: row of tiles that is seen first.
    """

    layer: int
    kind: str
    shape: Position
    left: int
    top: int
    width: int
    inset: int
    tile: tuple[int, int]
    zoom: int
    gap: int
    across: int
    rows: int
    first: int = 0

    @property
    def maps(self) -> int:
        """How many tiles there are."""
        return self.shape[-1]

    @property
    def all_rows(self) -> int:
        """How many rows of tiles there are, seen or not."""
        return math.ceil(self.maps / self.across)

    @property
    def hidden(self) -> int:
        """How many rows of tiles are not seen."""
        return max(0, self.all_rows - self.rows)

    @property
    def seen(self) -> range:
        """The maps that are seen."""
        first = self.first * self.across
        return range(first, min(self.maps, first + self.rows * self.across))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of all tiles that are seen."""
        rows = math.ceil(len(self.seen) / self.across)
        width, height = self.tile
        return (
            self.across * (width + self.gap) - self.gap,
            rows * (height + self.gap) - self.gap,
        )

    @property
    def room(self) -> int:
        """The height that the rows of tiles take if they are all filled."""
        return self.rows * (self.tile[1] + self.gap) - self.gap

    def scrolled(self, rows: int) -> "Column":
        """Return the same column with so many more rows above the first that is seen."""
        return dataclasses.replace(self, first=min(max(0, self.first + rows), self.hidden))

    def showing(self, position: Position) -> "Column":
        """Return the same column, scrolled so far that a position is seen."""
        row = position[-1] // self.across
        return self.scrolled(min(row, max(self.first, row - self.rows + 1)) - self.first)

    def tile_box(self, place: int) -> Box | None:
        """Return where a map lies; None if it is not seen."""
        if place not in self.seen:
            return None
        row, column = divmod(place, self.across)
        left = self.left + self.inset + column * (self.tile[0] + self.gap)
        top = self.top + (row - self.first) * (self.tile[1] + self.gap)
        return left, top, left + self.tile[0], top + self.tile[1]

    def box(self, position: Position, rows: int = 1, columns: int = 1) -> Box | None:
        """Return where a number, or a window that begins there, lies; None if it is not seen.

        Args:
            position: of the number, or of the first of the window.
            rows, columns: of the window.
        """
        if self.kind == FOLDED:
            return self.left, self.top, self.left + self.width, self.top + self.tile[1]
        tile = self.tile_box(position[-1])
        if tile is None or self.kind != MAPS:
            return tile
        left, top = tile[0] + position[1] * self.zoom, tile[1] + position[0] * self.zoom
        return left, top, left + columns * self.zoom, top + rows * self.zoom

    def position_at(self, x: float, y: float) -> Position | None:
        """Return the position of the number at a point; None where there is none."""
        if self.kind == FOLDED:  # any number of it, as all are explained alike
            inside = self.left <= x < self.left + self.width and self.top <= y < self.tile[1]
            return tuple(size // 2 for size in self.shape) if inside else None
        width, height = (length + self.gap for length in self.tile)
        column, x = divmod(x - self.left - self.inset, width)
        row, y = divmod(y - self.top, height)
        if not (0 <= column < self.across and 0 <= row < self.rows):
            return None
        place = int((row + self.first) * self.across + column)
        if place not in self.seen or x >= self.tile[0] or y >= self.tile[1]:
            return None
        if self.kind == MAPS:
            return int(y) // self.zoom, int(x) // self.zoom, place
        return (place,)


def arrange(
    layers: Sequence[LayerInfo], titles: Sequence[int], area: tuple[int, int], lengths: Lengths
) -> tuple[Column, ...]:
    """Return the columns of a net: tiles as large as they fit, else as many of the smallest as do.

    Args:
        layers: the input and every layer.
        titles: the width of each one's title.
        area: width and height for all of it; what is wider must be scrolled.
        lengths: see there.
    """
    for size in SIZES:
        large = dataclasses.replace(lengths, tile=round(lengths.tile * size))
        columns = [
            smallest(place - 1, info, title, (area[1], large))
            for place, (info, title) in enumerate(zip(layers, titles, strict=True))
        ]
        columns = widened(columns, area[0], lengths.between)
        fits = total(columns, lengths.between) <= area[0]
        if fits and not any(column.hidden for column in columns):
            break
    left, placed = 0, []
    for column in columns:
        placed.append(dataclasses.replace(column, left=left))
        left += column.width + lengths.between
    return tuple(placed)


def total(columns: Sequence[Column], between: int) -> int:
    """Return the width of columns with what lies between them."""
    return sum(column.width + between for column in columns) - between


def smallest(layer: int, info: LayerInfo, title: int, room: tuple[int, Lengths]) -> Column:
    """Return the narrowest column of a layer, which its title still fits over."""
    height, lengths = room
    height = max(1, height - lengths.head - lengths.foot)
    about = {"layer": layer, "kind": info.kind, "shape": info.shape, "left": 0}
    about |= {"top": lengths.head, "inset": 0, "gap": lengths.gap, "across": 1}
    if info.kind == FOLDED:
        about |= {"top": 0, "gap": 0, "zoom": 1, "rows": info.shape[-1]}
        whole = height + lengths.head + lengths.foot
        return Column(**about, width=lengths.folded, tile=(lengths.folded, whole))
    if info.kind == BARS:
        tile = (lengths.bars - lengths.name - lengths.number, lengths.bar)
        about |= {"inset": lengths.name, "width": max(title, lengths.bars), "zoom": lengths.bar}
    elif info.kind == STRIP:
        tile, about["gap"] = (lengths.unit, lengths.unit), 1
        about |= {"zoom": lengths.unit, "width": 0}
    else:
        rows, columns = info.shape[:2]
        zoom = max(1, lengths.tile // max(rows, columns))
        tile = (columns * zoom, rows * zoom)
        about |= {"zoom": zoom, "width": 0}
    rows = max(1, (height + about["gap"]) // (tile[1] + about["gap"]))
    column = Column(**about, tile=tile, rows=rows)
    if info.kind == BARS:
        return column
    across = min(column.maps, max(1, -(-(title + column.gap) // (tile[0] + column.gap))))
    return with_tiles(column, across, title)


def with_tiles(column: Column, across: int, least: int = 0) -> Column:
    """Return a column with so many tiles beside each other, of at least this width."""
    wide = dataclasses.replace(column, across=across)
    return dataclasses.replace(
        wide, width=max(least, across * (wide.tile[0] + wide.gap) - wide.gap)
    )


def widened(columns: Sequence[Column], width: int, between: int) -> list[Column]:
    """Give width that is left over to the columns with most hidden, a tile at a time."""
    columns = list(columns)
    spare = width - total(columns, between)
    while True:
        wider = {
            place: with_tiles(column, column.across + 1, column.width)
            for place, column in enumerate(columns)
            if column.hidden and column.kind in (MAPS, STRIP)
        }
        costs = {place: column.width - columns[place].width for place, column in wider.items()}
        fitting = [place for place, cost in costs.items() if cost <= spare]
        if not fitting:
            return columns
        place = max(fitting, key=lambda each: columns[each].hidden / columns[each].all_rows)
        spare -= costs[place]
        columns[place] = wider[place]
