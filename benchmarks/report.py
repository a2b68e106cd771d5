"""The results, as text, Markdown and CSV."""

import csv

from benchmarks.contenders import OURS, PEERS
from benchmarks.timing import summary

SCALES = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"))
COLUMNS = (OURS, *PEERS, "NumPy")
HEAD = ["what", "unit", *COLUMNS, "faster peer / tinycnn", "share of sgemm"]
TARGET_HEAD = ["target", "ratio", "limits", "outcome", "compared"]
CSV_HEAD = [
    *("kind", "name", "contender", "unit", "median", "low_quartile", "high_quartile"),
    *("rounds", "way", "goal", "least", "outcome", "note"),
]


def scale(row):
    """Return (factor, unit) so that our median has a digit before the point."""
    if row.unit != "s":
        return 1.0, row.unit
    values = row.measurements.get(OURS) or next(iter(row.measurements.values()), [1.0])
    middle = summary(values).median
    return next(((f, unit) for f, unit in SCALES if middle * f >= 0.9995), SCALES[-1])


def number(value):
    """Return a number with three digits that count.

    Example:
        >>> number(0.01234), number(12345.6)
        ('0.0123', '12,346')
    """
    return (
        f"{value:#.3g}".rstrip(".") if 1e-4 < value < 999.5 else f"{value:,.0f}" if value else "0"
    )


def middle_and_quartiles(values):
    """Return "3.00 [2.00, 4.00]"; of a single round only its number."""
    quartiles = summary(values)
    if len(values) < 2:
        return number(quartiles.median)
    return f"{number(quartiles.median)} [{number(quartiles.low)}, {number(quartiles.high)}]"


def cells(row):
    """Return a row as the cells of the table."""
    factor, unit = scale(row)
    columns = []
    for name in COLUMNS:
        values = row.measurements.get(name)
        nothing = "absent" if name in row.absent else "-"
        columns.append(middle_and_quartiles([factor * v for v in values]) if values else nothing)
    peer, ours = row.faster_peer(), OURS in row.measurements
    ratio = middle_and_quartiles(row.over(peer)) if peer and ours and row.comparable else ""
    share = middle_and_quartiles(row.sgemm_shares()) if row.sgemm and row.flops and ours else ""
    return [row.name, unit, *columns, ratio, share]


def target_cells(outcome):
    """Return an outcome as the cells of the table of targets."""
    ratio = middle_and_quartiles(outcome.ratios) if outcome.ratios else ""
    return [outcome.target.name, ratio, outcome.limits(), outcome.word, outcome.words]


def plain(lines):
    """Return rows of cells as text in columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    return "\n".join([texts[0], "-" * max(map(len, texts)), *texts[1:]])


def markdown(lines):
    """Return rows of cells as a table in Markdown."""
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    rule = ["---"] * len(lines[0])
    return "\n".join(f"| {' | '.join(line)} |" for line in [escaped[0], rule, *escaped[1:]])


def notes(rows):
    """Return a sentence for each row: how everybody did it, and who is absent."""
    sentences = []
    for row in rows:
        ways = ", ".join(f"{name}: {way}" for name, way in row.ways.items())
        absent = ", ".join(f"{name} absent: {reason}" for name, reason in row.absent.items())
        sentences.append(f"{row.name}: {'; '.join(filter(None, (row.note, ways, absent)))}")
    return sentences


def report(machine, rows, outcomes, table):
    """Return everything as one text.

    Args:
        machine: lines about it.
        rows, outcomes: the results.
        table: `plain` or `markdown`.
    """
    bullet = "* " if table is markdown else "  "
    parts = ["\n".join(f"{bullet}{line}" for line in machine)]
    parts.append(table([HEAD, *map(cells, rows)]))
    parts.append("Medians, in brackets the quartiles. Ratios are taken round by round.")
    parts.append(table([TARGET_HEAD, *map(target_cells, outcomes)]))
    parts.append("\n".join(f"{bullet}{line}" for line in notes(rows)))
    return "\n\n".join(parts) + "\n"


def csv_lines(rows, outcomes):
    """Yield a dictionary for each contender of each row, and for each target."""
    for row in rows:
        for name, values in row.measurements.items():
            yield {
                **{"kind": "row", "name": row.name, "contender": name, "unit": row.unit},
                **spread(summary(values)),
                **{"rounds": len(values), "way": row.ways.get(name, ""), "note": row.note},
            }
        for name, reason in row.absent.items():
            yield {"kind": "absent", "name": row.name, "contender": name, "note": reason}
    for outcome in outcomes:
        target = outcome.target
        yield {
            **{"kind": "target", "name": target.name, "unit": "ratio"},
            **(spread(summary(outcome.ratios)) if outcome.ratios else {}),
            **{"goal": target.goal, "least": target.least, "outcome": outcome.word},
            "note": outcome.words,
        }


def spread(quartiles):
    """Return a `Summary` as the columns of the CSV file."""
    low, high = quartiles.low, quartiles.high
    return {"median": quartiles.median, "low_quartile": low, "high_quartile": high}


def write_csv(path, rows, outcomes):
    """Write numbers in seconds, MB or times: one line for each contender of each row, and each target."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, CSV_HEAD)
        writer.writeheader()
        writer.writerows(csv_lines(rows, outcomes))
