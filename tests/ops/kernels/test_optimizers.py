"""Steps of optimizers against their definitions."""

import numpy as np
import pytest

from tests.support.exact import DTYPES
from tinycnn import ops
from tinycnn.ops import reference

ADAM = (0.01, 0.9, 0.999, 1e-7)
RMSPROP = (0.01, 0.9, 0.5, 1e-7)
STEPS = [  # name, slots ("" stands for None), settings
    ("sgd_update", "", (0.1, 0.0, False)),
    ("sgd_update", "v", (0.1, 0.0, False)),
    ("sgd_update", "v", (0.1, 0.9, False)),
    ("sgd_update", "v", (0.1, 0.9, True)),
    ("adadelta_update", "aa", (1.0, 0.95, 1e-7)),
    ("adagrad_update", "a", (0.1, 1e-7)),
    ("rmsprop_update", "v--", RMSPROP),
    ("rmsprop_update", "vl-", RMSPROP),
    ("rmsprop_update", "v-g", RMSPROP),
    ("rmsprop_update", "vlg", RMSPROP),
    ("adam_update", "mv-", ADAM),
    ("adam_update", "mvh", ADAM),
    ("nadam_update", "mv", (0.01, 0.02, 0.9, 0.999, 3.0, 1e-7)),
    ("adamax_update", "mn", ADAM),
]


def arrays(slots, shape, dtype, rng):
    """Return [param, grad, *slots], None for each "-" and without slots; a "g" is the root of what "v" is."""
    made = [rng.standard_normal(shape).astype(dtype) for _ in range(2)]
    for slot in slots or "-":
        numbers = np.abs(rng.standard_normal(shape)).astype(dtype) + dtype(1)
        made.append(None if slot == "-" else numbers / dtype(4) if slot == "g" else numbers)
    return made


def copied(made):
    return [None if array is None else array.copy() for array in made]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(7, 11), (1,), (3, 1, 5), (0, 4), (1023,)])
@pytest.mark.parametrize(("name", "slots", "settings"), STEPS)
def test_a_step_is_that_of_its_definition(name, slots, settings, shape, dtype, rng):
    wanted = arrays(slots, shape, dtype, rng)
    actual = copied(wanted)
    for _ in range(3):
        getattr(reference, name)(*wanted, *settings)
        getattr(ops.implementation(), name)(*actual, *settings)
    for one, other in zip(actual, wanted, strict=True):
        if other is not None:
            np.testing.assert_allclose(one, other, rtol=2e-6 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize(("name", "slots", "settings"), STEPS)
def test_a_nan_stays_one_and_moves_only_its_own_place(name, slots, settings, rng):
    start = arrays(slots, (40,), np.float32, rng)
    for wrong, array in enumerate(start):
        velocity_is_unread = name == "sgd_update" and wrong == 2 and not settings[1]
        if array is None or velocity_is_unread:
            continue
        clean, spoilt = copied(start), copied(start)
        spoilt[wrong][17] = np.nan
        for made in (clean, spoilt):
            getattr(ops, name)(*made, *settings)
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(spoilt[0])), [17])
        np.testing.assert_array_equal(np.delete(spoilt[0], 17), np.delete(clean[0], 17))
        if wrong > 1:
            assert np.isnan(spoilt[wrong][17])


@pytest.mark.parametrize(("name", "slots", "settings"), STEPS)
def test_any_number_of_threads_takes_the_same_step(name, slots, settings, rng):
    start, results = arrays(slots, (300_001,), np.float32, rng), []
    try:
        for count in (1, 2, 4):
            ops.set_num_threads(count)
            made = copied(start)
            getattr(ops, name)(*made, *settings)
            results.append([array.tobytes() for array in made if array is not None])
    finally:
        ops.set_num_threads(2)
    assert results[0] == results[1] == results[2]
