"""The cache: the folder for downloaded files, whose SHA-256 is checked whenever they are read."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from tinycnn.datasets.download import download
from tinycnn.datasets.files import KnownFile, axes_of, find_files, put_files_here
from tinycnn.datasets.folder import Content
from tinycnn.datasets.idx import read_bytes, unpack
from tinycnn.utils.errors import DataFileError


def cache_folder() -> Path:
    """Return the folder for downloaded files: $TINYCNN_HOME, else one in the system's cache folder.

    That is ~/.cache/tinycnn on Linux, ~/Library/Caches/tinycnn on macOS and
    %LOCALAPPDATA%\\tinycnn\\tinycnn\\Cache on Windows. The four files lie directly in it.

    Example:
        >>> folder = cache_folder()  # Path('/home/ada/.cache/tinycnn')
    """
    home = os.environ.get("TINYCNN_HOME", "")
    if home:
        return Path(os.path.expanduser(home))
    import platformdirs

    return platformdirs.user_cache_path("tinycnn")


def read_cache(
    folder: str | os.PathLike, files: Sequence[KnownFile], mirrors: Sequence[str], patience: float
) -> tuple[Content, ...]:
    """Return the contents of these files from the cache; download those that are missing or damaged.

    Args:
        folder: the cache.
        files: what must be there.
        mirrors: addresses of folders that hold the files, tried in this order.
        patience: seconds to wait in all when no mirror answers.

    Returns:
        The contents, in the order of `files`.

    Raises:
        DownloadError: no mirror delivered a file.
        DataFileError: the cache cannot be read or written.

    Example:
        >>> contents = read_cache(cache_folder(), FILES, MIRRORS, 15.0)  # doctest: +SKIP
    """
    contents = {known: _find_whole(folder, known) for known in files}
    absent = [known for known, content in contents.items() if content is None]
    if absent:
        download(absent, folder, mirrors, patience)
        contents |= {known: _read_downloaded(folder, known) for known in absent}
    return tuple(contents[known] for known in files)


def _find_whole(folder: str | os.PathLike, known: KnownFile) -> Content | None:
    """Return the unpacked content of the first file in `folder` with the known SHA-256; None if none has it.

    The SHA-256 may be that of the packed or of the unpacked file.
    """
    for path in find_files(folder, known.name):
        if os.path.getsize(path) not in (known.size, known.raw_size):
            continue
        data = read_bytes(path)
        if hashlib.sha256(data).hexdigest() in (known.sha256, known.raw_sha256):
            return Content(path, unpack(data, path, axes_of(known.name)))
    return None


def _read_downloaded(folder: str | os.PathLike, known: KnownFile) -> Content:
    """Return the content of a file just downloaded; raise DataFileError if it is no longer there."""
    content = _find_whole(folder, known)
    if content is None:
        path = Path(folder) / known.name
        cause = "it was downloaded whole, then changed or removed by another program"
        raise DataFileError(path, cause, put_files_here(folder))
    return content
