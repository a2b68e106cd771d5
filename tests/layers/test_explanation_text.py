"""Numbers and sums as people read them."""

import numpy as np

from tests.support.explained import case, every_case
from tinycnn.layers import Dense


@every_case
def test_explanations_read_well_and_change_nothing(cls, arguments, shape):
    layer, x, y, dy = case(cls, arguments, shape)
    before = [array.tobytes() for array in (x, y, dy, *layer.params.values())]
    last = tuple(size - 1 for size in y.shape), tuple(size - 1 for size in x.shape)
    told = [layer.explain(x, y, last[0]), layer.explain_input_gradient(x, y, dy, last[1])]
    for name, param in layer.params.items():
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
