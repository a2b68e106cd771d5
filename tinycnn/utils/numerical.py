"""`to_categorical`: class numbers as one-hot rows, and `normalize`: vectors of length 1."""

import numpy as np

from tinycnn.utils.array_like import ArrayLike
from tinycnn.utils.validation import as_array, check_int, plain_array


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> np.ndarray:
    """Turn class numbers into one-hot rows.

    Args:
        x: whole numbers from 0, any shape.
        num_classes: how many classes; None: the largest number plus one.

    Returns:
        float64, shaped as x with one more axis of length num_classes. An axis of length 1 at the end
        of x is dropped, as in Keras.

    Raises:
        ValueError: for numbers that are not whole, negative, or not below num_classes.

    Example:
        >>> to_categorical([0, 2], 3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    x = as_array("Class numbers", x)
    integral = x.dtype.kind in "biu" or (
        x.dtype.kind == "f" and np.isfinite(x).all() and np.array_equal(x, np.floor(x))
    )
    if not integral:
        raise ValueError(
            f"Class numbers must be whole numbers. Received: {x.dtype} {x.ravel()[:3]}"
        )
    if x.ndim > 1 and x.shape[-1] == 1:
        x = x[..., 0]
    if num_classes is None:
        num_classes = max(0, int(x.max()) + 1) if x.size else 0
    num_classes = check_int("num_classes", num_classes, 0)
    if x.size and not 0 <= x.min() <= x.max() < num_classes:
        raise ValueError(
            f"Class numbers must be from 0 and below num_classes={num_classes}. "
            f"Received: {x.min()} to {x.max()}"
        )
    one_hot = np.zeros((*x.shape, num_classes))
    np.put_along_axis(one_hot, x[..., None].astype(np.intp), 1, axis=-1)
    return one_hot


def normalize(x: ArrayLike, axis: int = -1, order: float = 2) -> np.ndarray:
    """Divide vectors by their length; those of length 0 stay so.

    Args:
        x: numbers, any shape; a single vector becomes a row.
        axis: along which the vectors lie.
        order: of the norm, as `numpy.linalg.norm` takes it: 2 for the Euclidean length.

    Returns:
        Shaped as x, at least with two axes; float64 unless x has another float dtype.

    Example:
        >>> normalize([[3, 4], [0, 0]])
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    x = np.atleast_2d(plain_array("x", x))
    norms = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norms == 0, 1, norms)
