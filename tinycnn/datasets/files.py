"""The four files of MNIST: names, sizes and SHA-256, packed and unpacked; and finding them in a folder."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycnn.utils.errors import DataFileError


@dataclass(frozen=True)
class KnownFile:
    """One file whose content is known in advance.

    Args:
        name: its name as the mirrors spell it, ending in ".gz".
        size: bytes of the gzip file.
        sha256: of the gzip file, 64 hexadecimal digits.
        raw_size: bytes after unpacking.
        raw_sha256: after unpacking.

    Example:
        >>> FILES[1].name, FILES[1].raw_size
        ('train-labels-idx1-ubyte.gz', 60008)
    """

    name: str
    size: int
    sha256: str
    raw_size: int
    raw_sha256: str


# Always in this order: training images, training labels, test images, test labels.
FILES = (
    KnownFile(
        name="train-images-idx3-ubyte.gz",
        size=9_912_422,
        sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        raw_size=47_040_016,
        raw_sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    KnownFile(
        name="train-labels-idx1-ubyte.gz",
        size=28_881,
        sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        raw_size=60_008,
        raw_sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    KnownFile(
        name="t10k-images-idx3-ubyte.gz",
        size=1_648_877,
        sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        raw_size=7_840_016,
        raw_sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    KnownFile(
        name="t10k-labels-idx1-ubyte.gz",
        size=4_542,
        sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        raw_size=10_008,
        raw_sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)
NAMES = tuple(known.name for known in FILES)
# The names of EMNIST's two splits that hold the ten digits (G. Cohen et al., "EMNIST: an extension of
# MNIST to handwritten letters", 2017).
EMNIST_NAMES = tuple(
    tuple(f"emnist-{split}-{name.replace('t10k', 'test')}" for name in NAMES)
    for split in ("digits", "mnist")
)
READABLE = "Make it readable for you, or name a copy of it that you can read."


def spellings(name: str) -> tuple[str, ...]:
    """Return the four names that a file may have: packed or not, with "-idx" or ".idx".

    Args:
        name: the mirrors' name, such as "t10k-labels-idx1-ubyte.gz".

    Example:
        >>> spellings("t10k-labels-idx1-ubyte.gz")[2:]
        ('t10k-labels.idx1-ubyte.gz', 't10k-labels.idx1-ubyte')
    """
    raw = name.removesuffix(".gz")
    dotted = raw.replace("-idx", ".idx")
    return f"{raw}.gz", raw, f"{dotted}.gz", dotted


def axes_of(name: str) -> int:
    """Return how many axes the array in a file has: 3 for images, 1 for labels.

    Args:
        name: of the file, in any spelling.

    Example:
        >>> axes_of("t10k-labels.idx1-ubyte")
        1
    """
    return 3 if "idx3" in name else 1


def find_files(folder: str | os.PathLike, name: str) -> list[Path]:
    """Return the files in `folder` that have one of the `spellings` of `name`, in that order.

    Args:
        folder: where to look; it need not exist.
        name: the mirrors' name, such as "t10k-labels-idx1-ubyte.gz".

    Raises:
        DataFileError: the folder cannot be looked into, for lack of permission.

    Example:
        >>> find_files("no such folder", NAMES[0])
        []
    """
    return [path for path in (Path(folder) / s for s in spellings(name)) if _is_file(path)]


def _is_file(path: Path) -> bool:
    """Return whether this is a regular file.

    Raises:
        DataFileError: if the system does not tell, where `os.path.isfile` would return False.
    """
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: a NUL in the name
        return False
    except OSError as error:
        raise DataFileError(path, f"it cannot be read: {error.strerror}", READABLE) from error


def put_files_here(folder: str | os.PathLike, names: Sequence[str] = NAMES) -> str:
    """Return a sentence that tells the user to put these files into `folder`; for errors.

    Args:
        folder: where the files belong.
        names: of the four files.

    Example:
        >>> put_files_here("data").startswith("Put these four files here, in data")
        True
    """
    here = f"Put these four files here, in {os.fspath(folder)}, packed or unpacked"
    return f"{here}: {', '.join(names)}."
