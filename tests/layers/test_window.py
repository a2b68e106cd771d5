"""Where windows lie: the window of each output, and the outputs of each pixel, counted from each other."""

import itertools

import numpy as np
import pytest

from tinycnn.layers import Conv2D, MaxPooling2D
from tinycnn.layers.window import output_of, padding_name, padding_of, window_at, windows_over

CASES = [((5, 6), (3, 2), (1, 1)), ((7, 5), (2, 3), (2, 3)), ((4, 4), (1, 2), (3, 1))]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "window", "strides"), CASES)
def test_a_pixel_lies_in_the_windows_that_hold_it(size, window, strides, padding):
    layer = Conv2D(1, window, strides, padding)
    oh, ow = output_of(layer, (None, *size, 1), window)
    (top, _), (left, _) = padding_of(padding, size, window, strides)
    wanted = {pixel: set() for pixel in np.ndindex(size)}
    for i, j in np.ndindex(oh, ow):
        seen = window_at(layer, window, (*size, 1), (i, j))
        rows, columns = range(size[0])[seen.rows], range(size[1])[seen.columns]
        inside = seen.inside(window)
        assert [len(range(n)[s]) for n, s in zip(window, inside, strict=True)] == [
            len(rows),
            len(columns),
        ]
        for pixel in itertools.product(rows, columns):
            place = pixel[0] + top - i * strides[0], pixel[1] + left - j * strides[1]
            wanted[pixel].add(((i, j), place))
    for pixel in wanted:
        outputs, places = windows_over(layer, window, ((*size, 1), (oh, ow, 1)), pixel)
        pairs = zip(map(tuple, outputs.tolist()), map(tuple, places.tolist()), strict=True)
        assert set(pairs) == wanted[pixel]


def test_names_of_paddings_in_any_letters_and_what_is_no_image():
    assert padding_name("SAME") == "same"
    with pytest.raises(ValueError, match="padding must be 'valid' or 'same'"):
        padding_name("causal")
    for shape in ((None, 4), (None, None, 4, 1)):
        with pytest.raises(ValueError, match="MaxPooling2D takes images"):
            output_of(MaxPooling2D(), shape, (2, 2))
    with pytest.raises(ValueError, match="does not fit"):
        output_of(MaxPooling2D(3), (None, 2, 5, 1), (3, 3))
