"""The table of a model, as Keras 3 prints it."""

import sys

HEAD = ("Layer (type)", "Output Shape", "Param #")
WIDTHS = (33, 24, 15)
UNICODE = {"top": "┏━┳┓", "head": "┡━╇┩", "row": "├─┼┤", "end": "└─┴┘", "edge": "┃", "bar": "│"}
ASCII = {"top": "+-++", "head": "+=++", "row": "+-++", "end": "+-++", "edge": "|", "bar": "|"}


def readable_size(size: int) -> str:
    """Return bytes in the unit that people read.

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


def box_characters() -> dict[str, str]:
    """Return lines that the console can print: boxes, or plus and minus where it knows no others."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        "".join(UNICODE.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def rule(characters: str) -> str:
    """Return a horizontal line: characters are left end, line, crossing, right end."""
    left, line, crossing, right = characters
    return left + crossing.join(line * width for width in WIDTHS) + right


def row(cells: tuple[str, str, str], bar: str) -> str:
    """Return a row of the table; cells that are too long are cut."""
    layer, shape, count = (
        cell if len(cell) <= width - 2 else cell[: width - 5] + "..."
        for cell, width in zip(cells, WIDTHS, strict=True)
    )
    fitted = f"{layer:<{WIDTHS[0] - 2}}", f"{shape:<{WIDTHS[1] - 2}}", f"{count:>{WIDTHS[2] - 2}}"
    return bar + bar.join(f" {cell} " for cell in fitted) + bar


def summary(
    name: str, rows: list[tuple[str, str, str]], params: tuple[int, int], optimizer: int
) -> str:
    """Return the whole table as text.

    Args:
        name: of the model.
        rows: layer with type, output shape, number of parameters.
        params: how many parameters, and their bytes.
        optimizer: how many numbers the optimizer holds, 4 bytes each; 0 before training.

    Example:
        >>> print(summary("s", [], (0, 0), 0).splitlines()[0])
        Model: "s"
    """
    box = box_characters()
    lines = [f'Model: "{name}"', rule(box["top"]), row(HEAD, box["edge"]), rule(box["head"])]
    for number, cells in enumerate(rows):
        lines += [rule(box["row"])] if number else []
        lines.append(row(cells, box["bar"]))
    count, size = params
    lines += [
        rule(box["end"]),
        f" Total params: {count + optimizer:,} ({readable_size(size + 4 * optimizer)})",
        f" Trainable params: {count:,} ({readable_size(size)})",
        " Non-trainable params: 0 (0.00 B)",
    ]
    if optimizer:
        lines.append(f" Optimizer params: {optimizer:,} ({readable_size(4 * optimizer)})")
    return "\n".join(lines)
