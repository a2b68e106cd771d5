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


def test_the_other_hooks_are_taken_by_name(model):
    calls = []
    hooks = {
        f"on_{mode}_{end}": lambda logs, name=f"{mode} {end}": calls.append(name)
        for mode in ("test", "predict")
        for end in ("begin", "end")
    }
    callback = LambdaCallback(**hooks)
    model.evaluate(X, Y, verbose=0, callbacks=callback)
    model.predict(X, verbose=0, callbacks=[callback])
    assert calls == ["test begin", "test end", "predict begin", "predict end"]


def test_a_name_that_is_no_hook_is_refused():
    with pytest.raises(TypeError, match="no hook 'on_epoch'"):
        LambdaCallback(on_epoch=print)
