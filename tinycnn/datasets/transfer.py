"""One transfer from one mirror: its bytes as they arrive, or a `MirrorError` that says why not."""

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
_POLL = 0.1  # seconds; a wait without end would keep Ctrl-C waiting on Windows
_HEADERS = {
    "User-Agent": f"tinycnn/{__version__}",  # a server of MNIST once refused Python's own
    "Accept-Encoding": "identity",  # the SHA-256 is that of the file as it is stored
}


class MirrorError(Exception):
    """A mirror did not deliver; the text is a clause that follows the mirror's name."""


def receive(url: str, size: int, limit: float) -> Iterator[bytes]:
    """Yield the content of `url` as it arrives: exactly `size` bytes.

    The network is left to a thread of its own, because nothing in Python can interrupt the wait for
    a name server; a thread can be left behind.

    Args:
        url: http or https.
        size: bytes, known in advance.
        limit: seconds, both until the first byte and between any byte and the next.

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
            chunk = _next_item(inbox, limit, math.inf)  # the socket's timeout watches over these
    finally:
        stop.set()
    if received != size:
        raise MirrorError(f"sent {_amount(received, size)} bytes, expected {size:,}")


def _next_item(inbox: queue.SimpleQueue, limit: float, deadline: float) -> bytes:
    """Return the next chunk, b"" at the end; raise what the thread met, or when the time has come."""
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
    """Put the chunks into `inbox`, then b""; or the exception that ended them."""
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
    """Ask for `url` and follow a few redirections, never from https to http."""
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
    """Return the address that a redirection from `url` leads to.

    Args:
        url: the address that answered.
        location: its Location header, absolute or relative.

    Raises:
        MirrorError: the redirection gives up the protection of https.

    Example:
        >>> follow("https://a.org/mnist/x.gz", "/y.gz")
        'https://a.org/y.gz'
    """
    target = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise MirrorError(f"redirected from https to {target}, which is not protected")
    return target


def _check_answer(response: "requests.Response", size: int) -> None:
    if response.status_code != 200:
        raise MirrorError(f"answered HTTP {response.status_code} {response.reason}".rstrip())
    length = response.headers.get("Content-Length")
    if length not in (None, str(size)):
        kind = response.headers.get("Content-Type", "no type")
        raise MirrorError(f"offered {length} bytes ({kind}), expected {size:,}")


def _read(response: "requests.Response", size: int) -> Iterator[bytes]:
    """Yield at most size + 1 bytes, unaltered; the first one alone, as soon as it comes."""
    left, wanted = size + 1, 1
    while chunk := response.raw.read(min(wanted, left), decode_content=False):
        yield chunk
        left, wanted = left - len(chunk), _CHUNK


def _amount(received: int, size: int) -> str:
    return f"only {received:,}" if received < size else f"more than {size:,}"


def _describe(error: BaseException, limit: float) -> str:
    """Say in a few words what an exception of the network means: its innermost cause knows best."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    if isinstance(error, TimeoutError):
        return f"silent for {limit:.3g} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
