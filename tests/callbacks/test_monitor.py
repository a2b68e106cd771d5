"""Monitor: which number is better, and what is said where there is none."""

import numpy as np
import pytest

from tinycnn.callbacks.monitor import Monitor


@pytest.mark.parametrize(
    ("monitor", "mode", "value", "best", "better"),
    [
        ("loss", "auto", 1.0, 2.0, True),
        ("loss", "auto", 2.0, 1.0, False),
        ("val_accuracy", "auto", 2.0, 1.0, True),
        ("loss", "max", 2.0, 1.0, True),
        ("loss", "min", 0.95, 1.0, False),  # by less than min_delta
        ("loss", "min", 3.0, None, True),
        ("loss", "min", np.nan, None, False),
        ("loss", "min", np.nan, 1.0, False),
    ],
)
def test_what_is_better(monitor, mode, value, best, better):
    assert Monitor(monitor, mode, 0.1).improves(value, best) is better


def test_a_number_that_is_missing_is_told_unless_other_epochs_have_it():
    watch = Monitor("val_loss", "auto")
    assert watch.current({"val_loss": 2.0}) == 2.0
    with pytest.warns(UserWarning, match="'val_loss', which is not there"):
        assert watch.current({"loss": 2.0}) is None
    watch.log_names = frozenset({"loss", "val_loss"})
    assert watch.current({"loss": 2.0}) is None
