"""scripts/make_screenshot.py: a picture of the window, or a sentence where there is no screen."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from tests.support import patience
from tests.support.xvfb import ROOT, Xvfb, lacking

SCRIPT = ROOT / "scripts" / "make_screenshot.py"


def run(environment, *arguments):
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return patience.run(command, env=environment, cwd=ROOT)


@pytest.mark.skipif(lacking() is not None, reason=str(lacking()))
def test_the_picture_is_that_of_the_window(tmp_path):
    screen, path = Xvfb(), tmp_path / "window.png"
    try:
        done = run(screen.environment, "--output", path)
    finally:
        screen.close()
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"wrote {path}\n"
    with Image.open(path) as picture:
        gray = np.asarray(picture.convert("L"))
    assert min(gray.shape) > 300
    assert len(np.unique(gray)) > 10


@pytest.mark.skipif(os.name != "posix", reason="other systems always have a screen")
def test_without_a_screen_it_is_a_sentence(tmp_path):
    path = tmp_path / "window.png"
    done = run({**os.environ, "DISPLAY": ""}, "--output", path)
    if "xvfb-run" not in done.stderr:
        pytest.skip("Tk finds a screen by itself here")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert not path.exists()
