"""ProgbarLogger: one line for each epoch, evaluation and prediction, none for a validation."""

import re

import pytest

from tests.support.nets import X, Y, dense
from tinycnn.callbacks import ProgbarLogger


def lines(capsys):
    return [re.sub(r"[\d.]+s \d+ms", "TIME", line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("verbose", [1, 2])
def test_one_line_each(verbose, capsys):
    model = dense()
    model.fit(X, Y, epochs=2, verbose=verbose, validation_data=(X, Y))
    model.evaluate(X, Y, verbose=verbose)
    model.predict(X, verbose=verbose)
    told = [line.partition(" - ")[0] for line in lines(capsys)]
    assert told == ["Epoch 1/2", "Epoch 2/2", "evaluate", "predict"]


def test_batches_whose_number_is_not_known_are_counted(capsys):
    dense().fit(((X, Y) for _ in range(3)), verbose=1)
    (line,) = lines(capsys)
    assert line.startswith("Epoch 1/1 - TIME/step - accuracy: ")


def test_a_logger_that_never_began_can_be_closed():
    ProgbarLogger(1).close()
