"""`Watch`: a rank that is lost ends the others, too, whatever MPI makes of it.

MPI waits for ever for a process that is not there any more. So every rank has a connection to rank 0, which
the system closes with the process, and a thread that looks at it. Over it rank 0 hears, and tells all others,
who has ended and why; and a line from time to time, so that a machine that vanished is noticed, too.

* A rank whose connection breaks off (killed, power cut) ends all others at once.
* A rank that says that it is gone (the program has ended, an error, Ctrl-C) ends those that wait for it in
  vain, after a few seconds in which they may come to the same end by themselves.
"""

import contextlib
import json
import os
import secrets
import selectors
import socket
import sys
import threading
import time
from typing import NoReturn

from tinycnn.utils.printable import printable

BEAT = 1.0  # seconds between lines that say nothing but that somebody is there
SILENCE = 8.0  # seconds without any line after which a rank counts as lost
GRACE = 3.0  # seconds that a rank waits for one that said that it is gone
CONNECT = 60.0  # seconds until all ranks must have connected
LINGER = (
    0.5  # seconds in which mpiexec, which may end with the last process, can pass the sentence on
)
EXIT_CODE = 1


class Watch:
    """The connections between rank 0 and the others, and the thread that listens.

    Args:
        rank: this one.
        size: how many there are.
        one_machine: whether all run on the same: then nothing is open to other machines.
    """

    def __init__(self, rank: int, size: int, one_machine: bool):
        self.rank, self.size = rank, size
        self.gone: dict[int, tuple[str, float]] = {}  # why a rank ended, and when that was heard
        self._changed, self._sending = threading.Condition(), threading.Lock()
        self._peers: dict[socket.socket, int] = {}
        self._heard: dict[socket.socket, float] = {}
        self._server: socket.socket | None = None
        self._secret, self._host = secrets.token_hex(16), "127.0.0.1"
        if rank == 0 and size > 1:
            self._host = "127.0.0.1" if one_machine else socket.gethostname()
            self._server = socket.create_server(("127.0.0.1" if one_machine else "", 0))
            self._server.settimeout(CONNECT)

    def address(self) -> bytes:
        """Return how others reach this rank, if it is rank 0; else nothing."""
        port = self._server.getsockname()[1] if self._server else 0
        return json.dumps([self._host, port, self._secret]).encode()

    def connect(self, address: bytes) -> None:
        """Connect with rank 0, or, as rank 0, wait until all others have; then begin to listen.

        Args:
            address: of rank 0.
        """
        if self.size == 1:
            return
        if self._server is None:
            host, port, secret = json.loads(address)
            peer = socket.create_connection((host, port), CONNECT)
            peer.sendall(json.dumps([secret, self.rank]).encode() + b"\n")
            self._add(peer, 0)
        else:
            while len(self._peers) < self.size - 1:
                self._welcome(self._server.accept()[0])
            self._server.close()
        threading.Thread(target=self._listen, name="watch", daemon=True).start()

    def _welcome(self, peer: socket.socket) -> None:
        """Add a rank that knows the secret; hang up on anybody else."""
        peer.settimeout(BEAT)
        line = b""
        with contextlib.suppress(OSError, ValueError):
            while not line.endswith(b"\n") and len(line) < 200:
                line += peer.recv(1) or b"\n"
            secret, rank = json.loads(line)
            if secrets.compare_digest(secret, self._secret):
                self._add(peer, rank)
                return
        peer.close()

    def _add(self, peer: socket.socket, rank: int) -> None:
        """Note the connection with a rank."""
        peer.settimeout(None)
        self._peers[peer], self._heard[peer] = rank, time.monotonic()

    def tell(self, why: str) -> None:
        """Tell all others that this rank takes no more part, and why; only the first reason counts."""
        with self._changed:
            if self.rank in self.gone:
                return
            self._note(self.rank, why)
        self._send({"rank": self.rank, "why": why})

    def leave(self) -> bool:
        """Say that this program has ended and wait for the others' ends; return whether all went well."""
        if self.size == 1:
            return True
        self.tell("")
        well = not self.gone[self.rank][0]
        with self._changed:
            if well:
                self._changed.wait_for(lambda: len(self.gone) == self.size)
            return well and not any(why for why, _ in self.gone.values())

    def check(self, since: float) -> None:
        """End this process if it waits for a rank that is gone.

        Args:
            since: when it began to wait, by `time.monotonic`.
        """
        others = [(rank, why, at) for rank, (why, at) in self.gone.items() if rank != self.rank]
        if others and time.monotonic() - max(since, others[0][2]) > GRACE:
            rank, why, _ = others[0]
            why = why or "its program came to its end while others still needed it"
            self.tell(f"rank {rank} has ended")
            end(f"rank {rank} of {self.size} has ended: {why}")

    def _note(self, rank: int, why: str) -> None:
        """Note that a rank is gone; the caller holds the lock."""
        self.gone.setdefault(rank, (why, time.monotonic()))
        self._changed.notify_all()

    def _send(self, message: dict | None, but: int | None = None) -> None:
        """Send a message, or only a sign of life, to all connected ranks but one."""
        line = (json.dumps(message) if message else "").encode() + b"\n"
        with self._sending:
            for peer, rank in list(self._peers.items()):
                if rank != but:
                    with contextlib.suppress(OSError):
                        peer.sendall(line)

    def _listen(self) -> None:
        """Be the thread: hear the others, and let them hear something, until all connections have ended."""
        beat, parts = time.monotonic(), dict.fromkeys(self._peers, b"")
        with selectors.DefaultSelector() as selector, contextlib.ExitStack() as peers:
            for peer in self._peers:
                selector.register(peers.enter_context(peer), selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(BEAT):
                    *lines, rest = (parts[key.fileobj] + _received(key.fileobj)).split(b"\n")
                    for line in filter(None, lines):
                        self._hear(json.loads(line))
                    if not lines and rest == parts[key.fileobj]:  # nothing came: it has ended
                        selector.unregister(key.fileobj)
                        self._lost(self._peers[key.fileobj])
                    parts[key.fileobj], self._heard[key.fileobj] = rest, time.monotonic()
                if time.monotonic() - beat > BEAT:
                    beat = time.monotonic()
                    self._send(None)
                    for key in list(selector.get_map().values()):
                        if beat - self._heard[key.fileobj] > SILENCE:
                            self._lost(self._peers[key.fileobj])

    def _hear(self, message: dict) -> None:
        """Act on a message, and, as rank 0, pass it on."""
        rank = message["rank"]
        if self.rank == 0:
            self._send(message, but=rank)
        if message.get("lost"):
            self._end(rank)
        with self._changed:
            self._note(rank, message["why"])

    def _lost(self, rank: int) -> None:
        """End this process, and as rank 0 all others, if the connection with a rank broke off unannounced."""
        if rank not in self.gone:
            self._send({"rank": rank, "why": "", "lost": True}, but=rank)
            self._end(rank)

    def _end(self, rank: int) -> NoReturn:
        """End this process because a rank is lost."""
        end(
            f"rank {rank} of {self.size} is lost: it was killed, or its machine or network is gone. "
            "Start the same command again."
        )


def _received(peer: socket.socket) -> bytes:
    """Return what has come; nothing at the end of the connection, or if it broke."""
    try:
        return peer.recv(2**16)
    except OSError:
        return b""


def end(sentence: str) -> NoReturn:
    """End this process at once, whatever its threads do, with one sentence on standard error."""
    with contextlib.suppress(OSError):
        os.write(2, printable(f"error: {sentence}").encode(errors="backslashreplace") + b"\n")
    # The main thread may hold the lock of standard output.
    flush = threading.Thread(target=_flush, daemon=True)
    flush.start()
    flush.join(1.0)
    time.sleep(LINGER)
    os._exit(EXIT_CODE)


def _flush() -> None:
    """Write what is left of standard output."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
