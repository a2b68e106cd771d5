"""The table of a model: what stands in it, and with which lines."""

import io

import pytest

from tests.support.nets import X, Y, conv
from tinycnn.layers import (
    Dense,
    Input,
)
from tinycnn.models import summary
from tinycnn.models.sequential import Sequential


def test_the_table_of_a_model():
    texts = []
    conv().summary(print_fn=texts.append)
    (text,) = texts
    for words in (
        'Model: "sequential"',
        "Layer (type)",
        "Output Shape",
        "Param #",
        "conv2d (Conv2D)",
        "(None, 6, 6, 4)",
        " 40 ",
        "max_pooling2d (MaxPooling2D)",
        "Total params: 151 (604.00 B)",
        "Trainable params: 151 (604.00 B)",
        "Non-trainable params: 0 (0.00 B)",
    ):
        assert words in text
    assert "Optimizer params" not in text


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("float64", 8)])
def test_the_table_counts_what_the_optimizer_holds(dtype, size):
    model = Sequential([Input((4,)), Dense(3, activation="softmax", dtype=dtype)])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    texts = []
    model.summary(print_fn=texts.append)
    assert f"Total params: 45 ({45 * size}.00 B)" in texts[0]
    assert f"Optimizer params: 30 ({30 * size}.00 B)" in texts[0]


@pytest.mark.parametrize(
    ("encoding", "box"), [("utf-8", summary.UNICODE), ("ascii", summary.ASCII)]
)
def test_its_lines_are_those_that_the_console_has(encoding, box, monkeypatch):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    assert summary.box_characters() == box
