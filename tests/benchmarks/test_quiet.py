"""A busy machine stops the benchmarks, or is named in their report."""

import math

import pytest

from benchmarks import __main__ as command
from benchmarks import machine, quiet, rows
from benchmarks.results import Row


@pytest.fixture
def busy(monkeypatch):
    """Let the machine have something else to do; what the command sets for the libraries is undone."""
    for name in machine.THREADS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(quiet, "load", lambda: 3.2)
    monkeypatch.setattr(quiet, "difference", lambda: 0.01)


def test_a_quiet_machine_is_one_with_little_load_and_equal_runs(monkeypatch):
    for load, difference, count in ((0.1, 0.01, 0), (None, 0.05, 0), (0.6, 0.2, 2), (0.1, 0.06, 1)):
        monkeypatch.setattr(quiet, "load", lambda load=load: load)
        monkeypatch.setattr(quiet, "difference", lambda difference=difference: difference)
        assert len(quiet.complaints()) == count
    monkeypatch.setattr(quiet, "difference", lambda: math.nan)
    assert len(quiet.complaints()) == 1


def test_equal_runs_are_compared(monkeypatch):
    monkeypatch.setattr(machine, "SIZES", (8, 16))
    monkeypatch.setattr(quiet, "alternate", lambda *_: {"one": [2.0, 3.0], "other": [2.0, 2.0]})
    assert quiet.difference() == pytest.approx(0.25)


@pytest.mark.usefixtures("busy")
def test_a_busy_machine_stops_the_command_unless_noisy_is_given(tmp_path, monkeypatch, capsys):
    measured = Row("good", measurements={"tinycnn": [1.0]})
    plan = rows.Plan("good", 1, lambda setting, name: [measured])
    monkeypatch.setattr(rows, "PLANS", (plan,))
    with pytest.raises(ValueError, match=r"load 3\.2, more than 0\.5\. Wait .* --noisy"):
        command.main(["--output", str(tmp_path)])
    assert not (tmp_path / "table.md").exists()
    command.main(["--noisy", "--output", str(tmp_path)])
    assert "A NOISY MACHINE, these numbers mean little: load 3.2" in capsys.readouterr().out
    assert "A NOISY MACHINE" in (tmp_path / "table.md").read_text(encoding="utf-8")
