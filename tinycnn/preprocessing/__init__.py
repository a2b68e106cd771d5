"""Turns a picture, or the strokes of a pen, into a 28 x 28 image prepared as MNIST's were.

Also here: reading picture files (`image_files`) and new variations of training digits (`augmentation`).
`find_ink` is the name that `find_foreground` had before, and stays importable.
"""

from tinycnn.preprocessing.mnist_format import (
    centre,
    find_foreground,
    fit_box,
    place_picture,
    place_strokes,
    strokes_to_mnist,
    to_grey,
    to_mnist,
)

find_ink = find_foreground

__all__ = [
    "centre",
    "find_foreground",
    "find_ink",
    "fit_box",
    "place_picture",
    "place_strokes",
    "strokes_to_mnist",
    "to_grey",
    "to_mnist",
]
