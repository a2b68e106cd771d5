"""Downloading: mirrors tried in turn, SHA-256 always, no partial file under a final name."""

import contextlib
import hashlib
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tinycnn.datasets.files import KnownFile, find_files, put_files_here
from tinycnn.datasets.transfer import MirrorError, receive
from tinycnn.utils.errors import DataFileError, DownloadError
from tinycnn.utils.printable import printable
from tinycnn.utils.validation import check_number

PATIENCE = 15.0  # seconds of silence in all when no mirror answers, shared by the mirrors
_STALE = 3600.0  # seconds after which nobody can still be writing a temporary file
Progress = Callable[[str, int], None]
ELSE = 'Or take the sample that comes with tinycnn: --data sample, datasets.load("sample").'
_WRITABLE = "Free some space there, or set TINYCNN_HOME to a folder that you can write to."


def download(
    files: Sequence[KnownFile],
    folder: str | os.PathLike,
    mirrors: Sequence[str],
    patience: float = PATIENCE,
    progress: Progress | None = None,
) -> None:
    """Download files into a folder; each appears there whole and verified, or not at all.

    Any number of processes may do this at once, on the same folder. A slow download is never given
    up while bytes arrive; silence is.

    Args:
        files: what to download.
        folder: where to; made if need be.
        mirrors: addresses of folders that hold the files. Each is tried until one delivers; after
            any failure (a wrong SHA-256 included) the next one is.
        patience: seconds of silence to bear in all before giving up, > 0.
        progress: called with a file's name and how many of its bytes are here; what it raises ends the
            download.

    Raises:
        DownloadError: no mirror delivered a file; names each mirror and what it did.
        DataFileError: the folder cannot be written to.

    Example:
        >>> download(FILES, "data", ["https://example.org/mnist/"])  # doctest: +SKIP
    """
    if check_number("patience", patience) <= 0:
        raise ValueError(f"patience must be a number of seconds above 0, received {patience!r}")
    folder = Path(folder)
    _prepare(folder)
    best_first = list(mirrors)
    for known in files:
        limit = patience / max(1, len(best_first))
        failed = _download_one(known, folder, best_first, limit, progress)
        best_first = best_first[failed:] + best_first[:failed]


def _prepare(folder: Path) -> None:
    """Make the folder, and sweep out what a killed process left there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cause = "it is a file, not a folder" if os.path.isfile(folder) else _reason(error)
        raise DataFileError(folder, f"cannot be the cache folder: {cause}", _WRITABLE) from error
    for part in folder.glob("*-ubyte.gz.*.part"):
        try:
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()
        except OSError:
            continue  # another process swept it first, or owns it: it does no harm


def _download_one(
    known: KnownFile,
    folder: Path,
    mirrors: Sequence[str],
    limit: float,
    progress: Progress | None,
) -> int:
    """Download one file from the first mirror that delivers it; return how many failed before."""
    failures: list[str] = []
    for mirror in mirrors:
        try:
            _download_from(mirror, known, folder, limit, progress)
        except MirrorError as error:
            failures.append(f"{_host(mirror)}: {error}")
            _say(f"  failed: {failures[-1]}")
        else:
            return len(failures)
    raise _nobody_delivered(known, folder, failures)


def _download_from(
    mirror: str, known: KnownFile, folder: Path, limit: float, progress: Progress | None
) -> None:
    """Download one file under a temporary name, verify it, then give it its own name."""
    from tqdm import tqdm

    size = tqdm.format_sizeof(known.size, "B")
    _say(f"downloading {known.name} ({size}) from {_host(mirror)}")
    target = folder / known.name
    part = folder / f"{known.name}.{secrets.token_hex(8)}.part"
    try:
        chunks = receive(f"{mirror.rstrip('/')}/{known.name}", known.size, limit)
        digest = _write_part(part, _show(chunks, known, progress))
        if digest != known.sha256:
            raise MirrorError(f"sent a file with SHA-256 {digest}, expected {known.sha256}")
        _publish(part, target, known)
    except OSError as error:  # the disk's: the network's arrive as MirrorError
        raise DataFileError(target, f"cannot be written: {_reason(error)}", _WRITABLE) from error
    finally:  # on Ctrl-C as well
        with contextlib.suppress(OSError):  # a read-only disk refuses even where there is nothing
            part.unlink(missing_ok=True)


def _write_part(part: Path, chunks: Iterator[bytes]) -> str:
    """Write the chunks to a new file and onto the disk; return their SHA-256."""
    digest = hashlib.sha256()
    with open(part, "xb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _publish(part: Path, target: Path, known: KnownFile) -> None:
    """Rename the verified file to its own name, in one step."""
    try:
        os.replace(part, target)
    except PermissionError:
        # Windows refuses while another process reads the same file, which that process has just
        # finished downloading: then ours is not needed.
        with open(target, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != known.sha256:
                raise


def _show(chunks: Iterator[bytes], known: KnownFile, progress: Progress | None) -> Iterator[bytes]:
    """Pass the chunks on, with a progress bar while they arrive if a person is watching."""
    from tqdm import tqdm

    unwatched = sys.stderr is None or not sys.stderr.isatty()  # None: a program without a console
    with tqdm(total=known.size, unit="B", unit_scale=True, leave=False, disable=unwatched) as bar:
        received = 0
        for chunk in chunks:
            received += len(chunk)
            bar.update(len(chunk))
            if progress is not None:
                progress(known.name, received)
            yield chunk


def _nobody_delivered(known: KnownFile, folder: Path, failures: list[str]) -> DownloadError:
    damaged = ", ".join(path.name for path in find_files(folder, known.name))
    state = f"damaged in this folder (wrong SHA-256: {damaged})" if damaged else "not here yet"
    reasons = "; ".join(failures) or "none was given"
    cause = f"{state}, and no mirror delivered it: {reasons}"
    return DownloadError(folder / known.name, cause, f"{put_files_here(folder)} {ELSE}")


def _host(mirror: str) -> str:
    return urlsplit(mirror).netloc or mirror


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)  # servers word their answers as they like
