"""LambdaCallback: functions in the place of methods."""

import pytest

from tests.support.fitting import train
from tests.support.nets import X, Y, dense
from tinycnn.callbacks import LambdaCallback


@pytest.fixture
def model():
    return dense()


def test_a_lambda_callback_calls_each_function_with_its_arguments(model):
    calls = []

    def noting(name):
        return lambda *arguments: calls.append((name, *arguments[:-1], type(arguments[-1])))

    hooks = ["train_begin", "epoch_begin", "train_batch_begin", "train_batch_end", "epoch_end"]
    functions = {f"on_{hook}": noting(hook) for hook in [*hooks, "train_end"]}
    train(model, LambdaCallback(**functions))
    middle = [(hook, 0, dict) for hook in hooks[1:]]
    assert calls == [("train_begin", dict), *middle, ("train_end", dict)]


