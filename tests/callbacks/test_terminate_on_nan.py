"""TerminateOnNaN: the training ends with the batch that the warning names."""

import numpy as np
import pytest

from tests.support.fitting import train
from tests.support.nets import X, Y, dense
from tinycnn.callbacks import LambdaCallback, TerminateOnNaN

BAD = X.copy()
BAD[5] = np.nan


def fit(*callbacks):
    model, batches = dense(), []
    note = LambdaCallback(
        on_train_batch_end=lambda batch, logs: batches.append(batch),
        on_train_end=lambda logs: batches.append("end"),
    )
    options = {"batch_size": 2, "shuffle": False, "epochs": 3, "verbose": 0}
    with pytest.warns(UserWarning, match="The loss is nan in epoch 1, batch 3"):
        model.fit(BAD, Y, callbacks=[note, *callbacks], **options)
    return batches


def test_the_training_ends_after_the_batch_that_is_named(capsys):
    assert fit(TerminateOnNaN()) == [0, 1, 2, "end"]
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"


def test_or_with_an_error():
    with pytest.raises(RuntimeError, match="The loss is nan at batch 2"):
        fit(TerminateOnNaN(raise_error=True))


def test_finite_losses_are_left_alone():
    assert train(dense(), TerminateOnNaN(), epochs=2).epoch == [0, 1]
