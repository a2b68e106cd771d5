"""A few digits of the sample as a folder of MNIST's four files, for trainings that take a second."""

import atexit
import functools
import gzip
import pathlib
import tempfile

from tinycnn import datasets


def idx(array):
    """Return an array in the format of the MNIST files."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_few_digits(folder, change=None):
    """Write 256 and 100 digits, two of the four files compressed.

    Args:
        folder: a `Path` that is there.
        change: function(x, y) that returns other training images and labels; None: as they are.
    """
    digits = datasets.load("sample")
    x, y = digits.x_train[:256], digits.y_train[:256]
    x, y = (x, y) if change is None else change(x, y)
    for name, array in {
        "train-images-idx3-ubyte": x,
        "train-labels-idx1-ubyte": y,
        "t10k-images-idx3-ubyte.gz": digits.x_test[:100],
        "t10k-labels-idx1-ubyte.gz": digits.y_test[:100],
    }.items():
        content = idx(array)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


@functools.cache
def few_digits():
    """Return the name of a folder with them that is there as long as this process."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    write_few_digits(pathlib.Path(folder.name))
    return folder.name
