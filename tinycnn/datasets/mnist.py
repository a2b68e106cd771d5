"""MNIST: 70,000 handwritten digits, by Yann LeCun, Corinna Cortes and Christopher Burges."""

import os
from collections.abc import Sequence

from tinycnn.datasets.cache import cache_folder, read_cache
from tinycnn.datasets.download import PATIENCE
from tinycnn.datasets.files import FILES, KnownFile
from tinycnn.datasets.folder import Split, parse_contents, read_folder

# Run by three independent operators. The original address is gone since 2025.
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
    """Load MNIST from the cache folder, or else download it into that from the first mirror that works.

    Args:
        path: Keras's first argument; only its default is accepted.
        folder: read the four files from this folder, without cache or network (any data in MNIST's
            format, packed or unpacked; EMNIST's under their own names). None: use the cache, in the
            folder $TINYCNN_HOME or else the system's cache folder.
        mirrors: addresses of folders that hold the files, tried in this order; () for no network.
        files: names, sizes and SHA-256 of the four files.
        patience: seconds to wait in all when no mirror answers, > 0; each gets an equal part.

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
