"""The table of a model, as Keras 3 prints it."""

import itertools
import sys
import textwrap
from collections.abc import Sequence

import numpy as np

from tinycnn.layers import Layer
from tinycnn.utils.validation import check_int, check_number

HEAD = ("Layer (type)", "Output Shape", "Param #", "Trainable")
ALIGNED = "<<>^"  # the texts of each column: left, right, in the middle
POSITIONS = (0.45, 0.8, 1.0)  # where columns end, as shares of a line
LINE_LENGTH = 76  # of a table with three columns, for a console of 80
# Horizontal lines have four characters each: left end, line, crossing, right end.
UNICODE = {"top": "┏━┳┓", "head": "┡━╇┩", "row": "├─┼┤", "end": "└─┴┘", "edge": "┃", "bar": "│"}
ASCII = {"top": "+-++", "head": "+=++", "row": "+-++", "end": "+-++", "edge": "|", "bar": "|"}


def readable_size(size: int) -> str:
    """Return a number of bytes as text in B, KB, MB or GB (1 KB is 1024 B).

    Example:
        >>> readable_size(9523752)
        '9.08 MB'
    """
    unit, value = "B", float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            break
        value /= 1024
    return f"{value:.2f} {unit}"


def printable(text: str) -> str:
    """Return text with "?" in place of every character that standard output's encoding does not have."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return text.encode(encoding, "replace").decode(encoding)


def box_characters() -> dict[str, str]:
    """Return the characters of the table's lines: `UNICODE` if standard output has them, else `ASCII`."""
    characters = "".join(UNICODE.values())
    return UNICODE if printable(characters) == characters else ASCII


def column_widths(
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    show_trainable: bool = False,
) -> list[int]:
    """Return how many characters each column has between the lines.

    Args:
        line_length: of the whole table; None: 76.
        positions: for each column the share of the line, 0 to 1, where it ends; None: 0.45, 0.8, 1.
        show_trainable: whether there is a fourth column, which gets a tenth of the line.

    Raises:
        ValueError: if a column would have less than five characters, or there are not three positions.

    Example:
        >>> column_widths()
        [33, 24, 15]
    """
    length = LINE_LENGTH if line_length is None else check_int("line_length", line_length)
    ends = [check_number("positions", position, 0, 1) for position in positions or POSITIONS]
    ends = [0.9 * end for end in ends] + [1.0] if show_trainable else ends
    if len(ends) != 3 + show_trainable:
        raise ValueError(f"There are three columns. Received: positions={positions!r}")
    widths = [
        int(end * length) - int(start * length) for start, end in itertools.pairwise([0, *ends])
    ]
    if min(widths) < 5:
        raise ValueError(
            f"A column has five characters at least. Received: line_length={line_length!r}, "
            f"positions={positions!r}"
        )
    # Room for the lines between the columns: as Keras's table, the second column gives one more.
    return [width - 1 - (number == len(widths) - 2) for number, width in enumerate(widths)]


def rule(characters: str, widths: Sequence[int]) -> str:
    """Return a horizontal line of the table, with crossings at the borders of the columns.

    Args:
        characters: four: left end, line, crossing, right end.
        widths: of the columns.
    """
    left, line, crossing, right = characters
    return left + crossing.join(line * width for width in widths) + right


def wrap(text: str, width: int) -> list[str]:
    """Return a text in lines of this width; a word that is too long is cut and ends in "…".

    Example:
        >>> wrap("dense (Dense)", 6)
        ['dense', '(Dens…']
    """
    words = [word if len(word) <= width else f"{word[: width - 1]}…" for word in text.split(" ")]
    return textwrap.wrap(" ".join(words), width, break_on_hyphens=False)


def row(cells: Sequence[str], bar: str, widths: Sequence[int], at_the_end: bool = False) -> str:
    """Return a row of the table: as many lines as its longest cell needs.

    Args:
        cells: the texts; those beyond the last column are left out.
        bar: the character between the columns.
        widths: of the columns, from 3.
        at_the_end: True for texts that stand in the last lines, as those of the head.
    """
    columns = list(zip(cells, ALIGNED, (width - 2 for width in widths), strict=False))
    wrapped = [wrap(cell, width) for cell, _, width in columns]
    order = -1 if at_the_end else 1
    lines = []
    for texts in itertools.zip_longest(*(texts[::order] for texts in wrapped), fillvalue=""):
        parts = [
            f" {text:{side}{width}} " for text, (_, side, width) in zip(texts, columns, strict=True)
        ]
        lines.append(bar + bar.join(parts) + bar)
    return "\n".join(lines[::order])


def cells(layer: Layer) -> tuple[str, str, str, str]:
    """Return the cells of a layer: "name (class)", output shape, number of parameters, "Y" if trainable."""
    name = f"{layer.name} ({type(layer).__name__})"
    trainable = "-" if not layer.params else "Y" if layer.trainable else "N"
    if layer.output_shape is None:
        return name, "?", "0 (unbuilt)", trainable
    return name, str(layer.output_shape), f"{layer.count_params():,}", trainable


def amount(arrays: Sequence[np.ndarray]) -> tuple[int, int]:
    """Return how many numbers these arrays have together, and how many bytes."""
    return sum(array.size for array in arrays), sum(array.nbytes for array in arrays)


def summary(
    name: str,
    rows: list[tuple[str, ...]],
    params: tuple[int, int],
    frozen: tuple[int, int] = (0, 0),
    optimizer: tuple[int, int] = (0, 0),
    widths: Sequence[int] | None = None,
) -> str:
    """Return the whole table as text.

    Args:
        name: of the model.
        rows: the cells of each layer, from `cells`.
        params: how many numbers the trainable parameters have, and how many bytes.
        frozen: the same for the other parameters.
        optimizer: the same for the optimizer's arrays; (0, 0) before training.
        widths: of the columns; None: `column_widths()`.

    Example:
        >>> print(summary("s", [], (0, 0)).splitlines()[0])
        Model: "s"
    """
    box, widths = box_characters(), widths or column_widths()
    top, head, between, end = (rule(box[line], widths) for line in ("top", "head", "row", "end"))
    lines = [f'Model: "{name}"', top, row(HEAD, box["edge"], widths, at_the_end=True), head]
    for number, cells in enumerate(rows):
        lines += [between] if number else []
        lines.append(row(cells, box["bar"], widths))
    (count, size), (fixed, fixed_size), (held, held_size) = params, frozen, optimizer
    lines += [
        end,
        f" Total params: {count + fixed + held:,} ({readable_size(size + fixed_size + held_size)})",
        f" Trainable params: {count:,} ({readable_size(size)})",
        f" Non-trainable params: {fixed:,} ({readable_size(fixed_size)})",
    ]
    if held:
        lines.append(f" Optimizer params: {held:,} ({readable_size(held_size)})")
    return printable("\n".join(lines))
