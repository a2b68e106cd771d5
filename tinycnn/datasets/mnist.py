"""MNIST: 70,000 handwritten digits, by Yann LeCun, Corinna Cortes and Christopher Burges."""

import os
from collections.abc import Sequence

from tinycnn.datasets.cache import cache_folder, read_cache
from tinycnn.datasets.download import PATIENCE
from tinycnn.datasets.files import FILES, KnownFile
from tinycnn.datasets.folder import Split, parse_contents, read_folder

# Three operators who have nothing to do with each other. The original address is gone since 2025.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
_KERAS_PATH = "mnist.npz"


def load_data(
    path: str = _KERAS_PATH,
    *,
    folder: str | os.PathLike | None = None,
    mirrors: Sequence[str] = MIRRORS,
    files: Sequence[KnownFile] = FILES,
    patience: float = PATIENCE,
) -> tuple[Split, Split]:
    """Load MNIST, from the cache if it is there, else from the first mirror that delivers it.

    Args:
        path: Keras's first argument, and its default: the only value accepted.
        folder: read the four files (packed or unpacked, any data in MNIST's format; EMNIST's under
            their own names, set upright) from here, and leave cache and network alone. None:
            $TINYCNN_HOME, else the system's cache folder.
        mirrors: addresses of folders that hold the files, tried in this order; () for no network.
        files: names, sizes and SHA-256 of the four files.
        patience: seconds of silence to bear in all when no mirror answers, > 0.

    Returns:
        ((x_train, y_train), (x_test, y_test)): uint8 (60000, 28, 28), 0 = background and 255 = foreground;
        uint8 (60000,), 0..9; and 10,000 of each for testing.

    Raises:
        ValueError: another `path`.
        DownloadError: the files are not in the cache, and no mirror delivered them.
        DataFileError: a file is missing from `folder`, damaged, or not what its name says; the
            cache cannot be read or written.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    if path != _KERAS_PATH:
        raise ValueError(
            f"path must be {_KERAS_PATH!r}, Keras's default, received {path!r}: tinycnn reads "
            "the four original files; name their folder with folder=..., or set TINYCNN_HOME"
        )
    if folder is not None:
        return parse_contents(read_folder(folder))
    return parse_contents(read_cache(cache_folder(), files, mirrors, patience))
