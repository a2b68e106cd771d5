"""Numbers and sums as people read them."""

import numpy as np

from tests.support.explained import case, every_case
from tinycnn.layers import Dense, explanation_text


@every_case
def test_explanations_read_well_and_change_nothing(cls, arguments, shape):
    layer, x, y, dy = case(cls, arguments, shape)
    before = [array.tobytes() for array in (x, y, dy, *layer.params.values())]
    last = tuple(size - 1 for size in y.shape), tuple(size - 1 for size in x.shape)
    told = [layer.explain(x, y, last[0]), layer.explain_input_gradient(x, y, dy, last[1])]
    for name in layer.gradient_names:
        param = layer.params[name]
        told.append(layer.explain_weight_gradient(x, y, dy, name, [0] * param.ndim))
    for text in map(str, told):
        assert text.startswith(f"layer ({cls.__name__}): ")
        assert 2 <= len(text.splitlines()) <= 14
        assert max(map(len, text.splitlines())) <= 100
    assert before == [array.tobytes() for array in (x, y, dy, *layer.params.values())]


def test_a_dense_output_reads_like_this():
    layer = Dense(2, activation="softmax", name="dense")
    layer.build((None, 3), np.random.default_rng(0))
    layer.set_weights([[[1, 0], [2, 0], [-4, 0]], [0.5, 0.5]])
    x = np.float32([1, 3, 2])
    told = layer.explain(x, layer.forward(x[None], False, None)[0][0], (0,))
    assert str(told).splitlines() == [
        "dense (Dense): y[0] = 0.2689",
        "  Σ x · kernel of 3 products = -1.0000, of them",
        "  - 8.0000 = 2.0000 · -4.0000   x[2]",
        "  + 6.0000 = 3.0000 · 2.0000   x[1]",
        "  + 1.0000 = 1.0000 · 1.0000   x[0]",
        "  z = -1.0000 + 0.5000 (bias) = -0.5000",
        "  softmax: exp(z - largest z) = exp(-0.5000 - 0.5000) = 0.3679",
        "  y = 0.3679 / 1.3679 = 0.2689, shared among 2 exponentials",
    ]
    assert told.counted_for().tolist() == [1, 0]
    assert told.counted_against().tolist() == [2]


def test_products_that_are_0_are_counted():
    layer = Dense(1, name="dense")
    layer.build((None, 4), np.random.default_rng(0))
    layer.set_weights([[[1], [2], [3], [0]], [0]])
    told = layer.explain(np.float32([1, 0, 0, 5]), np.float32([1]), (0,))
    assert [line.strip() for line in str(told).splitlines()[1:4]] == [
        "Σ x · kernel of 4 products = 1.0000, of them",
        "+ 1.0000 = 1.0000 · 1.0000   x[0]",
        "3 are 0",
    ]


def test_numbers_as_people_read_them():
    numbers = [0, -0.25, 0.001, 0.00099, 999_999, 1e6, -1.5e-7, np.float32(2)]
    wanted = [
        "0.0000",
        "-0.2500",
        "0.0010",
        "0.00099",
        "999999.0000",
        "1e+06",
        "-1.5e-07",
        "2.0000",
    ]
    assert [explanation_text.number(value) for value in numbers] == wanted
    assert [explanation_text.signed(value) for value in (0.5, -0.5)] == ["+ 0.5000", "- 0.5000"]
    assert explanation_text.index_text(np.array([3, 0])) == "[3, 0]"


def test_the_largest_products_come_first_the_rest_is_added_up():
    factors, others = np.array([1, -2, 0, 3, 1, 4, 5.0]), np.array([1, 1, 9, -1, 2, 1, 1.0])
    lines = explanation_text.term_lines("x{}".format, factors, others)
    assert [line.split()[-1] for line in lines[:-1]] == ["x6", "x5", "x3", "x1"]
    assert lines[2] == "- 3.0000 = 3.0000 · -1.0000   x3"
    assert lines[-1] == "+ 3.0000   2 others"  # one product is 0, and none of them
