"""Downloads from mirrors that fail in every way known: whole files in the end, or a sentence."""

import socket
import sys
import threading
import types

import numpy as np
import pytest

from tests.support.fake_server import (
    FakeServer,
    contents,
    endless,
    known_files,
    packed_files,
    stalls_halfway,
)
from tests.support.patience import PATIENCE
from tinycnn.datasets import download as download_module
from tinycnn.datasets import transfer
from tinycnn.datasets.download import download
from tinycnn.datasets.transfer import MirrorError, receive
from tinycnn.utils.errors import DownloadError

FILES = known_files()
PACKED = packed_files()
IMPATIENT = 0.4  # seconds, for mirrors that will never answer


def refused_url():
    """An address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def html(handler, _content):
    handler.answer(b"<html>Please log in to this network</html>", Content_Type="text/html")


def not_found(handler, _content):
    handler.answer(b"no", 404)


def forbidden(handler, _content):
    handler.answer(b"no", 403)


def unavailable(handler, _content):
    handler.answer(b"no", 503)


def redirect_loop(handler, _content):
    handler.answer(b"", 302, Location=handler.path)


def wrong_bytes(handler, content):
    handler.answer(bytes(len(content)))


def short_body(handler, content):
    handler.answer(content[:-1], length=len(content))


def short_file(handler, content):
    handler.answer(content[:-1])


def long_file(handler, content):
    handler.answer(content + b"\0")


def short_without_length(handler, content):
    handler.answer(content[:-1], length=None)


def not_http(handler, _content):
    handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")


def says_nothing(handler, _content):
    handler.stall()


def stalls_after_headers(handler, content):
    handler.answer(b"", length=len(content))
    handler.stall()


FAILURES = [
    (not_found, "HTTP 404"),
    (forbidden, "HTTP 403"),
    (unavailable, "HTTP 503"),
    (redirect_loop, "redirected more than 5 times"),
    (html, r"offered 42 bytes \(text/html\)"),
    (wrong_bytes, "SHA-256"),
    (short_body, "IncompleteRead|only"),
    (short_file, "offered"),
    (long_file, "offered"),
    (endless, "more than"),
    (short_without_length, "only"),
    (not_http, "BadStatusLine|SSH"),
]
SILENCES = [says_nothing, stalls_after_headers, stalls_halfway]


def name(value):
    return value.__name__ if callable(value) else ""


def test_four_files_arrive_whole(tmp_path):
    with FakeServer() as mirror:
        download(FILES, tmp_path / "new" / "cache", [mirror.url], PATIENCE)
    assert contents(tmp_path / "new" / "cache") == PACKED
    assert mirror.headers_received[0]["User-Agent"].startswith("tinycnn/")
    assert mirror.headers_received[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(("reply", "cause"), FAILURES, ids=name)
def test_after_any_failure_the_next_mirror_is_tried(reply, cause, tmp_path, capsys):
    with FakeServer(reply) as bad, FakeServer() as good:
        download(FILES, tmp_path, [bad.url, good.url], PATIENCE)
    assert contents(tmp_path) == PACKED
    assert len({*bad.requested}) == 1  # a mirror that failed goes to the end of the queue
    assert "failed: 127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize(("reply", "cause"), FAILURES, ids=name)
def test_failure_is_described_and_leaves_nothing(reply, cause, tmp_path):
    with FakeServer(reply) as bad, pytest.raises(DownloadError, match=cause) as caught:
        download(FILES, tmp_path, [bad.url], PATIENCE)
    assert caught.value.path == str(tmp_path / FILES[0].name)
    assert "127.0.0.1" in caught.value.cause
    assert "Put these four files here" in caught.value.remedy
    assert contents(tmp_path) == {}


@pytest.fixture
def clock(monkeypatch):
    """A clock that only a test moves on: `clock.now`, in seconds. Sockets have one of their own."""
    clock = types.SimpleNamespace(now=0.0)
    monkeypatch.setattr(transfer.time, "monotonic", lambda: clock.now)
    return clock


@pytest.mark.parametrize("reply", SILENCES)
def test_silence_is_given_up(reply, tmp_path, clock):
    with FakeServer(reply) as bad, pytest.raises(DownloadError, match=r"silent for 0\.4 s"):
        download(FILES, tmp_path, [bad.url], IMPATIENT)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("reply", SILENCES)
def test_after_silence_the_next_mirror_is_tried(reply, tmp_path, monkeypatch):
    def impatient(url, size, limit):
        return receive(url, size, IMPATIENT if url.startswith(bad.url) else limit)

    monkeypatch.setattr(download_module, "receive", impatient)
    with FakeServer(reply) as bad, FakeServer() as good:
        download(FILES, tmp_path, [bad.url, good.url], PATIENCE)
    assert contents(tmp_path) == PACKED


def test_slow_but_moving_download_is_not_given_up(tmp_path, monkeypatch, clock):
    """Eight pauses, together longer than the patience, none alone as long."""
    begun = threading.Event()

    def watched(url, size, limit):
        for chunk in receive(url, size, limit):
            begun.set()
            yield chunk

    def slowly(handler, content):
        handler.answer(content[:1], length=len(content))
        assert begun.wait(PATIENCE)
        step = len(content) // 8 + 1
        for start in range(1, len(content), step):
            clock.now += 0.15 * PATIENCE
            handler.wfile.write(content[start : start + step])

    monkeypatch.setattr(download_module, "receive", watched)
    with FakeServer(slowly) as slow:
        download(FILES[-1:], tmp_path, [slow.url], PATIENCE)
    assert clock.now > PATIENCE
    assert contents(tmp_path) == {FILES[-1].name: PACKED[FILES[-1].name]}


def test_refused_connections_are_named(tmp_path):
    first, second = refused_url(), refused_url()
    with pytest.raises(DownloadError) as caught:
        download(FILES, tmp_path, [first, second], PATIENCE)
    for url in (first, second):
        assert url.split("/")[2] in caught.value.cause
    assert "refused" in caught.value.cause


def test_name_server_that_does_not_answer_is_given_up(tmp_path, monkeypatch):
    answered = threading.Event()

    def hang(*_args, **_kwargs):
        answered.wait()
        raise OSError("answered too late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        with pytest.raises(DownloadError, match=r"example\.invalid: no answer within"):
            download(FILES, tmp_path, ["http://example.invalid/"], IMPATIENT)
    finally:
        answered.set()


def test_unknown_name_is_described(tmp_path, monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DownloadError, match=r"example\.invalid: Name or service not known"):
        download(FILES, tmp_path, ["http://example.invalid/"], PATIENCE)


def test_patience_is_shared_by_the_mirrors(tmp_path, monkeypatch):
    limits = []

    def unreachable(_url, _size, limit):
        limits.append(limit)
        raise MirrorError("unreachable")

    monkeypatch.setattr(download_module, "receive", unreachable)
    with pytest.raises(DownloadError, match="a: unreachable; b: unreachable; c: unreachable"):
        download(FILES, tmp_path, ["http://a", "http://b", "http://c"])
    assert sum(limits) == download_module.PATIENCE < 20


def test_without_mirrors_nothing_is_tried(tmp_path):
    with pytest.raises(DownloadError, match="none was given"):
        download(FILES, tmp_path, [])


@pytest.mark.parametrize("patience", [0, -1, float("nan")])
def test_patience_must_be_positive(patience, tmp_path):
    with pytest.raises(ValueError, match="patience"):
        download(FILES, tmp_path, [], patience)


def test_redirection_is_followed(tmp_path):
    with FakeServer() as good:

        def redirect(handler, _content):
            handler.answer(b"", 302, Location=good.url + handler.path.rsplit("/", 1)[-1])

        with FakeServer(redirect) as first:
            download(FILES, tmp_path, [first.url], PATIENCE)
    assert contents(tmp_path) == PACKED


def test_lines_say_what_is_downloaded_from_where(tmp_path, capsys):
    with FakeServer() as mirror:
        download(FILES, tmp_path, [mirror.url], PATIENCE)
    lines = capsys.readouterr().err.splitlines()
    host = mirror.url.split("/")[2]
    assert lines[0] == f"downloading {FILES[0].name} ({FILES[0].size}B) from {host}"
    assert len(lines) == 4  # no bar: nobody watches


def test_bar_is_shown_on_a_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with FakeServer() as mirror:
        download(FILES[:1], tmp_path, [mirror.url], PATIENCE)
    assert f"0.00/{FILES[0].size}" in capsys.readouterr().err


@pytest.mark.parametrize("patience", ["a", None, True, np.array([1, 2])])
def test_patience_is_a_number(patience, tmp_path):
    with pytest.raises(ValueError, match="patience"):
        download([], tmp_path, [], patience)
