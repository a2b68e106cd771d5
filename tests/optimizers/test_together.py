"""Small arrays take one step together: the same numbers as one by one, and no array is missed."""

import numpy as np
import pytest

from tinycnn import optimizers
from tinycnn.optimizers.together import SMALL, update_together

SHAPES = [(3, 2), (5,), (1, 2, 4), (SMALL + 1,), (1,)]
KINDS = (
    *("SGD", "Adam", "AdamW", "Adadelta"),
    *("RMSprop", "Nadam", "Adamax", "Adagrad"),
)


def test_small_arrays_are_joined_and_large_ones_are_not():
    rows = [tuple(np.full(shape, k + 1.0) for k in range(3)) for shape in SHAPES]
    sizes = []

    def update(param, grad, slots):
        sizes.append(param.size)
        assert param.shape == grad.shape == slots[0].shape
        param -= grad
        slots[0] *= 2

    update_together(update, rows)
    assert sizes == [SMALL + 1, 6 + 5 + 8 + 1]
    for param, grad, slot in rows:
        assert (param == -1).all()
        assert (grad == 2).all()
        assert (slot == 6).all()


def test_dtypes_are_not_mixed():
    rows = [(np.ones(2, dtype), np.ones(2, dtype)) for dtype in ("f4", "f8", "f4")]
    seen = []
    update_together(lambda param, grad, slots: seen.append((param.dtype.char, param.size)), rows)
    assert seen == [("f", 4), ("d", 2)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_optimizer_gives_the_same_bytes_as_array_by_array(kind):
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]
    grads = [[rng.standard_normal(shape).astype(np.float32) for shape in SHAPES] for _ in range(3)]
    together, alone = [a.copy() for a in start], [a.copy() for a in start]
    one, many = getattr(optimizers, kind)(), [getattr(optimizers, kind)() for _ in SHAPES]
    for step in grads:
        one.apply(step, together)
        for optimizer, grad, param in zip(many, step, alone, strict=True):
            optimizer.apply([grad], [param])
    for param, other in zip(together, alone, strict=True):
        assert param.tobytes() == other.tobytes()


def test_a_rule_of_ones_own_sees_each_array():
    seen = []

    class Own(optimizers.SGD):
        def update(self, param, grad, slots):
            seen.append(param.shape)

    arrays = [np.zeros(shape) for shape in SHAPES]
    Own().apply(arrays, [array.copy() for array in arrays])
    assert seen == SHAPES
