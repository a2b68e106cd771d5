"""MNIST's test images turned, slanted, thicker or thinner, and as a very thick pen would have drawn them."""

import numpy as np
from PIL import Image, ImageFilter

from tinycnn import preprocessing
from tinycnn.preprocessing.stroke_width import thicken

ENLARGED = 112  # 4 times 28: there a filter of 3 or 5 changes a line by a fraction of a pixel
BOX = 20  # pixels that a digit's longer side has in MNIST


def rotated(picture, degrees):
    """Return a Pillow image rotated counter-clockwise."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC)


def slanted(picture, slant):
    """Return a Pillow image sheared sideways, its top to the right for a slant (a tangent) above 0."""
    middle = ENLARGED / 2
    coefficients = (1, slant, -slant * middle, 0, 1, 0)
    return picture.transform(
        picture.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
    )


DEFORMATIONS = {
    "as they are": lambda picture: picture,
    "turned 15 degrees left": lambda picture: rotated(picture, 15),
    "turned 15 degrees right": lambda picture: rotated(picture, -15),
    "slanted 0.3 right": lambda picture: slanted(picture, 0.3),
    "slanted 0.3 left": lambda picture: slanted(picture, -0.3),
    "1 pixel thicker": lambda picture: picture.filter(ImageFilter.MaxFilter(5)),
    "1/2 pixel thinner": lambda picture: picture.filter(ImageFilter.MinFilter(3)),
}


def deformed(images, change):
    """Return images uint8 (n, 28, 28) changed at four times their size, then prepared by `to_mnist`.

    Args:
        images: uint8 (n, 28, 28).
        change: function of a Pillow image that returns another: see `DEFORMATIONS`.
    """
    new = np.empty_like(images)
    for place, image in enumerate(images):
        large = Image.fromarray(image).resize((ENLARGED, ENLARGED), Image.Resampling.BICUBIC)
        new[place] = preprocessing.to_mnist(np.asarray(change(large)))
    return new


def thickened(images, pen):
    """Return images uint8 (n, 28, 28) with lines as wide as a share `pen` of the digit's longer side.

    Loops that such a pen fills are filled. They are prepared by `to_mnist`, uint8 (n, 28, 28).
    """
    return np.array([preprocessing.to_mnist(thicken(image / 255, pen * BOX)) for image in images])
