"""scripts/benchmark.py: it measures, and says what."""

import importlib.util
import pathlib
import re

import pytest

from tinycnn import ops
from tinycnn.utils.thread_count import available_threads

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "benchmark.py"


@pytest.fixture
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    ops.set_num_threads(available_threads())


def test_every_line_has_a_time(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "IMAGES", 8)
    monkeypatch.setattr(benchmark, "BATCH", 4)
    benchmark.main(["--rounds", "1", "--threads", "2"])
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "threads: 2, median of 1"
    assert len(lines) == 4
    assert all(re.search(r": +[\d.]+ ms$", line) for line in lines)


def test_the_first_turns_do_not_count(benchmark, monkeypatch):
    times = iter([0, 50, 50, 90, 90, 91, 91, 94, 94, 96])  # of five turns: 50, 40, 1, 3, 2 seconds
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: next(times))
    assert benchmark.median_ms(lambda: None, 3) == 2000
