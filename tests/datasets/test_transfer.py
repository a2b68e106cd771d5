"""One transfer: whole, or a sentence that says why not."""

import threading

import pytest
import requests

from tests.support.fake_server import (
    FakeServer,
    contents,
    endless,
    known_files,
    packed_files,
)
from tests.support.patience import PATIENCE
from tinycnn.datasets.download import download
from tinycnn.datasets.transfer import MirrorError, follow, receive

FILES = known_files()


PACKED = packed_files()


IMPATIENT = 0.4  # seconds, for mirrors that will never answer


@pytest.mark.parametrize("target", ["http://a.org/x", "file:///etc/passwd", "ftp://a.org/x"])
def test_redirection_never_gives_up_https(target):
    with pytest.raises(MirrorError, match="not protected"):
        follow("https://a.org/x", target)


def test_content_encoding_does_not_change_the_bytes(tmp_path):
    """Some servers call a .gz file a compressed reply, which clients then unpack."""

    def encoded(handler, content):
        handler.answer(content, Content_Encoding="gzip")

    with FakeServer(encoded) as mirror:
        download(FILES, tmp_path, [mirror.url], PATIENCE)
    assert contents(tmp_path) == PACKED


def test_receive_takes_no_more_than_it_needs():
    received = []
    with FakeServer(endless) as mirror, pytest.raises(MirrorError, match="more than 5 bytes"):
        received.extend(receive(mirror.url, 5, PATIENCE))
    assert len(b"".join(received)) <= 6


def test_session_is_closed_when_a_transfer_is_abandoned(monkeypatch):
    abandoned, closed = threading.Event(), threading.Event()
    close = requests.Session.close

    def watch(session):
        close(session)
        closed.set()

    def go_on(handler, _content):
        handler.answer(b"a", length=100_000)
        abandoned.wait(PATIENCE)
        handler.wfile.write(bytes(50_000))
        handler.stall()

    monkeypatch.setattr(requests.Session, "close", watch)
    with FakeServer(go_on) as mirror:
        chunks = receive(mirror.url, 100_000, PATIENCE)
        assert next(chunks) == b"a"
        chunks.close()
        abandoned.set()
        assert closed.wait(PATIENCE / 2)  # before the silence alone would end it
