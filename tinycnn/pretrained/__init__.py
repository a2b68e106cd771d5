"""The net that comes along, so that a drawing can be recognised at the first start.

It learnt MNIST's digits in ever new variations (`preprocessing.augmentation`), with the habits of people who
draw: ones with a flag, crossed sevens, slashed zeros. `mnist.json` beside it records the recipe, the
accuracy on MNIST's test set and the file's hash; `scripts/train_bundled.py` makes both again.
"""

import importlib.resources

from tinycnn.models import Sequential, load_model


def load() -> Sequential:
    """Return the bundled net: float32 pictures (n, 28, 28, 1) in 0 to 1 in, probabilities (n, 10) out.

    It is compiled with Adadelta and categorical cross-entropy, to be evaluated or trained further.

    Example:
        >>> load().output_shape
        (None, 10)
    """
    with importlib.resources.as_file(importlib.resources.files(__name__) / "mnist.h5") as path:
        model = load_model(path)
    model.compile("adadelta", "categorical_crossentropy", metrics=["accuracy"])
    return model
