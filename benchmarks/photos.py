"""How many photos of one digit are read, of every kind: half of MNIST's test digits, half of strokes."""

import collections
import os
import tempfile

import numpy as np

from benchmarks.pages.hand import drawn_with_a_mouse
from benchmarks.pages.page import save
from benchmarks.pages.photo import PHOTOS, draw_photo
from tinycnn.preprocessing import image_files
from tinycnn.pretrained.reading import SURE, read_picture

COUNTED = ("right", "misread", "unsure", "refused")


def photos(kind, count, seed, digits):
    """Yield `count` photos of a kind; the same seed gives the same photos.

    Args:
        kind: one of PHOTOS.
        count, seed: numbers.
        digits: of `tinycnn.datasets.load`.
    """
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        place = rng.integers(len(digits.x_test))
        digit, drawing = int(digits.y_test[place]), digits.x_test[place]
        if number % 2:
            drawing = drawn_with_a_mouse(rng, digit)
        yield draw_photo(kind, rng, digit, drawing)


def outcome(photo, classify, path):
    """Return which of COUNTED a photo is, that is written to a file and read from it.

    Args:
        photo: of `draw_photo`.
        classify: see `tinycnn.pretrained.reading.read_rows`.
        path: of the file.
    """
    save(photo, path)
    try:
        rows = read_picture(image_files.read_picture(path), classify)
    except ValueError:
        return "refused"
    found = [one for row in rows for one in row]
    if all(one.probability < SURE for one in found):
        return "unsure"
    [[(digit, _)]] = photo.rows
    return "right" if [one.digit for one in found] == [digit] else "misread"


def report_photos(classify, digits, count, seed):
    """Print for every kind of photo how many percent are read right, misread, called unsure, or refused.

    Args:
        classify: see `tinycnn.pretrained.reading.read_rows`.
        digits: of `tinycnn.datasets.load`.
        count: photos of each kind.
        seed: of the photos.
    """
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "photo.jpg")
        for kind in PHOTOS:
            made = photos(kind, count, seed, digits)
            table[kind] = collections.Counter(outcome(photo, classify, path) for photo in made)
    table["all"] = sum(table.values(), collections.Counter())
    print(f"{'percent of the photos':22}" + "".join(f"{name:>10}" for name in COUNTED))
    for kind, counts in table.items():
        shares = (100 * counts[name] / counts.total() for name in COUNTED)
        print(f"{kind:22}" + "".join(f"{share:10.2f}" for share in shares))
    print()
