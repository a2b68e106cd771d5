"""Looking inside a model: every layer's output, every parameter's gradient, the gradient of the input."""

import numpy as np

from tinycnn.models import training
from tinycnn.models.plan import backward, forward, plan
from tinycnn.utils.validation import as_array


def activations(model: object, x: np.ndarray) -> list[np.ndarray]:
    """Return the output (n, ...) of every layer for these samples, in the order of `model.layers`.

    Dropout is off, as in `predict`.

    Args:
        model: built.
        x: samples (n, ...), of the model's dtype.
    """
    outputs = []
    for step in plan(model.layers, fuse=False):
        x, _ = step.forward(x, False, None)
        outputs.append(x.copy())  # some layers hand on the very array that they were given
    return outputs


def gradients(model: object, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Return the gradient of the mean loss with respect to every parameter.

    Dropout is off, and the weights stay as they are.

    Args:
        model: compiled and built.
        x: samples (n, ...), of the model's dtype.
        y: labels, as the loss takes them.

    Returns:
        {"conv2d/kernel": array, ...}, in the order of `get_weights`, each shaped as its parameter.
    """
    grads, _, _ = training.loss_gradients(model.objective, x, y, None, training=False)
    pairs = zip(model.layers, grads, strict=True)
    return {
        f"{layer.name}/{name}": grad[name] for layer, grad in pairs for name in layer.gradient_names
    }


def input_gradient(model: object, x: np.ndarray, class_index: int | np.ndarray) -> np.ndarray:
    """Return the gradient of a class's score with respect to every pixel (a "saliency map").

    The score is the class's number before the softmax.

    Args:
        model: built.
        x: samples (n, ...), of the model's dtype.
        class_index: the class, or one class for each sample (n,).

    Returns:
        dscore/dx, shaped as x.

    Raises:
        ValueError: for a class that is not there.

    Source: K. Simonyan et al., "Deep Inside Convolutional Networks", 2014, section 3.
    """
    steps = plan(model.layers, logits=True)
    scores, tape = forward(steps, x, False, None)
    dscores = np.zeros_like(scores)
    dscores[np.arange(len(x)), class_indices(scores, class_index)] = 1
    return backward(steps, dscores, tape)[0]


def input_times_gradient(model: object, x: np.ndarray, class_index: int | np.ndarray) -> np.ndarray:
    """Return x · dscore/dx: about how much every pixel adds to the score of a class.

    In a net without biases whose only non-linear layers are ReLU and max pooling, the sum over the pixels
    is exactly the score.

    Args:
        model, x, class_index: see `input_gradient`.

    Returns:
        The products, shaped as x.

    Raises:
        ValueError: for a class that is not there.

    Source: A. Shrikumar et al., "Not Just a Black Box: Learning Important Features Through Propagating
        Activation Differences", 2016, section 3.3.
    """
    return x * input_gradient(model, x, class_index)


def changes_towards(
    model: object,
    x: np.ndarray,
    class_index: int | np.ndarray,
    instead_of: int | np.ndarray,
    ends: tuple[float, float] = (0.0, 1.0),
) -> np.ndarray:
    """Return what would have to change for a class to score higher than another, pixel by pixel.

    By the slope there, each is how much the lead over the other class would grow, were that pixel alone
    moved to the end of its range that helps.

    Args:
        model, x, class_index: see `input_gradient`.
        instead_of: the class, or one for each sample (n,), that shall lose.
        ends: the darkest and the lightest that a pixel can be.

    Returns:
        Shaped as x: above 0 where more light helps, below 0 where less does; nothing where a pixel is at
        that end of its range already.

    Raises:
        ValueError: for a class that is not there.
    """
    lead = input_gradient(model, x, class_index) - input_gradient(model, x, instead_of)
    darkest, lightest = ends
    return lead * np.where(lead > 0, lightest - x, x - darkest).astype(x.dtype)


def class_indices(scores: np.ndarray, class_index: int | np.ndarray) -> np.ndarray:
    """Return `class_index` as an integer array, () or (n,), after checking that these classes exist.

    Args:
        scores: the model's output, (n, classes).
        class_index: what the caller passed: one class, or one for each sample (n,).

    Raises:
        ValueError: for scores of another shape, or a class that is not there.
    """
    if scores.ndim != 2:
        raise ValueError(f"Only (n, classes) outputs have classes. Received: {scores.shape}")
    (n, classes), index = scores.shape, as_array("class_index", class_index)
    if index.shape not in ((), (n,)):
        raise ValueError(f"class_index must be one class, or {n}. Received: {index.shape}")
    if index.dtype.kind not in "iu" or not np.isin(index, np.arange(classes)).all():
        raise ValueError(f"class_index must lie in 0 to {classes - 1}. Received: {class_index!r}")
    return index
