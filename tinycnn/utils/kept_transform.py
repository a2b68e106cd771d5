"""An array in the form that a kernel wants, kept until its numbers change."""

from collections.abc import Callable

import numpy as np


class KeptTransform:
    """Keeps the transform of one array between predictions, whose weights seldom change.

    What it was made of is compared bit by bit, so whoever changes a weight, in whatever way, need not tell.
    Several threads may ask at once: what is kept is exchanged as a whole. It stands among the utilities
    because the plan of a net makes it, and kernels, which know nothing of nets, fill it.

    Example:
        >>> kept, kernel = KeptTransform(), np.ones(2)
        >>> kept.of(kernel, np.exp) is kept.of(kernel, np.exp)
        True
    """

    def __init__(self):
        self._kept: tuple[tuple, np.ndarray] | None = None

    def of(self, array: np.ndarray, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return `transform(array)`, not to be changed, made anew if the array is another than before.

        Args:
            array: float32 or float64.
            transform: a function of nothing but the array.
        """
        # The same bytes in another shape, or on another algorithm's way, are something else.
        kept, original = self._kept, (transform, array.shape, array.dtype, array.tobytes())
        if kept is None or kept[0] != original:
            # Of the same bytes: another thread may change the array meanwhile.
            copy = np.frombuffer(original[3], array.dtype).reshape(array.shape)
            kept = self._kept = original, transform(copy)
        return kept[1]


class MadeAnew:
    """Keeps nothing: for training, where weights change with every step.

    Example:
        >>> MadeAnew().of(np.ones(2), np.negative)
        array([-1., -1.])
    """

    def of(self, array: np.ndarray, transform: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return `transform(array)`."""
        return transform(array)


MADE_ANEW = MadeAnew()
