"""What a command does where mpiexec has started it, `started_by_mpiexec`, with or without mpi4py."""

import os
import subprocess
import sys

import pytest

from tests.support import patience, ranks
from tinycnn import distribution
from tinycnn.distribution.launch import COUNTS, started_by_mpiexec

WITHOUT = "import sys; sys.modules['mpi4py'] = None\n"
PROGRAM = WITHOUT + (
    "from tinycnn import distribution\ntry:\n    with distribution.started_by_mpiexec():\n"
    "        print(distribution.distribution())\nexcept ValueError as error:\n    print(error)\n"
)


def test_alone_nothing_is_done(monkeypatch, capsys):
    for name in COUNTS:
        monkeypatch.delenv(name, raising=False)
    with started_by_mpiexec():
        assert distribution.distribution() is None
        print("said")
    assert capsys.readouterr().out == "said\n"


@pytest.mark.parametrize("name", COUNTS)
def test_several_without_mpi4py_are_refused(name):
    variables = {**os.environ, name: "3"}
    done = patience.run([sys.executable, "-c", PROGRAM], env=variables, stdin=subprocess.DEVNULL)
    assert done.stdout.startswith("3 processes were started together. DataParallel needs MPI: ")
    assert "pip install 'tinycnn[mpi]'" in done.stdout


def test_one_without_mpi4py_works_alone():
    variables = {**os.environ, COUNTS[0]: "1"}
    done = patience.run([sys.executable, "-c", PROGRAM], env=variables, stdin=subprocess.DEVNULL)
    assert done.stdout == "None\n"


def test_data_parallel_without_mpi4py_says_what_to_install():
    code = WITHOUT + "from tinycnn import distribution\ndistribution.DataParallel()"
    done = patience.run([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
    assert done.stderr.splitlines()[-1].startswith(
        "ImportError: DataParallel needs MPI: python -m pip"
    )


@ranks.needs_mpi
def test_under_mpiexec_rank_0_alone_prints(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "from tinycnn import distribution\nwith distribution.started_by_mpiexec():\n"
        "    print(f'{distribution.rank()} of {distribution.distribution().size}')\n"
    )
    done = ranks.run(2, program)
    assert (done.returncode, done.stdout) == (0, "0 of 2\n"), done.stderr
