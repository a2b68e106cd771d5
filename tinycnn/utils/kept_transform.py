"""`KeptTransform`: a cache for one transformed array, such as the packed weights of a convolution."""

from collections.abc import Callable

import numpy as np

from tinycnn.utils.recording import recordable


class KeptTransform:
    """Keeps the last transformed array, and computes it anew only if the original has changed.

    `models/fusion.py` makes one for each convolution, for predictions, in which weights seldom change; the
    kernels call `get`. The original is compared bit by bit, so nobody need say that a weight was changed.
    Several threads may call `get` at once. (It is in `utils/` because both models and kernels import it.)

    Example:
        >>> kept, kernel = KeptTransform(), np.ones(2)
        >>> kept.get(kernel, np.exp) is kept.get(kernel, np.exp)
        True
    """

    def __init__(self):
        self._kept: tuple[tuple, np.ndarray] | None = None  # (key of the original, its transform)

    @recordable
    def get(self, array: np.ndarray, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return `transform(array)`: the kept one if array and transform are those of the last call.

        Args:
            array: float32 or float64.
            transform: a function whose result depends on nothing but the array.

        Returns:
            An array that is shared with later calls: it must not be changed.
        """
        kept, key = self._kept, (transform, array.shape, array.dtype, array.tobytes())
        if kept is None or kept[0] != key:
            # Transform the bytes in the key, not `array`: another thread may change that meanwhile.
            copy = np.frombuffer(key[3], array.dtype).reshape(array.shape).copy()
            kept = self._kept = key, transform(copy)
        return kept[1]


class MadeAnew:
    """Stands in for a `KeptTransform` and keeps nothing: for training, where weights change with every step.

    Example:
        >>> MadeAnew().get(np.ones(2), np.negative)
        array([-1., -1.])
    """

    @recordable
    def get(self, array: np.ndarray, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return `transform(array)`, computed at each call."""
        return transform(array)


MADE_ANEW = MadeAnew()
