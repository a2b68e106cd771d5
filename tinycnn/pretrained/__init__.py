"""The trained net in the package (`mnist.h5`), so that digits can be recognised without training first.

It was trained on random variations of MNIST's digits, on digits drawn in more than a hundred styles, on very
thick ones, and on what is no digit, of which it is sure of none (`drawing_batches.py`). `mnist.json` beside
it records how it was trained, its accuracy on MNIST's test set and the file's SHA-256.
`scripts/train_bundled.py` makes both files.
"""

import importlib.resources

from tinycnn.models import Sequential, load_model


def load() -> Sequential:
    """Return the net in the package, compiled with Adadelta and categorical cross-entropy.

    Its input are float32 pictures (n, 28, 28, 1) from 0 to 1, its output probabilities (n, 10).

    Example:
        >>> load().output_shape
        (None, 10)
    """
    with importlib.resources.as_file(importlib.resources.files(__name__) / "mnist.h5") as path:
        model = load_model(path)
    model.compile("adadelta", "categorical_crossentropy", metrics=["accuracy"])
    return model
