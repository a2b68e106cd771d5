"""The table of a model, as Keras 3 prints it."""

import sys

# The characters of a table's lines. A horizontal line has four: left end, line, crossing, right end.
HEAD = ("Layer (type)", "Output Shape", "Param #")
WIDTHS = (33, 24, 15)  # of the columns, in characters
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


def rule(characters: str) -> str:
    """Return a horizontal line of the table, with crossings at the borders of the columns.

    Args:
        characters: four: left end, line, crossing, right end.
    """
    left, line, crossing, right = characters
    return left + crossing.join(line * width for width in WIDTHS) + right


def row(cells: tuple[str, str, str], bar: str) -> str:
    """Return a line of the table with three cells.

    Args:
        cells: the texts; one that is too long for its column is cut and ends in "...".
        bar: the character between the columns.
    """
    layer, shape, count = (
        cell if len(cell) <= width - 2 else cell[: width - 5] + "..."
        for cell, width in zip(cells, WIDTHS, strict=True)
    )
    fitted = f"{layer:<{WIDTHS[0] - 2}}", f"{shape:<{WIDTHS[1] - 2}}", f"{count:>{WIDTHS[2] - 2}}"
    return bar + bar.join(f" {cell} " for cell in fitted) + bar


def cells(layer: object) -> tuple[str, str, str]:
    """Return the three cells of a built layer: "name (class)", output shape, number of parameters."""
    name = f"{layer.name} ({type(layer).__name__})"
    return name, str(layer.output_shape), f"{layer.count_params():,}"


def summary(
    name: str,
    rows: list[tuple[str, str, str]],
    params: tuple[int, int],
    frozen: tuple[int, int] = (0, 0),
    optimizer: tuple[int, int] = (0, 0),
) -> str:
    """Return the whole table as text.

    Args:
        name: of the model.
        rows: the three cells of each layer, from `cells`.
        params: how many numbers the trainable parameters have, and how many bytes.
        frozen: the same for the other parameters.
        optimizer: the same for the optimizer's arrays; (0, 0) before training.

    Example:
        >>> print(summary("s", [], (0, 0)).splitlines()[0])
        Model: "s"
    """
    box = box_characters()
    lines = [f'Model: "{name}"', rule(box["top"]), row(HEAD, box["edge"]), rule(box["head"])]
    for number, cells in enumerate(rows):
        lines += [rule(box["row"])] if number else []
        lines.append(row(cells, box["bar"]))
    (count, size), (fixed, fixed_size), (held, held_size) = params, frozen, optimizer
    lines += [
        rule(box["end"]),
        f" Total params: {count + fixed + held:,} ({readable_size(size + fixed_size + held_size)})",
        f" Trainable params: {count:,} ({readable_size(size)})",
        f" Non-trainable params: {fixed:,} ({readable_size(fixed_size)})",
    ]
    if held:
        lines.append(f" Optimizer params: {held:,} ({readable_size(held_size)})")
    return printable("\n".join(lines))
