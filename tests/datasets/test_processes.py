"""Downloads by processes that are killed, interrupted, short of disk, or eight at once."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.fake_server import (
    FakeServer,
    contents,
    known_files,
    packed_files,
    stalls_halfway,
)
from tests.support.patience import PATIENCE, started
from tinycnn.datasets.download import download

FILES = known_files()
PACKED = packed_files()


SCRIPT = """
import sys
from tests.support.fake_server import known_files
from tests.support.patience import PATIENCE
from tinycnn.datasets.download import download
download(known_files(), sys.argv[1], sys.argv[2:], PATIENCE)
"""


FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
"""


def start(folder, url, first=""):
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    environment = os.environ | {"PYTHONPATH": path}
    # -B: with a full disk, half of a compiled module would stay behind
    command = [sys.executable, "-B", "-c", first + SCRIPT, str(folder), url]
    return started(command, env=environment, stderr=subprocess.PIPE)


def test_killed_in_mid_download_then_run_again(tmp_path):
    with FakeServer(stalls_halfway) as half, start(tmp_path, half.url) as process:
        assert half.stalling.wait(PATIENCE)
        process.kill()
        process.communicate()
    assert not {*contents(tmp_path)} & {*PACKED}
    with FakeServer() as good:
        download(FILES, tmp_path, [good.url], PATIENCE)
    assert PACKED.items() <= contents(tmp_path).items()


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to another process on Windows")
def test_ctrl_c_leaves_nothing(tmp_path):
    with FakeServer(stalls_halfway) as half, start(tmp_path, half.url) as process:
        assert half.stalling.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert b"KeyboardInterrupt" in errors
    assert contents(tmp_path) == {}


@pytest.mark.skipif(os.name == "nt", reason="resource limits are POSIX's")
def test_full_disk_is_a_sentence(tmp_path):
    with FakeServer() as mirror, start(tmp_path, mirror.url, FULL_DISK) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert b"DataFileError" in errors
    assert b"cannot be written: File too large" in errors
    assert contents(tmp_path) == {}


def test_eight_processes_at_once_end_with_whole_files(tmp_path):
    together = threading.Barrier(8)

    def serve(handler, content):
        handler.answer(content[:9], length=len(content))
        if handler.path.endswith(FILES[0].name):
            together.wait(PATIENCE)  # until all eight are in the middle of the same file
        handler.wfile.write(content[9:])

    with FakeServer(serve) as mirror, contextlib.ExitStack() as stack:
        processes = [stack.enter_context(start(tmp_path, mirror.url)) for _ in range(8)]
        errors = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, errors
    assert contents(tmp_path) == PACKED
