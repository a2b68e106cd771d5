"""The watch over other ranks: who is lost, who has ended, and who need not wait any more."""

import contextlib
import socket
import subprocess
import sys
import threading

import pytest

from tests.support import patience
from tinycnn.distribution import watch as module
from tinycnn.distribution.watch import Watch


@pytest.fixture
def ended(monkeypatch):
    """Collect the sentences that would have ended the process."""
    sentences = []
    monkeypatch.setattr(module, "end", sentences.append)
    yield sentences
    # While it is replaced: what they notice of the end of the test must not end this process.
    patience.until(lambda: not any(t.name == "watch" for t in threading.enumerate()))


@pytest.fixture
def connected(ended):
    """Return a function that connects so many watches; their connections are closed in the end."""
    made = []

    def connect(size):
        watches = [Watch(rank, size, True) for rank in range(size)]
        made.extend(watches)
        address = watches[0].address()
        threads = [threading.Thread(target=one.connect, args=(address,)) for one in watches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return watches

    yield connect
    for one in made:
        cut(one)


def cut(watch):
    """Break off the connections of a rank, as the system does with those of a process that died."""
    for peer in watch._peers:
        with contextlib.suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_rank_that_is_lost_ends_all_others(lost, ended, connected):
    watches = connected(3)
    cut(watches[lost])
    patience.until(lambda: sum(f"rank {lost} of 3 is lost" in one for one in ended) >= 2)


def test_all_leave_when_the_last_has_come_to_its_end(ended, connected):
    watches, well = connected(3), []
    threads = [threading.Thread(target=lambda w=w: well.append(w.leave())) for w in watches]
    for thread in threads[:2]:
        thread.start()
    patience.until(lambda: len(watches[2].gone) == 2)
    assert well == []  # they wait for the third
    threads[2].start()
    for thread in threads:
        thread.join()
    assert well == [True] * 3
    for one in watches:
        cut(one)
    assert ended == []


def test_a_rank_with_an_error_is_named_to_those_that_wait(ended, connected):
    watches = connected(3)
    watches[1].tell("ValueError: no such file")
    assert not watches[1].leave()  # it does not wait for others
    for rank in (0, 2):
        patience.until(lambda rank=rank: 1 in watches[rank].gone)
        watches[rank].check(float("inf"))  # who has just begun to wait, waits a little
        assert ended == []
        patience.until(lambda rank=rank: watches[rank].check(0.0) or ended)
        assert set(ended) == {"rank 1 of 3 has ended: ValueError: no such file"}
        ended.clear()


def test_a_rank_that_is_still_needed_when_its_program_ends_is_named(ended, connected):
    watches = connected(2)
    watches[0].tell("")
    patience.until(lambda: 0 in watches[1].gone)
    patience.until(lambda: watches[1].check(0.0) or ended)
    assert "rank 0 of 2 has ended: its program came to its end" in ended[0]


def test_a_rank_that_says_nothing_any_more_is_lost(ended, connected, monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.01)
    monkeypatch.setattr(module, "SILENCE", 0.5)
    watches = connected(2)
    monkeypatch.setattr(watches[1], "_send", lambda *arguments, **named: None)
    patience.until(lambda: any("rank 1 of 2 is lost" in one for one in ended))


def test_strangers_are_not_let_in(ended):
    watches = [Watch(rank, 2, True) for rank in range(2)]
    port = watches[0]._server.getsockname()[1]
    welcome = threading.Thread(target=watches[0].connect, args=(b"",))
    welcome.start()
    for line in (b'["wrong", 1]\n', b"nonsense\n", b"[" * 500, b"\xff\n"):
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(line)
            with contextlib.suppress(ConnectionResetError):
                assert stranger.recv(1) == b""
    watches[1].connect(watches[0].address())
    welcome.join()
    assert list(watches[0]._peers.values()) == [1]
    for one in watches:
        cut(one)


def test_one_rank_watches_nobody():
    alone = Watch(0, 1, True)
    alone.connect(alone.address())
    assert alone.leave()


def test_the_end_is_a_sentence_and_a_code():
    code = (
        "import threading, sys\nfrom tinycnn.distribution.watch import end\n"
        "print('said before', end='')\nlock = threading.Lock(); lock.acquire()\n"
        "threading.Thread(target=end, args=('rank 1 is lost\\x1b',)).start()\nlock.acquire()"
    )
    done = patience.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (1, "said before")
    assert done.stderr == "error: rank 1 is lost\\x1b\n"
