"""Downloading known files: one mirror after the other, checked by SHA-256, renamed only when complete."""

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

PATIENCE = 15.0  # seconds to wait in all when no mirror answers; each gets an equal part
_STALE = 3600.0  # seconds; a temporary file older than this is a remainder of a killed process
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
    """Download files into a folder; each appears there complete and verified, or not at all.

    Several processes may do this at once with the same folder. A slow download goes on as long as bytes
    arrive.

    Args:
        files: what to download.
        folder: where to; made if need be.
        mirrors: addresses of folders that hold the files. Each is tried until one delivers; after
            any failure (a wrong SHA-256 included) the next one is.
        patience: seconds to wait in all when no mirror answers, > 0; each mirror gets an equal part.
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
        # Mirrors that failed are tried last from now on.
        best_first = best_first[failed:] + best_first[:failed]


def _prepare(folder: Path) -> None:
    """Make the folder, and delete old temporary files in it, which killed processes left."""
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
            continue  # another process deleted it first, or owns it: it does no harm


def _download_one(
    known: KnownFile, folder: Path, mirrors: Sequence[str], limit: float, progress: Progress | None
) -> int:
    """Download one file from the first mirror that delivers it; return how many mirrors failed before.

    Args:
        known: the file.
        folder: where to.
        mirrors: in the order to try them.
        limit: seconds to wait for each.
        progress: see `download`.

    Raises:
        DownloadError: if none delivers it.
    """
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
    """Download one file under a temporary name, check its SHA-256, then rename it.

    Raises:
        MirrorError: if the mirror does not deliver that file.
        DataFileError: if it cannot be written.
    """
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
    except OSError as error:  # of the disk: those of the network arrive as MirrorError
        raise DataFileError(target, f"cannot be written: {_reason(error)}", _WRITABLE) from error
    finally:  # also after Ctrl-C
        with contextlib.suppress(OSError):  # a read-only disk raises even if the file is not there
            part.unlink(missing_ok=True)


def _write_part(part: Path, chunks: Iterator[bytes]) -> str:
    """Write the chunks to a new file, flushed to the disk; return their SHA-256 as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(part, "xb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _publish(part: Path, target: Path, known: KnownFile) -> None:
    """Rename the verified file `part` to `target`, atomically."""
    try:
        os.replace(part, target)
    except PermissionError:
        # Windows refuses while another process reads `target`, which that process has just downloaded.
        # If it is the right file, ours is not needed.
        with open(target, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != known.sha256:
                raise


def _show(chunks: Iterator[bytes], known: KnownFile, progress: Progress | None) -> Iterator[bytes]:
    """Yield the chunks unchanged, with a progress bar if standard error is a terminal."""
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
    """Return the error for a file that no mirror delivered; `failures` has a reason for each mirror."""
    damaged = ", ".join(path.name for path in find_files(folder, known.name))
    state = f"damaged in this folder (wrong SHA-256: {damaged})" if damaged else "not here yet"
    reasons = "; ".join(failures) or "none was given"
    cause = f"{state}, and no mirror delivered it: {reasons}"
    return DownloadError(folder / known.name, cause, f"{put_files_here(folder)} {ELSE}")


def _host(mirror: str) -> str:
    """Return the host name in a mirror's address, for messages."""
    return urlsplit(mirror).netloc or mirror


def _reason(error: OSError) -> str:
    """Return the system's text for an error, without its number and file name."""
    return error.strerror or str(error)


def _say(line: str) -> None:
    """Print a line on standard error; a server's words in it may hold characters not to be printed."""
    print(printable(line), file=sys.stderr, flush=True)
