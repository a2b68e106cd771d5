"""What the tests of single kernels share: whoever imports it is skipped where only the definitions run."""

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import reference

if ops.implementation() is reference:
    pytest.skip("without Numba only the definitions run", allow_module_level=True)


DTYPES = (np.float32, np.float64)


NONE = ((0, 0), (0, 0))


CONVOLUTIONS = {  # n, h, w, c, kh, kw, f, strides, padding
    "plain": (2, 7, 6, 3, 3, 3, 5, (1, 1), NONE),
    "one channel, 17 filters": (3, 6, 6, 1, 3, 3, 17, (1, 1), NONE),
    "17 channels, one filter": (2, 6, 5, 17, 2, 3, 1, (1, 1), NONE),
    "window as large as the image": (2, 5, 4, 3, 5, 4, 6, (1, 1), NONE),
    "one sample": (1, 8, 8, 2, 3, 3, 64, (1, 1), NONE),
    "stride that does not divide": (2, 8, 9, 2, 3, 2, 4, (3, 4), NONE),
    "stride larger than the window": (2, 9, 9, 2, 2, 2, 4, (4, 3), NONE),
    "uneven padding and stride": (3, 8, 9, 5, 3, 3, 65, (2, 3), ((1, 1), (0, 1))),
    "window wholly in the padding": (2, 3, 3, 2, 2, 2, 3, (1, 1), ((2, 3), (3, 2))),
    "1x1": (4, 5, 5, 16, 1, 1, 33, (1, 1), NONE),
    "more samples than chunks": (37, 9, 9, 3, 3, 3, 80, (1, 1), ((1, 1), (1, 1))),
    "no samples": (0, 5, 5, 2, 3, 3, 4, (1, 1), NONE),
    "wide image": (2, 3, 40, 2, 3, 3, 130, (1, 1), NONE),
    "16 to 32": (3, 8, 17, 16, 3, 3, 32, (1, 1), ((1, 1), (1, 1))),
    "32 to 96": (1, 6, 15, 32, 3, 3, 96, (1, 1), NONE),
    "48 to 33, strides": (2, 9, 12, 48, 3, 4, 33, (2, 3), ((1, 0), (2, 1))),
    "33 to 48, a stride larger than the window": (2, 10, 11, 33, 2, 2, 48, (3, 3), NONE),
    "96 to 16, strides": (1, 13, 14, 96, 5, 3, 16, (3, 2), ((2, 2), (1, 1))),
    "strides and rows that met nothing": (2, 8, 11, 4, 3, 3, 9, (5, 4), ((0, 2), (1, 0))),
}


CONVOLUTIONS |= {
    "3 channels back from 17 filters": (2, 9, 20, 3, 3, 4, 17, (1, 1), ((2, 2), (3, 1))),
    "one channel, a window that is wide": (2, 6, 37, 1, 2, 7, 16, (1, 1), ((0, 1), (6, 6))),
    "more padding than the window has": (2, 5, 7, 17, 1, 2, 17, (1, 1), ((2, 0), (1, 2))),
    "3 to 48": (2, 9, 8, 3, 3, 3, 48, (1, 1), NONE),
    "one column of output, 40 filters": (1, 9, 3, 2, 3, 3, 40, (1, 1), NONE),
}


CONVOLUTIONS |= {  # with 127 filters, a row of pixels meets every width of a tile
    f"{pixels} in a row, 127 filters": (1, 1, pixels, 2, 1, 1, 127, (1, 1), NONE)
    for pixels in range(1, 13)
}


def integers(rng, *shape, dtype):
    return rng.integers(-3, 4, shape).astype(dtype)


def paired(actual, wanted):
    """Pair one result with one, or each of several with each of several."""
    both = actual, wanted
    return zip(*(b if isinstance(b, tuple) else (b,) for b in both), strict=True)


def some_images(case, rng, dtype):
    """Return x, kernel, bias, strides and padding of one of CONVOLUTIONS."""
    n, h, w, c, kh, kw, f, strides, padding = CONVOLUTIONS[case]
    shapes = (n, h, w, c), (kh, kw, c, f), (f,)
    return *(integers(rng, *shape, dtype=dtype) for shape in shapes), strides, padding
