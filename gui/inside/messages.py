"""What the pane and the worker tell each other: plain values. No Tk, and nothing heavy to import."""

import dataclasses

from gui.drawing.drawing import Items
from gui.inside.colours import Palette
from gui.inside.layout import Column, LayerInfo, Position


@dataclasses.dataclass(frozen=True)
class Wish:
    """What the pane wants to be shown.

    version, items: of the drawing.
    label: the digit for the way back; None: the way forward.
    columns: those in sight.
    palette: colours.
    strip: height of a legend.
    """

    version: int
    items: Items
    label: int | None
    columns: tuple[Column, ...]
    palette: Palette
    strip: int


@dataclasses.dataclass(frozen=True)
class Shown:
    """One layer's column.

    picture, legend: PPM files.
    scale: the numbers at the ends of the legend.
    bars: the number of every bar, if there are bars.
    """

    picture: bytes
    legend: bytes
    scale: tuple[float, float]
    bars: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class Frame:
    """What came of a wish.

    layers: the input and every layer; none as long as there is no model.
    blank: whether nothing is drawn.
    loss: see `Pass`.
    columns: each by its layer's place; without those that were of another model.
    """

    wish: Wish
    layers: tuple[LayerInfo, ...] = ()
    blank: bool = True
    loss: str = ""
    columns: dict[int, Shown] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Figure:
    """A grid of numbers, to be coloured.

    title: what they are.
    cells: the numbers, row by row.
    joint: what stands before it: "×" or "=" or nothing.
    mark: the place of the cell that won, or that is meant.
    """

    title: str
    cells: tuple[tuple[float, ...], ...]
    joint: str = ""
    mark: tuple[int, int] | None = None


@dataclasses.dataclass(frozen=True)
class Table:
    """A heading and lines of text under it; they belong to numbers for, 1, or against, -1."""

    title: str
    lines: tuple[str, ...]
    sign: int


@dataclasses.dataclass(frozen=True)
class Mark:
    """A window of numbers that an explained number comes from.

    layer: its place in `model.layers`; -1: the input.
    position: of the first number of the window.
    rows, columns: of the window.
    sign: 1 if it counted for the number, -1 against, 0 for neither.
    strong: whether it counted much.
    """

    layer: int
    position: Position
    rows: int = 1
    columns: int = 1
    sign: int = 0
    strong: bool = True


@dataclasses.dataclass(frozen=True)
class Told:
    """How one number came about.

    layer, position: of the number.
    explanation: its `Explanation`, of the layer that made the number, or handed its gradient back.
    head: its name and itself.
    lines: its arithmetic.
    marks: what it comes from.
    figures: rows of small pictures with numbers, the one that says most first.
    tables: what counted for and against.
    """

    layer: int
    position: Position
    explanation: object
    head: str
    lines: tuple[str, ...]
    marks: tuple[Mark, ...]
    figures: tuple[tuple[Figure, ...], ...]
    tables: tuple[Table, ...]
