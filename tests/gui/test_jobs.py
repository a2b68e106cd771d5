"""What the worker is asked for: each pane's part is made when it is first needed, once, over one model."""

import sys

from gui.jobs import Jobs
from tests.support.patience import run


def test_each_part_is_made_once():
    jobs = Jobs()
    parts = [name for name in vars(Jobs) if not name.startswith("_")]
    assert "inside" in parts
    for name in parts:
        if not callable(getattr(Jobs, name)):
            assert getattr(jobs, name) is getattr(jobs, name)


def test_nothing_of_the_panes_is_imported_before():
    code = "import sys, gui.jobs; gui.jobs.Jobs(); print(*sys.modules)"
    done = run([sys.executable, "-c", code])
    assert done.returncode == 0, done.stderr
    assert not [name for name in done.stdout.split() if name.startswith("gui.inside")]
