"""The table of a model: what stands in it, and with which lines."""

import io

import pytest

from tests.support.nets import X, Y, conv
from tinycnn.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input
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


def table(model, **options):
    texts = []
    model.summary(print_fn=texts.append, **options)
    return texts[0].splitlines()


@pytest.fixture
def frozen(monkeypatch):
    monkeypatch.setattr(summary, "box_characters", lambda: summary.ASCII)
    layers = [Input((8, 8, 1)), Conv2D(4, 3), BatchNormalization(), GlobalAveragePooling2D()]
    model = Sequential(layers)
    model.layers[0].trainable = False
    return model


def test_long_names_take_two_lines_and_frozen_weights_are_counted(frozen):
    assert table(frozen)[3:] == [
        "+=================================+========================+===============+",
        "| conv2d (Conv2D)                 | (None, 6, 6, 4)        |            40 |",
        "+---------------------------------+------------------------+---------------+",
        "| batch_normalization             | (None, 6, 6, 4)        |            16 |",
        "| (BatchNormalization)            |                        |               |",
        "+---------------------------------+------------------------+---------------+",
        "| global_average_pooling2d        | (None, 4)              |             0 |",
        "| (GlobalAveragePooling2D)        |                        |               |",
        "+---------------------------------+------------------------+---------------+",
        " Total params: 56 (224.00 B)",
        " Trainable params: 8 (32.00 B)",
        " Non-trainable params: 48 (192.00 B)",
    ]


def test_a_narrow_table_with_a_column_for_what_is_trained(frozen):
    lines = table(frozen, line_length=60, positions=[0.4, 0.7, 1], show_trainable=True)
    assert {len(line) for line in lines if line[0] in "|+"} == {60}
    words = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[0] == "|"]
    assert words[0] == ["Layer (type)", "Output Shape", "Param #", "Tr…"]
    assert [row[3] for row in words[1:] if row[2]] == ["N", "Y", "-"]


def test_a_head_of_two_lines_ends_in_the_second(frozen):
    head = table(frozen, line_length=60, positions=[0.4, 0.55, 1])[2:4]
    assert [line.replace(" ", "") for line in head] == ["||Outp…||", "|Layer(type)|Shape|Param#|"]


def test_a_model_without_shapes_has_a_table():
    text = "\n".join(table(Sequential([Dense(3, name="a"), Dense(2)])))
    assert text.count("0 (unbuilt)") == text.count(" ? ") == 2
    assert "Total params: 0 (0.00 B)" in text


@pytest.mark.parametrize(
    "options",
    [
        {"line_length": 10},
        {"line_length": 0},
        {"line_length": "80"},
        {"positions": [0.5, 1]},
        {"positions": [0.9, 0.5, 1.0]},
        {"positions": [40, 60, 76]},
        {"layer_range": ("a", "b")},
        {"show_trainable": 1},
    ],
)
def test_a_table_that_cannot_be_is_refused(options):
    with pytest.raises(ValueError):
        conv().summary(**options)
