"""The command `tinycnn`, from the repository and laid out as in a wheel."""

import os
import pathlib
import re
import shutil
import sys

import pytest

import tinycnn
from tests.support import patience
from tinycnn.__main__ import COMMANDS

ROOT = pathlib.Path(__file__).parents[2]


def run(cwd, *words, root=ROOT, **environment):
    command = [sys.executable, "-m", "tinycnn", *words]
    return patience.run(
        command, cwd=cwd, env={**os.environ, "PYTHONPATH": str(root), **environment}
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as a wheel has it: `scripts` and `gui` lie in it."""
    root, leave_out = tmp_path_factory.mktemp("site"), shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tinycnn", root / "tinycnn", ignore=leave_out)
    for room in ("scripts", "gui"):
        shutil.copytree(ROOT / room, root / "tinycnn" / room, ignore=leave_out)
    return root


@pytest.mark.parametrize("name", ["train", "draw", "gradcheck"])
def test_a_command_runs_from_the_repository_under_its_name(name, tmp_path):
    done = run(tmp_path, name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: tinycnn {name} ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_found_in_a_wheel(name, wheel, tmp_path):
    (tmp_path / "gui.py").write_text("raise SystemExit('somebody else')")
    done = run(tmp_path, name, "--help", root=wheel)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: tinycnn {name} ")
    assert re.search(f"example.*: *\n?.* tinycnn {name}", done.stdout)


def test_the_window_of_a_wheel_draws_its_inside(wheel, tmp_path):
    done = run(tmp_path, "draw", "--inside", "missing.png", "--output", "view.png", root=wheel)
    assert done.returncode == 1
    assert done.stderr.startswith("error: missing.png: ")


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_names_every_command(words, tmp_path):
    done = run(tmp_path, *words)
    assert (done.returncode, done.stderr) == (0 if words else 2, "")
    assert all(f"  {name}" in done.stdout for name in COMMANDS)


def test_the_version(tmp_path):
    assert run(tmp_path, "--version").stdout == f"tinycnn {tinycnn.__version__}\n"


@pytest.mark.parametrize("words", [("trian",), ("trian", "--epochs", "1"), ("--no-such",)])
def test_an_unknown_command_is_a_sentence(words, tmp_path):
    done = run(tmp_path, *words)
    assert done.returncode == 2
    assert words[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_exit_codes_and_errors_come_through(tmp_path):
    done = run(tmp_path, "predict", "missing.png", "--model", "missing.h5")
    assert done.returncode == 1
    assert done.stderr.startswith("error: missing.h5: ")
    assert len(done.stderr.splitlines()) == 1


def test_help_is_fast_because_it_imports_nothing_heavy(tmp_path):
    code = (
        "import sys; from tinycnn.__main__ import main; sys.argv = ['tinycnn', 'train', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'numpy', 'numba', 'h5py', 'PIL', 'tkinter'} & set(sys.modules)))"
    )
    done = patience.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_reader_that_goes_away_is_no_traceback(tmp_path):
    for words in ("--help", "train --help"):
        line = f"'{sys.executable}' -m tinycnn {words} | head -n 1"
        done = patience.run(
            line, shell=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert "Traceback" not in done.stderr
        assert "Exception" not in done.stderr
