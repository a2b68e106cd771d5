"""A warning when a net is trained on pixels from 0 to 255 as they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from tinycnn.layers import BatchNormalization, Rescaling
from tinycnn.utils.warning import warn

BRIGHT = 100  # a whole number above this is taken for that of a pixel
_MEANT: ContextVar[bool] = ContextVar("whether pixels from 0 to 255 are what the net wants")


@contextmanager
def bytes_are_meant() -> Iterator[None]:
    """Say nothing of such pixels within a `with` block: the net is known to be trained with them."""
    token = _MEANT.set(True)
    try:
        yield
    finally:
        _MEANT.reset(token)


def warn_of_bytes(model: object, x: np.ndarray) -> None:
    """Warn if samples look like pixels from 0 to 255, and no layer before the first weights scales them.

    Args:
        model: built.
        x: some samples, (n, ...).
    """
    if (
        _MEANT.get(False)
        or not x.size
        or x.dtype.kind not in "uif"
        or not BRIGHT < x.max() <= 255
        or x.min() < 0
    ):
        return
    for layer in model.layers:
        if isinstance(layer, Rescaling | BatchNormalization):
            return
        if layer.params:
            break
    if x.dtype.kind == "f" and (x != np.rint(x)).any():
        return
    warn(
        f"x holds whole numbers up to {x.max():g}, like pixels from 0 to 255 that were not scaled: nets "
        "learn badly from those. Pass x / 255 (and predict with the same), or begin with "
        "Rescaling(1 / 255)."
    )
