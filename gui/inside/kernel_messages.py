"""What the pane "Kernels" and the worker tell each other: plain values. No Tk, nothing heavy to import."""

import dataclasses

from gui.inside.colours import Palette
from gui.inside.layout import Column

# Of the input maps: for each filter its strongest, or the mean of all.
STRONGEST, MEAN = "strongest", "mean"
MOST = 8  # digits of a map
FIELD = 28  # pixels a side of a digit


@dataclasses.dataclass(frozen=True)
class KernelInfo:
    """What must be known of a layer's kernels.

    layer: its place in `model.layers`.
    name: of the layer.
    shape: (rows, columns, input maps, filters).
    what: what the tiles are, in a few words.
    noun: what a tile, or a row of the only one, belongs to: a filter or a unit.
    """

    layer: int
    name: str
    shape: tuple[int, int, int, int]
    what: str
    noun: str = "filter"

    @property
    def filters(self) -> int:
        """How many tiles there are."""
        return self.shape[3]

    @property
    def in_rows(self) -> bool:
        """Whether there is one tile alone, with a row for each unit."""
        return self.noun == "unit" and self.shape[2:] == (1, 1)

    @property
    def units(self) -> int:
        """How many filters or units the layer has."""
        return self.shape[0] if self.in_rows else self.filters


@dataclasses.dataclass(frozen=True)
class Exciting:
    """A digit that excites a map.

    digit: which one.
    value: how strong the map is there.
    place: (row, column) in the map; () of a unit without a place.
    """

    digit: int
    value: float
    place: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class KernelWish:
    """What the pane wants to be shown.

    layer: its place in `model.layers`; None: the first that has kernels.
    choice: of the input maps: see `kernels.tiles`.
    area: width and height for the tiles.
    gap: between tiles.
    first: the row of tiles that is seen first.
    legend: width and height of the legend.
    palette: colours.
    """

    layer: int | None
    choice: str | int
    area: tuple[int, int]
    gap: int
    first: int
    legend: tuple[int, int]
    palette: Palette


@dataclasses.dataclass(frozen=True)
class KernelFrame:
    """What came of it.

    wish: what was asked for.
    layers: all layers with kernels; none as long as there is no model.
    info: the one that is shown.
    column: where its tiles lie.
    picture, legend: PPM files.
    scale: the numbers at the ends of the legend.
    values: the numbers of the tiles, (rows, columns, filters).
    maps: the input map of each tile; None for a mean.
    biases: of each filter; empty without.
    """

    wish: KernelWish
    layers: tuple[KernelInfo, ...] = ()
    info: KernelInfo | None = None
    column: Column | None = None
    picture: bytes = b""
    legend: bytes = b""
    scale: tuple[float, float] = (0.0, 0.0)
    values: object | None = None
    maps: tuple[int | None, ...] = ()
    biases: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class Excited:
    """How far a search has come, and what it has found for one map.

    layer, place: of the map.
    done, total: digits.
    found: the digits that excite it most, strongest first.
    labels: what these digits are.
    picture: a PPM file with them side by side, what the map sees at its strongest outlined.
    column: where they lie in it.
    """

    layer: int
    place: int
    done: int
    total: int
    found: tuple[Exciting, ...] = ()
    labels: tuple[int, ...] = ()
    picture: bytes = b""
    column: Column | None = None
