"""From what people have, a picture or the strokes of a pen, to what MNIST shows: one digit, 28 x 28."""

from tinycnn.preprocessing.mnist_format import (
    centre,
    find_ink,
    fit_box,
    strokes_to_mnist,
    to_grey,
    to_mnist,
)

__all__ = ["centre", "find_ink", "fit_box", "strokes_to_mnist", "to_grey", "to_mnist"]
