"""Steps of optimizers against their definitions."""

import numpy as np
import pytest

from tests.support.exact import DTYPES
from tinycnn.ops import kernels, reference


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "slots", "settings"),
    [
        ("sgd_update", 1, (0.1, 0.0, False)),
        ("sgd_update", 1, (0.1, 0.9, False)),
        ("sgd_update", 1, (0.1, 0.9, True)),
        ("adadelta_update", 2, (1.0, 0.95, 1e-7)),
        ("adam_update", 2, (0.01, 0.9, 0.999, 1e-7)),
    ],
)
def test_optimizers(name, slots, settings, dtype, rng):
    wanted = [rng.standard_normal((7, 11)).astype(dtype) for _ in range(2 + slots)]
    wanted[2:] = [np.abs(slot) for slot in wanted[2:]]
    actual = [array.copy() for array in wanted]
    for _ in range(3):
        getattr(reference, name)(*wanted, *settings)
        getattr(kernels, name)(*actual, *settings)
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-6 if dtype == np.float32 else 1e-13)
