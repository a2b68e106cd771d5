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
