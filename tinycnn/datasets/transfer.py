"""Receiving one file from one mirror over HTTP; any failure is a `MirrorError`.

`receive` starts a thread that asks the mirror and puts what arrives into a queue, the inbox.
"""

import math
import queue
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tinycnn import __version__

if TYPE_CHECKING:
    import requests

_CHUNK = 16_384  # bytes
_MAX_REDIRECTS = 5
_POLL = 0.1  # seconds; on Windows, Ctrl-C does not interrupt a wait without end
_HEADERS = {
    "User-Agent": f"tinycnn/{__version__}",  # a server of MNIST once refused Python's own
    "Accept-Encoding": "identity",  # the SHA-256 is that of the file as it is stored
}


class MirrorError(Exception):
    """A mirror did not deliver a file. The text completes a sentence that begins with the mirror's name."""


def receive(url: str, size: int, limit: float) -> Iterator[bytes]:
    """Yield the content of `url` in chunks as they arrive: exactly `size` bytes in all.

    A thread of its own does the network calls, because a wait for a name server cannot be interrupted;
    after the time limit that thread is abandoned.

    Args:
        url: http or https.
        size: bytes, known in advance.
        limit: seconds, until the first byte, and between one byte and the next.

    Raises:
        MirrorError: anything else happened.

    Example:
        >>> content = b"".join(receive("https://example.org/a.gz", 4542, 5.0))  # doctest: +SKIP
    """
    import requests

    inbox: queue.SimpleQueue = queue.SimpleQueue()
    stop = threading.Event()
    arguments = (requests.Session(), url, size, limit, inbox, stop)
    threading.Thread(target=_run, args=arguments, daemon=True).start()
    received = 0
    try:
        chunk = _next_item(inbox, limit, time.monotonic() + limit)
        while chunk:
            received += len(chunk)
            yield chunk
            chunk = _next_item(inbox, limit, math.inf)  # here the socket's timeout is enough
    finally:
        stop.set()
    if received != size:
        raise MirrorError(f"sent {_amount(received, size)} bytes, expected {size:,}")


def _next_item(inbox: queue.SimpleQueue, limit: float, deadline: float) -> bytes:
    """Return the next chunk from the thread, b"" at the end.

    Args:
        inbox: what `_run` fills.
        limit: seconds, for the message.
        deadline: `time.monotonic()` after which to give up.

    Raises:
        MirrorError: after the deadline, or for an exception that the thread has put into the inbox.
    """
    while True:
        try:
            item = inbox.get(timeout=_POLL)
        except queue.Empty:
            if time.monotonic() > deadline:
                raise MirrorError(f"no answer within {limit:.3g} s") from None
        else:
            break
    if isinstance(item, MirrorError):
        raise item
    if isinstance(item, Exception):
        raise MirrorError(_describe(item, limit)) from item
    return item


def _run(
    session: "requests.Session",
    url: str,
    size: int,
    limit: float,
    inbox: queue.SimpleQueue,
    stop: threading.Event,
) -> None:
    """Put the chunks of `url` into `inbox`, then b"" or the exception that ended them; the thread's work.

    Args:
        session: closed at the end.
        url, size, limit: see `receive`.
        inbox: receives bytes or an exception.
        stop: once set, no more is read.
    """
    try:
        with session, _open(session, url, limit) as response:
            _check_answer(response, size)
            for chunk in _read(response, size):
                if stop.is_set():
                    return
                inbox.put(chunk)
        inbox.put(b"")
    except Exception as error:  # whatever it was, the next mirror is tried
        inbox.put(error)


def _open(session: "requests.Session", url: str, limit: float) -> "requests.Response":
    """Return the response to a GET of `url`, after at most 5 redirections, none from https to http."""
    for _ in range(_MAX_REDIRECTS + 1):
        response = session.get(
            url, headers=_HEADERS, stream=True, timeout=limit, allow_redirects=False
        )
        if not response.is_redirect:
            return response
        response.close()  # the body of a redirection is not wanted, however long it is
        url = follow(url, response.headers["Location"])
    raise MirrorError(f"redirected more than {_MAX_REDIRECTS} times")


def follow(url: str, location: str) -> str:
    """Return the address that the answer of `url` redirects to.

    Args:
        url: the address that answered.
        location: its Location header, absolute or relative.

    Raises:
        MirrorError: the redirection leads from https to something else.

    Example:
        >>> follow("https://a.org/mnist/x.gz", "/y.gz")
        'https://a.org/y.gz'
    """
    target = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise MirrorError(f"redirected from https to {target}, which is not protected")
    return target


def _check_answer(response: "requests.Response", size: int) -> None:
    """Raise MirrorError unless the status is 200 and the announced length, if there is one, is `size`."""
    if response.status_code != 200:
        raise MirrorError(f"answered HTTP {response.status_code} {response.reason}".rstrip())
    length = response.headers.get("Content-Length")
    if length not in (None, str(size)):
        kind = response.headers.get("Content-Type", "no type")
        raise MirrorError(f"offered {length} bytes ({kind}), expected {size:,}")


def _read(response: "requests.Response", size: int) -> Iterator[bytes]:
    """Yield the body as it was sent, at most size + 1 bytes: one more shows that it is too long.

    The first byte is yielded alone, so that the caller learns at once that the mirror answers.
    """
    left, wanted = size + 1, 1
    while chunk := response.raw.read(min(wanted, left), decode_content=False):
        yield chunk
        left, wanted = left - len(chunk), _CHUNK


def _amount(received: int, size: int) -> str:
    """Return "only 1,234" or "more than 5,678": how many bytes came, where `size` were expected."""
    return f"only {received:,}" if received < size else f"more than {size:,}"


def _describe(error: BaseException, limit: float) -> str:
    """Return in a few words why the network failed, from the innermost cause of an exception.

    Args:
        error: of requests or the system.
        limit: seconds, for the text of a timeout.
    """
    while inner := error.__cause__ or error.__context__:
        error = inner
    if isinstance(error, TimeoutError):
        return f"silent for {limit:.3g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
