"""The line that says which model reads and how well, and its button for the other one, in the real window."""

import pytest

from gui.widgets.model_commands import NO_OTHER
from tests.support.constant_nets import constant_net, one_share
from tests.support.painted_digits import strokes
from tests.support.xvfb import App, Xvfb, fits_window, lacking
from tinycnn import layers, models

pytestmark = pytest.mark.skipif(lacking() is not None, reason=str(lacking()))

FIGURE = "of 300 simulated drawings"


@pytest.fixture
def start(tmp_path):
    screen, windows = Xvfb(), []

    def start(*arguments):
        windows.append(App(screen, *arguments, folder=tmp_path))
        windows[-1].ready()
        return windows[-1]

    yield start
    for window in windows:
        window.kill()
    screen.close()


def known(window, own):
    """Wait until all is known of a model and of the other, and the other is offered."""
    other = "Use the bundled model (" if own else "Use mnist.h5 ("
    name = "Model: mnist.h5" if own else "Model: the bundled model"
    return window.wait(
        lambda s: (
            s["model"].startswith(name)
            and FIGURE in s["figure"]
            and (s["offer"] or "").startswith(other)
            and s["offered"]
        )
    )


def test_the_button_and_its_key_change_between_the_own_model_and_the_bundled_one(start, tmp_path):
    constant_net(one_share(3, 0.9)).save(tmp_path / "mnist.h5")
    window = start()
    state = known(window, own=True)
    assert not state["wrong"]
    figure = state["figure"]
    assert window.draw(*strokes(5))["digit"] == "3"
    window.press("use_other_model")
    state = known(window, own=False)
    assert state["figure"] != figure
    assert state["offer"] == f"Use mnist.h5 ({figure.removeprefix('reads ').partition(' of')[0]})"
    window.wait(lambda s: s["digit"] == "5")
    least = window.state["least"]
    window.resize(*least)
    state = window.wait(lambda s: s["size"] == least and s["steady"])
    assert fits_window(state)
    assert state["model"] == "Model: the bundled model"  # its size has no room
    window.keys("t", "m")
    assert known(window, own=True)["figure"] == figure
    window.wait(lambda s: s["digit"] == "3")
    window.keys_to("modelline", "Tab")
    window.keys("space")
    assert "modelline" in known(window, own=False)["focus"]  # where the next space leads back
    window.keys("space")
    known(window, own=True)
    assert window.close() == (0, "")


def test_a_file_that_is_no_model_is_a_sentence_and_is_not_offered(start, tmp_path):
    (tmp_path / "mnist.h5").write_text("no model")
    window = start()
    assert window.state["wrong"]
    window.wait(lambda s: FIGURE in s["figure"])
    assert window.rested()["offer"] is None
    window.keys("m")
    window.wait(lambda s: s["message"] == NO_OTHER)
    assert window.close() == (0, "")


def test_a_net_that_diverged_shows_no_answer_of_the_one_before(start, tmp_path):
    net = constant_net(one_share(3, 0.9))
    net.layers[1].params["kernel"][...] = 3e38  # which empty paper does not tell
    net.save(tmp_path / "large.h5")
    window = start("--scale", "0", "1")
    assert window.draw(*strokes(5))["digit"] == "5"
    window.keys("ctrl+m")
    window.wait(lambda s: "tk_filedialog" in s["focus"])
    window.screen.hand("type --delay 3 large.h5", "key Return")
    state = window.wait(lambda s: s["wrong"] and "diverged" in s["message"])
    assert (state["digit"], state["headline"], state["shares"]) == ("", "", None)
    assert window.close() == (0, "")


def press(window, text):
    """Press a button of the pane beside the paper."""
    window.wait(lambda s: s["beside"]["buttons"].get(text, {}).get("pressable"), text)
    window.steady()
    place = window.state["beside"]["buttons"][text]
    x, y = place["x"] + place["width"] // 2, place["y"] + place["height"] // 2
    window.screen.hand(f"mousemove {x} {y}", "mousedown 1", "mouseup 1")


def test_after_a_step_that_was_too_large_what_to_do_is_said_and_no_answer_stays(start, tmp_path):
    net = models.Sequential([layers.Rescaling(1e20, input_shape=(28, 28, 1))])
    net.add(layers.Flatten())
    net.add(layers.Dense(10, "softmax", kernel_initializer="zeros"))
    net.compile("sgd", "categorical_crossentropy")
    net.save(tmp_path / "mnist.h5")
    window = start()
    number = window.draw(*strokes(5))["second"]
    window.keys("l")
    press(window, "8")
    press(window, "Step")
    state = window.wait(lambda s: "after 1 step" in s["model"] and s["shares"] is None)
    assert (state["digit"], state["second"]) == ("", "")
    assert "Undo it" in window.rested()["message"]
    press(window, "Undo step")
    window.wait(lambda s: "after" not in s["model"] and s["second"] == number)
    assert window.close() == (0, "")


def test_a_net_that_learns_is_measured_anew_and_nothing_is_offered_that_would_lose_it(
    start, tmp_path
):
    constant_net(one_share(3, 0.9)).save(tmp_path / "mnist.h5")
    window = start()
    figure = known(window, own=True)["figure"]
    window.draw(*strokes(5))
    window.keys("l")
    window.wait(lambda s: "Step" in s["beside"]["buttons"])
    for button in ("5", "Ten steps"):
        press(window, button)
    window.wait(lambda s: "after 10 steps" in s["model"] and FIGURE in s["figure"])
    assert window.rested()["offer"] is None
    press(window, "As it was")
    assert known(window, own=True)["figure"] == figure
    assert window.close() == (0, "")
