"""How much each sample counts in the loss: Keras's `sample_weight` and `class_weight`, checked."""

from collections.abc import Mapping

import numpy as np

from tinycnn.utils.validation import check_number, is_int, plain, plain_array


def check_sample_weight(sample_weight: object, count: int) -> np.ndarray:
    """Return the weights of samples as an array (n,) of float64.

    Args:
        sample_weight: (n,) or (n, 1), finite and not negative.
        count: n.

    Raises:
        ValueError: for another shape, or other numbers.
    """
    weights = plain_array("sample_weight", sample_weight)
    if weights.shape not in ((count,), (count, 1)):
        raise ValueError(
            f"sample_weight must have one number for each of the {count} samples: the shape "
            f"({count},). Received: {weights.shape}"
        )
    weights = weights.reshape(count).astype(np.float64)
    good = np.isfinite(weights) & (weights >= 0)
    if not good.all():
        place = (~good).argmax()
        raise ValueError(
            "sample_weight must be finite numbers from 0. "
            f"Received: sample_weight[{place}] = {weights[place]}"
        )
    return weights


def weights_of_classes(
    class_weight: Mapping[int, float], y: np.ndarray, outputs: int
) -> np.ndarray:
    """Return the weight of each sample (n,) of float64: that of its class, 1 for a class without one.

    Args:
        class_weight: {class number: weight}, the weights finite and not negative.
        y: labels: class numbers (n,) or (n, 1), or one-hot (n, classes).
        outputs: the classes of the model; 1: it tells two apart by one number.

    Raises:
        ValueError: for anything else, or a class that is not there.

    Example:
        >>> weights_of_classes({2: 5.0}, np.array([0, 2, 1]), 3)
        array([1., 5., 1.])
    """
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            "class_weight must be a dict {class number: weight}; of a list of weights make one with "
            f"dict(enumerate(weights)). Received: class_weight={class_weight!r}"
        )
    table = np.ones(max(outputs, 2))
    for number, weight in class_weight.items():
        place = int(number) if isinstance(number, float) and number.is_integer() else number
        if not is_int(place) or not 0 <= int(place) < len(table):
            raise ValueError(
                f"class_weight: classes are the whole numbers from 0 to {len(table) - 1}, and {number!r} "
                f"is none. Received: class_weight={class_weight!r}"
            )
        table[int(plain(place))] = check_number(f"class_weight[{number}]", weight, 0)
    one_hot = y.ndim > 1 and y.shape[-1] != 1
    classes = y.argmax(axis=-1) if one_hot else np.rint(y).reshape(len(y)).astype(np.intp)
    return table[np.clip(classes, 0, len(table) - 1)]
