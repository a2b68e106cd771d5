"""A picture of the results: each contender's numbers divided by tinycnn's, a line for each row."""

from benchmarks.contenders import OURS
from benchmarks.timing import summary

COLOURS = {
    OURS: "black",
    "PyTorch": "tab:red",
    "Keras": "tab:orange",
    "NumPy": "tab:blue",
    "torch.compile": "tab:pink",
    "JAX": "tab:purple",
    "ONNX Runtime": "tab:green",
    "OpenVINO": "tab:cyan",
    "MNN": "tab:olive",
    "ncnn": "tab:brown",
    "LiteRT": "tab:gray",
}


def against_ours(row, name):
    """Return a contender's numbers in a row divided by tinycnn's median.

    (Not divided round by round, because NumPy takes part only in every third round.)
    """
    ours = summary(row.measurements[OURS]).median
    return [value / ours for value in row.measurements[name]]


def write_plot(path, rows):
    """Write the picture: for each row a point with quartiles for each contender; above 1 is slower than ours.

    Args:
        path: of the PNG file.
        rows: `results.Row`s; those without tinycnn, or not comparable, are left out.

    Raises:
        ImportError: if matplotlib is not installed.
    """
    from matplotlib.figure import Figure  # without pyplot: no window, no state left behind

    rows = [row for row in reversed(rows) if OURS in row.measurements and row.comparable]
    figure = Figure(figsize=(9, 1.2 + 0.3 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for name in COLOURS:
        points = [(place, row) for place, row in enumerate(rows) if row.measurements.get(name)]
        if not points:
            continue
        summaries = [summary(against_ours(row, name)) for _, row in points]
        middles = [quartiles.median for quartiles in summaries]
        errors = [
            [quartiles.median - quartiles.low for quartiles in summaries],
            [quartiles.high - quartiles.median for quartiles in summaries],
        ]
        rows_drawn = [place for place, _ in points]
        style = {"fmt": "|" if name == OURS else "o", "markersize": 5, "color": COLOURS[name]}
        axes.errorbar(middles, rows_drawn, xerr=errors, label=name, **style)
    axes.set_xscale("log")
    axes.set(xlabel="time or memory, tinycnn = 1 (median and quartiles)")
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=6)  # as wide as the names of the rows, too
    figure.savefig(path, dpi=120)
