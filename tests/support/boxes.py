"""Images of boxes, for tests that vary images."""

import numpy as np


def rng(seed=0):
    return np.random.default_rng(seed)


def canvas(*boxes, count=40):
    """Return the same image `count` times: foreground in boxes of (top, bottom, left, right)."""
    images = np.zeros((count, 28, 28), np.float32)
    for top, bottom, left, right in boxes:
        images[:, top:bottom, left:right] = 1
    return images
