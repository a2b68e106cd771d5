"""The progress bar of training: on a terminal, interrupted, or never begun."""

import io
import warnings

import pytest
from tqdm import tqdm

from tests.support.fitting import train
from tests.support.nets import X, Y, dense
from tinycnn.callbacks import (
    LambdaCallback,
    ProgbarLogger,
)
from tinycnn.utils.progress import Bar


@pytest.fixture
def model():
    return dense()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Return a function, because pytest puts its own standard output back after the fixtures."""

    def begin():
        stream = Terminal()
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setenv("TERM", "xterm")
        return stream

    return begin


def test_a_terminal_shows_a_bar_and_then_a_line(model, terminal):
    shown = terminal()
    model.fit(X, Y, batch_size=1, verbose=1)
    assert "\r" in shown.getvalue()
    last = shown.getvalue().rpartition("\r")[2]
    assert last.startswith("Epoch 1/1 - ")
    assert "accuracy: " in last
    assert last.endswith("\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_ctrl_c_and_errors_come_out_and_the_bar_is_closed(error, model, terminal):
    def stop(batch, logs):
        if batch == 2:
            raise error

    shown = terminal()
    with pytest.raises(error) as caught:
        model.fit(
            X, Y, batch_size=1, verbose=1, callbacks=[LambdaCallback(on_train_batch_end=stop)]
        )
    assert caught.tb is not None  # which keeps the bar alive: it is not closed by being forgotten
    assert not list(getattr(tqdm, "_instances", []))
    assert shown.getvalue().endswith("\r")  # the line is free again
    assert train(model).epoch == [0]


def test_a_bar_can_be_asked_for_before_any_epoch(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ProgbarLogger(1).on_train_end()
    assert capsys.readouterr() == ("", "")


def test_a_pipe_gets_a_line_every_half_minute(capsys):
    now = [0.0]
    bar = Bar(1000, "Epoch 1/1", clock=lambda: now[0])
    for step in range(1000):
        now[0] = step * 0.1  # 100 seconds in all
        bar.advance({"loss": 0.5})
    bar.finish({"loss": 0.5})
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1/1 - 301/1000 - 30.0s - loss: 0.5000",
        "Epoch 1/1 - 601/1000 - 60.0s - loss: 0.5000",
        "Epoch 1/1 - 901/1000 - 90.0s - loss: 0.5000",
        "Epoch 1/1 - 99.9s 100ms/step - loss: 0.5000",
    ]


def test_one_line_an_epoch_stays_one_line_and_a_terminal_has_its_bar(capsys, terminal):
    now = [0.0]
    bar = Bar(3, "Epoch 1/1", visible=False, clock=lambda: now[0])
    for _ in range(3):
        now[0] += 100.0
        bar.advance({})
    bar.finish({})
    assert capsys.readouterr().out == "Epoch 1/1 - 300.0s 100000ms/step\n"
    shown = terminal()
    bar = Bar(3, "Epoch 1/1", clock=lambda: now[0])
    now[0] += 100.0
    bar.advance({})
    bar.close()
    assert "1/3 - 100.0s" not in shown.getvalue()
