"""What several tests of preprocessing ask for."""

import numpy as np
import pytest

from tinycnn import datasets, pretrained


@pytest.fixture(scope="module")
def recognise():
    """The digits that the bundled model sees in images, uint8 (n, 28, 28)."""
    model = pretrained.load()

    def digits_of(images):
        x = np.stack(images)[..., None] / np.float32(255)
        return model.predict(x, verbose=0).argmax(axis=1)

    return digits_of


@pytest.fixture(scope="module")
def sample():
    """600 digits to vary: images and labels."""
    digits = datasets.load("sample")
    return digits.x_train[:600], digits.y_train[:600]
