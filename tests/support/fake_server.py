"""A server of MNIST on 127.0.0.1 that can misbehave, and a small data set for it to serve."""

import contextlib
import gzip
import hashlib
import os
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from tests.support.patience import PATIENCE
from tinycnn.datasets import mnist
from tinycnn.datasets.files import NAMES, KnownFile

TRAIN_COUNT, TEST_COUNT = 20, 10


def idx(array: np.ndarray) -> bytes:
    """The IDX file of a uint8 array."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 28, 28) and labels (count,), the same at every call."""
    images = np.arange(count * 784, dtype=np.uint32).reshape(count, 28, 28) * 7 % 251
    return images.astype(np.uint8), (np.arange(count) % 10).astype(np.uint8)


def raw_files() -> dict[str, bytes]:
    """The four unpacked files by the mirrors' names."""
    arrays = [*digits(TRAIN_COUNT), *digits(TEST_COUNT)]
    return {name: idx(array) for name, array in zip(NAMES, arrays, strict=True)}


def packed_files() -> dict[str, bytes]:
    """The four gzip files by the mirrors' names, the same bytes at every call."""
    return {name: gzip.compress(raw, mtime=0) for name, raw in raw_files().items()}


def known_files() -> tuple[KnownFile, ...]:
    """What is known of the small data set, as `files.FILES` is of MNIST."""
    pairs = zip(packed_files().values(), raw_files().values(), strict=True)
    return tuple(
        KnownFile(name, len(packed), _sha256(packed), len(raw), _sha256(raw))
        for name, (packed, raw) in zip(NAMES, pairs, strict=True)
    )


def load_data(*mirrors: "FakeServer") -> tuple:
    """What `mnist.load_data` returns of the small data set, from these mirrors."""
    addresses = [mirror.url for mirror in mirrors]
    return mnist.load_data(mirrors=addresses, files=known_files(), patience=PATIENCE)


def contents(folder: str | os.PathLike) -> dict[str, bytes]:
    """The bytes of all files of a folder by their names."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


Reply = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Answers GET with whatever the server's `reply` makes of the file asked for."""

    def do_GET(self):
        self.server.requested.append(self.path)
        self.server.headers_received.append(dict(self.headers))
        self.server.reply(self, packed_files().get(self.path.rsplit("/", 1)[-1], b""))

    def answer(self, body: bytes, status: int = 200, length: int | None = -1, **headers: str):
        """Send a reply; `length` replaces the true Content-Length, None leaves it out."""
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length == -1 else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def stall(self):
        """Say nothing more until the server closes."""
        self.server.stalling.set()
        self.server.closing.wait()

    def log_message(self, *_):
        return


class FakeServer(ThreadingHTTPServer):
    """A server, to be used in a with statement; `reply(handler, content)` answers every request.

    `requested` lists the paths asked for, `headers_received` the headers; `stalling` is set once a
    reply has fallen silent.
    """

    def __init__(self, reply: Reply = Handler.answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.requested: list[str] = []
        self.headers_received: list[dict[str, str]] = []
        self.stalling = threading.Event()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mnist/"

    def __enter__(self):
        # a short poll: shutdown waits for it
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        return  # a client that left in the middle is part of the plan


def stalls_halfway(handler, content):
    """Reply with half of the file, then silence."""
    handler.answer(content[: len(content) // 2], length=len(content))
    handler.stall()


def fill(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def assert_small_set(splits):
    for split, count in zip(splits, (TRAIN_COUNT, TEST_COUNT), strict=True):
        for array, expected in zip(split, digits(count), strict=True):
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, expected)


def endless(handler, content):
    handler.answer(content, length=None)
    with contextlib.suppress(OSError):
        while not handler.server.closing.is_set():
            handler.wfile.write(bytes(65536))
