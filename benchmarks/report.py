"""Writing the results as text, Markdown and CSV. Rows are `results.Row`, outcomes `targets.Outcome`."""

import csv

from benchmarks.contenders import COMPILERS, ENGINES, FRAMEWORKS, HALF, OURS, PEERS
from benchmarks.timing import summary

SCALES = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"))
TABLES = {  # the contenders whose fastest is compared with tinycnn: all columns of their table
    PEERS: FRAMEWORKS,
    COMPILERS: (OURS, *COMPILERS),
    ENGINES: (OURS, *ENGINES, HALF),
}
SHARE = "share of sgemm"
TARGET_HEAD = ["target", "ratio", "limits", "outcome", "compared"]
CSV_HEAD = [
    *("kind", "name", "contender", "unit", "median", "low_quartile", "high_quartile"),
    *("rounds", "way", "goal", "least", "outcome", "note"),
]


def scale(row):
    """Return (factor, unit) to show a row's numbers in, so that tinycnn's median is at least 1."""
    if row.unit != "s":
        return 1.0, row.unit
    values = row.measurements.get(OURS) or next(iter(row.measurements.values()), [1.0])
    middle = summary(values).median
    return next(((f, unit) for f, unit in SCALES if middle * f >= 0.9995), SCALES[-1])


def number(value):
    """Return a number as text with three significant digits, or without decimals from 1,000.

    Example:
        >>> number(0.01234), number(12345.6)
        ('0.0123', '12,346')
    """
    return (
        f"{value:#.3g}".rstrip(".") if 1e-4 < value < 999.5 else f"{value:,.0f}" if value else "0"
    )


def middle_and_quartiles(values):
    """Return median and quartiles as text, "3.00 [2.00, 4.00]"; of a single number only that."""
    quartiles = summary(values)
    if len(values) < 2:
        return number(quartiles.median)
    return f"{number(quartiles.median)} [{number(quartiles.low)}, {number(quartiles.high)}]"


def cells(row, rivals=PEERS):
    """Return a row as texts, in the order of `head`; rivals: a key of `TABLES`."""
    factor, unit = scale(row)
    columns = []
    for name in TABLES[rivals]:
        values = row.measurements.get(name)
        nothing = "absent" if name in row.absent else "-"
        columns.append(middle_and_quartiles([factor * v for v in values]) if values else nothing)
    peer, ours = row.faster_peer(rivals), OURS in row.measurements
    ratio = middle_and_quartiles(row.over(peer)) if peer and ours and row.comparable else ""
    share = middle_and_quartiles(row.sgemm_shares()) if row.sgemm and row.flops and ours else ""
    return [row.name, unit, *columns, ratio, *([share] if rivals == PEERS else [])]


def head(rivals):
    """Return the head of a table; rivals: a key of `TABLES`."""
    words = "faster peer / tinycnn" if rivals == PEERS else "fastest of these / tinycnn"
    return ["what", "unit", *TABLES[rivals], words, *([SHARE] if rivals == PEERS else [])]


def tables(rows):
    """Return the tables of `TABLES`, each a list of lists of texts, without rows and tables nobody is in."""
    found = []
    for rivals, columns in TABLES.items():
        others = columns if rivals == PEERS else rivals
        taking_part = [r for r in rows if any(n in {**r.measurements, **r.absent} for n in others)]
        if taking_part:
            found.append([head(rivals), *(cells(row, rivals) for row in taking_part)])
    return found


def target_cells(outcome):
    """Return an outcome as texts, in the order of `TARGET_HEAD`."""
    ratio = middle_and_quartiles(outcome.ratios) if outcome.ratios else ""
    return [outcome.target.name, ratio, outcome.limits(), outcome.word, outcome.words]


def plain(lines):
    """Return a table, a list of lists of texts whose first is the head, as text in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    return "\n".join([texts[0], "-" * max(map(len, texts)), *texts[1:]])


def markdown(lines):
    """Return a table, a list of lists of texts whose first is the head, in Markdown."""
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    rule = ["---"] * len(lines[0])
    return "\n".join(f"| {' | '.join(line)} |" for line in [escaped[0], rule, *escaped[1:]])


def notes(rows):
    """Return a line for each row: its note, each contender's way, and who is absent and why."""
    sentences = []
    for row in rows:
        ways = ", ".join(f"{name}: {way}" for name, way in row.ways.items())
        absent = ", ".join(f"{name} absent: {reason}" for name, reason in row.absent.items())
        sentences.append(f"{row.name}: {'; '.join(filter(None, (row.note, ways, absent)))}")
    return sentences


def read_records(file):
    """Return (lines about how they were measured, a table as a list of lists of texts, the head first).

    Args:
        file: records.md of `python -m benchmarks.records`.

    Raises:
        ValueError: if it holds no table.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    if len(found) < 3 or any(len(cells) != len(found[0]) for cells in found):
        raise ValueError(f"{file} must hold the table that python -m benchmarks.records writes")
    about = [line for line in lines if line and not line.startswith("|")]
    return about, [found[0], *found[2:]]  # without the rule below the head


def report(machine, rows, outcomes, records, table):
    """Return the whole report as one text.

    Args:
        machine: lines about the machine.
        rows, outcomes: the results.
        records: from `read_records`; None leaves them out.
        table: the function that makes tables: `plain` or `markdown`.
    """
    bullet = "* " if table is markdown else "  "
    parts = ["\n".join(f"{bullet}{line}" for line in machine)]
    parts += map(table, tables(rows))
    parts.append("Medians, in brackets the quartiles. Ratios are taken round by round.")
    parts.append(table([TARGET_HEAD, *map(target_cells, outcomes)]))
    if records:
        about, lines = records
        parts += ["Records:", "\n".join(f"{bullet}{line}" for line in about), table(lines)]
    parts.append("\n".join(f"{bullet}{line}" for line in notes(rows)))
    return "\n\n".join(parts) + "\n"


def csv_lines(rows, outcomes):
    """Yield a dict with some of `CSV_HEAD`'s columns for each contender of each row, and for each target."""
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
    """Return a `timing.Summary` as {column of the CSV file: number}."""
    low, high = quartiles.low, quartiles.high
    return {"median": quartiles.median, "low_quartile": low, "high_quartile": high}


def write_csv(path, rows, outcomes):
    """Write a CSV file: a line for each contender of each row, and for each target.

    Numbers are in the unit that the line names, not scaled as in the tables.
    """
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, CSV_HEAD)
        writer.writeheader()
        writer.writerows(csv_lines(rows, outcomes))
