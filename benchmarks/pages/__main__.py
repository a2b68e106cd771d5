"""How many digits are read on rendered pages: `python -m benchmarks.pages`.

For each kind of page it prints how many percent of the digits are read in place (the right digit in the right
place of the right row), how many are read as another digit, called unsure or not found, and how many were
invented: found where none is, of all that is there. A digit is unsure below a probability of 0.5.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import argparse
import collections
import os
import tempfile
import time

import numpy as np
from tqdm import tqdm

from benchmarks.pages.hand import drawn_roughly, drawn_with_a_mouse
from benchmarks.pages.page import KINDS, pages, save
from tinycnn.preprocessing.image_files import read_picture
from tinycnn.pretrained.reading import SURE, read_rows
from tinycnn.utils.cli import run, whole_number

COUNTED = ("in place", "misread", "unsure", "missing", "invented")


def outcome(page, classify, path):
    """Return {outcome: digits} of a page that is written to a file and read from it.

    Args:
        page: of `benchmarks.pages.page`.
        classify: see `read_rows`.
        path: of the file.
    """
    save(page, path)
    picture = read_picture(path)
    times = page.picture.shape[0] / picture.shape[0]
    try:
        rows = read_rows(picture, classify)
    except ValueError:
        rows = []
    return compared(page.rows, rows, times)


def compared(truth, rows, times):
    """Return {outcome: digits}: what is on a page against what was found.

    Args:
        truth: rows of (digit, box).
        rows: of `read_rows`.
        times: pixels of the truth's boxes for one of the others.
    """
    counts = collections.Counter(digits=sum(map(len, truth)))
    places = {}  # of what was found: (row, place in it) of the truth
    order = []
    for row in rows:
        for digit in row:
            box = np.array(digit.box) * times
            fits = [
                (overlap(box, other), (i, k))
                for i, written in enumerate(truth)
                for k, (_, other) in enumerate(written)
            ]
            share, place = max(fits)
            if share < 0.5 or place in places:
                counts["invented"] += digit.probability >= SURE
                continue
            places[place] = digit
            order.append(place)
    in_order = longest_in_order(order)
    for place, digit in places.items():
        right = digit.digit == truth[place[0]][place[1]][0]
        sure = digit.probability >= SURE
        name = ("in place" if right and place in in_order else "misread") if sure else "unsure"
        counts[name] += 1
    counts["missing"] = counts["digits"] - len(places)
    return counts


def overlap(box, other):
    """Return the area that two boxes share, of what they cover together."""
    top, left = np.maximum(box[:2], other[:2])
    bottom, right = np.minimum(box[2:], other[2:])
    shared = max(bottom - top, 0) * max(right - left, 0)
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (box, other)]
    return shared / (sum(areas) - shared)


def longest_in_order(places):
    """Return the longest part of some places that rises from one to the next."""
    best = []  # for each place, the longest part that ends there
    for place in places:
        before = [part for part in best if part[-1] < place]
        best.append([*max(before, key=len, default=[]), place])
    return set(max(best, key=len, default=[]))


def bundled():
    """Return a function that reads images with the bundled model: see `read_rows`."""
    from tinycnn import pretrained

    model = pretrained.load()
    return lambda images: model.predict(images[..., None] / np.float32(255), verbose=0)


def main():
    """Run the command: print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=whole_number(), default=200, help="default: 200")
    parser.add_argument("--seed", type=whole_number(0), default=2026, help="default: 2026")
    parser.add_argument(
        "--rough", action="store_true", help="the digits that constants are tried on"
    )
    parser.add_argument(
        "--keep", metavar="FOLDER", help="keep pages that were not read right there"
    )
    options = parser.parse_args()
    if options.keep is not None and not os.path.isdir(options.keep):
        parser.error(f"--keep: there is no folder {options.keep!r}. Make the folder first.")
    classify, hand = bundled(), drawn_roughly if options.rough else drawn_with_a_mouse
    table, spent = {kind: collections.Counter() for kind in KINDS}, []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "page.jpg")
        made = pages(options.pages, options.seed, hand)
        for number, page in enumerate(tqdm(made, total=options.pages, leave=False, disable=None)):
            start = time.perf_counter()
            counts = outcome(page, classify, path)
            spent.append(time.perf_counter() - start)
            table[page.kind] += counts
            if options.keep and counts["in place"] < counts["digits"]:
                save(page, os.path.join(options.keep, f"{number} {page.kind}.jpg"))
    table["all"] = sum(table.values(), collections.Counter())
    print(f"{'percent of the digits':18}{'digits':>8}" + "".join(f"{name:>10}" for name in COUNTED))
    for kind, counts in table.items():
        shares = (100 * counts[name] / max(counts["digits"], 1) for name in COUNTED)
        print(f"{kind:21}{counts['digits']:8}" + "".join(f"{share:10.2f}" for share in shares))
    print(
        f"{1000 * np.median(spent):.0f} ms a page (median), {1000 * max(spent):.0f} ms the slowest"
    )


if __name__ == "__main__":
    run(main)
