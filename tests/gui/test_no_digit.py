"""What the window says of answers that are sure, not sure, or no digit: the net answers as it is told."""

import pytest

from gui.inside import export
from gui.recognition.top_guesses import NO_DIGIT, SURE
from gui.widgets.controls import LEAST, MOST
from tests.gui.recognition.test_recogniser import items
from tests.support.constant_nets import constant_net, one_share
from tests.support.painted_digits import moved, strokes
from tests.support.xvfb import App, Xvfb, lacking

UNSURE = (NO_DIGIT + SURE) / 2
needs_screen = pytest.mark.skipif(lacking() is not None, reason=str(lacking()))


@pytest.fixture
def opened(tmp_path):
    """Open a window whose net takes everything for a digit with a probability."""
    screen, windows = Xvfb(), []

    def opened(digit, share):
        constant_net(one_share(digit, share)).save(tmp_path / "net.h5")
        windows.append(App(screen, "--model", "net.h5", folder=tmp_path))
        windows[-1].ready()
        return windows[-1]

    yield opened
    for window in windows:
        window.kill()
    screen.close()


@needs_screen
def test_what_is_no_digit_is_announced_nowhere(opened):
    window = opened(3, 0.15)
    state = window.draw(*strokes(5))
    assert (state["digit"], state["headline"]) == ("?", "no digit")
    assert state["second"] == "most like 3 (15 %)"
    window.keys(*["comma"] * 20)  # the threshold of "not sure" has nothing to do with that
    window.wait(lambda s: s["threshold"] == LEAST and s["digit"] == "?")
    window.keys("i")
    window.wait(
        lambda s: s["inside"] and s["inside"]["says"].startswith("No digit, most like 3 (15 %). ")
    )
    window.keys("w")
    window.wait(lambda s: s["because"] and s["asked"]["first"] == "What is like a 3?")
    window.keys("l")
    window.wait(lambda s: "Read as no digit" in s["beside"]["words"])
    number = [line for k in (0, 1) for line in moved(strokes(5), 0.4, 0.5 * k, 0.3)]
    window.clear()
    state = window.draw(*number)
    assert (state["digit"], state["headline"], state["second"]) == ("?", "??", "?: no digit")
    assert window.close() == (0, "")


@needs_screen
def test_the_threshold_decides_what_is_sure(opened):
    window = opened(7, UNSURE)
    state = window.draw(*strokes(5))
    assert (state["threshold"], state["digit"], state["headline"]) == (SURE, "7", "not sure")
    assert state["second"].startswith("second guess: 0 (")
    window.keys(*["comma"] * 20)
    state = window.wait(lambda s: s["threshold"] == LEAST and s["headline"] != "not sure")
    assert (state["digit"], state["headline"]) == ("7", f"{100 * UNSURE:.0f} % sure")
    window.keys(*["period"] * 20)
    window.wait(lambda s: s["threshold"] == MOST and s["headline"] == "not sure")
    assert window.close() == (0, "")


@pytest.mark.parametrize(("share", "words"), [(0.15, "no digit, most like 3"), (0.9, "a 3")])
def test_the_saved_view_says_so_too(monkeypatch, share, words):
    heads, titles = [], []
    heading, titled = export.heading, export.titled
    monkeypatch.setattr(export, "heading", lambda *a: heads.append(a[0]) or heading(*a))
    monkeypatch.setattr(export, "titled", lambda *a: titles.append(a[0]) or titled(*a))
    export.view(constant_net(one_share(3, share)), "net", items(5))
    assert heads[0].startswith(f"Inside net: it reads {words} ({100 * share:.1f}%), then 0 (")
    first = "Why a 3?" if share > NO_DIGIT else "What is like a 3?"
    assert f"{first} pixel · gradient" in titles
