"""The window at several finenesses of screen, shared by the tests of a file."""

import pytest

from tests.support import xvfb

SCREENS = {  # of each: size in pixels, dots an inch, arguments of the window
    "96 dpi": ("1280x1024", 96, ()),
    "192 dpi": ("2200x1700", 192, ()),
    "scaling 1": ("1280x1024", 96, ("--scaling", "1")),
    "scaling 2": ("1800x1400", 96, ("--scaling", "2")),
}
OFTEN = "96 dpi"  # the others are for make test-all


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.slow] * (name != OFTEN)) for name in SCREENS],
)
def living(request, tmp_path_factory):
    size, dpi, arguments = SCREENS[request.param]
    with xvfb.living(size, dpi, *arguments, folder=tmp_path_factory.mktemp("folder")) as window:
        yield window


@pytest.fixture
def window(living):
    """The window with an empty canvas, the pen in hand."""
    living.refocus()
    if living.state["items"]:
        living.clear()
    living.keys("p")
    living.wait(lambda s: s["tool"] == "take_pen" and not s["others"])
    return living
