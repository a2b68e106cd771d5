"""What the window asks for and Tk must not wait for: models, pictures, recognition. No Tk in here.

Everything heavy is imported inside of the methods: they run on the worker, behind the open window.
"""

import dataclasses
import importlib.resources
import json
import os
import random

from gui.drawing.drawing import Items, Picture
from gui.drawing.number import newest_digit
from gui.recognition.opened import checked, digits_in
from gui.recognition.other_pictures import picture_of_clipboard, random_test_digit
from gui.recognition.writing import Written, in_rows, newest, placed, read_number

BUNDLED = "the bundled model"


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What a net made of a drawing.

    version: of the drawing, as it was asked for.
    image: what the net saw, 784 bytes, 0 background to 255 foreground, row by row.
    shares: the probabilities of the ten digits; None as long as there is no model.
    number: of a drawing with several digits each one's ten probabilities, row by row, from left to right;
        `image` and `shares` are those of the newest, in a picture of the last.
    """

    version: int
    image: bytes
    shares: list[float] | None
    number: tuple[tuple[list[float], ...], ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """A drawing as the net saw it, and what every layer made of it.

    version, items: of the drawing; there are some.
    model: the net.
    image: uint8 (28, 28).
    x: the same as the net takes it, (1, 28, 28, 1) or another shape.
    outputs: of every layer, (1, ...).
    """

    version: int
    items: Items
    model: object
    image: object
    x: object
    outputs: list


class Recogniser:
    """A model, and what is done with it.

    Args:
        scale: what models from files take for background and foreground; None: it is found out.
    """

    def __init__(self, scale: tuple[float, float] | None = None) -> None:
        self.model = None
        self.name = ""
        self.input = None  # how the model wants its digits, a `DigitInput`
        self.opened = None  # the model as it was loaded; another one has learnt since
        self.learnt = 0  # how often the weights of a model have changed while it read
        self.scale = scale
        self._reading: Reading | None = None  # the newest
        self._found: tuple[tuple[Picture, object, int], list[list]] | None = None
        self._written: tuple[tuple[Items, object, int], list[Written]] | None = None
        self._chance = random.Random()

    def load(self, path: str | None) -> str:
        """Load a model: the file, or ./mnist.h5, or the bundled one; return its name and what is known of it.

        It has predicted a digit once when this returns, so that its kernels are compiled.

        Raises:
            FileError: the file is no model of digits. The model from before stays.
        """
        import numpy as np

        from tinycnn.pretrained.digit_model import OWN, probabilities

        if path is None and os.path.lexists(OWN):
            path = OWN
        model, name, taken = loaded(path, self.scale)
        probabilities(model, name, taken.prepare(np.zeros((1, 28, 28), np.uint8)))
        self.model, self.name, self.input = model, name, taken
        self.opened = model
        return described(model, name, taken)

    def load_bundled(self) -> str:
        """Load the model that comes along; return its name and what is known of it."""
        import numpy as np

        model, name, taken = loaded(None)
        model.predict(np.zeros((1, 28, 28, 1), np.float32), verbose=0)
        self.model, self.name, self.input = model, name, taken
        self.opened = model
        return described(model, name)

    def read(self, version: int, items: Items) -> Reading:
        """Run a drawing through every layer of the model that there is, or return the reading of a newer one.

        Whoever is told that the weights have changed asks for a newer version, even of the same drawing.

        Args:
            version, items: of the drawing; there are some.
        """
        last = self._reading
        newest = last is not None and (
            (last.version, last.items) == (version, items) or last.version > version
        )
        if newest and last.model is self.model:
            return last
        image = self.prepared(items)
        x = self.input.prepare(image[None], self.model.dtype)  # (1, 28, 28, 1)
        outputs = self.model.activations(x)
        self._reading = Reading(version, items, self.model, image, x, outputs)
        return self._reading

    def predict(self, version: int, items: Items, layers: bool = False) -> Prediction:
        """Prepare a drawing as MNIST was prepared, and recognise it.

        Args:
            version, items: of the drawing.
            layers: whether its way through the layers will be looked at: then it is run through them once.

        Raises:
            ValueError: there is no foreground.
        """
        import numpy as np

        from tinycnn.pretrained.digit_model import as_probabilities, probabilities

        if layers and self.model is not None:
            with np.errstate(all="ignore"):  # a net that diverged is told of below
                reading = self.read(version, items)
            shares = as_probabilities(reading.model, self.name, reading.outputs[-1])[0].tolist()
            number = self._number(reading.items)
            return Prediction(reading.version, reading.image.tobytes(), shares, number)
        image = self.prepared(items)
        shares = None
        if self.model is not None:
            x = self.input.prepare(image[None])  # (1, 28, 28, 1), or as the model wants it
            shares = [float(p) for p in probabilities(self.model, self.name, x)[0]]
        return Prediction(version, image.tobytes(), shares, self._number(items))

    def prepared(self, items: Items) -> object:
        """Return what the net sees of a drawing, uint8 (28, 28): of several digits the newest, or the last.

        Raises:
            ValueError: there is no foreground.
        """
        digit = self.last_digit(items)
        return prepare(items) if digit is None else digit.image

    def last_digit(self, items: Items) -> object:
        """Return a picture's last `Digit`, or of strokes the newest `Written`; None without a model.

        Raises:
            ValueError: there is no foreground.
        """
        if self.model is None:
            return None
        if isinstance(items[0], Picture):
            return self._digits_of_picture(items[0])[-1][-1]
        return newest(self._digits_of_strokes(items), items)

    def _number(self, items: Items) -> tuple[tuple[list[float], ...], ...]:
        """Return the ten probabilities of each digit, row by row; () of one alone, or without a model."""
        if self.model is None:
            return ()
        if isinstance(items[0], Picture):
            rows = self._digits_of_picture(items[0])
        else:
            rows = in_rows(self._digits_of_strokes(items))
        if sum(map(len, rows)) < 2:
            return ()
        return tuple(tuple(self._classify([digit.image for digit in row]).tolist()) for row in rows)

    def _digits_of_picture(self, picture: Picture) -> list[list]:
        """Return rows of each `Digit` of a picture."""
        key = picture, self.model, self.learnt
        if self._found is None or self._found[0] != key:
            self._found = key, digits_in(picture, self._classify)
        return self._found[1]

    def _digits_of_strokes(self, items: Items) -> list[Written]:
        """Return each digit of a drawing; as long as it stays the same, which strokes these are does, too."""
        key = items, self.model, self.learnt
        if self._written is None or self._written[0] != key:
            self._written = key, read_number(items, self._classify)
        return self._written[1]

    def _classify(self, images: object) -> object:
        """Return the probabilities (n, 10) of images, each uint8 (28, 28)."""
        import numpy as np

        from tinycnn.pretrained.digit_model import probabilities

        return probabilities(self.model, self.name, self.input.prepare(np.stack(images)))

    def open(self, path: str) -> Picture:
        """Read a picture file.

        Raises:
            PictureError: it is no picture, or holds nothing that could be a digit.
        """
        from tinycnn.preprocessing.image_files import read_picture

        return checked(Picture(read_picture(path), os.path.basename(path)), path)

    def paste(self, data: bytes | str) -> Picture:
        """Read a picture file that the clipboard held.

        Raises:
            PictureError: it is no picture, or holds nothing that could be a digit.
        """
        return checked(picture_of_clipboard(data), "the clipboard")

    def take_test_digit(self) -> Picture:
        """Return a random one of the embedded test digits; its name says its label."""
        return random_test_digit(self._chance)

    def show(self, picture: Picture, side: int) -> tuple[Picture, int, bytes]:
        """Return a picture as the canvas shows it: a PGM file of side x side pixels, and for what."""
        return picture, side, pgm(fitted(picture.grey, side).tobytes(), side)


def loaded(
    path: str | None, scale: tuple[float, float] | None = None
) -> tuple[object, str, object]:
    """Load a model of digits; return it, its name, and how it wants its digits, a `DigitInput`.

    Args:
        path: of its file; None: the one that comes along.
        scale: what it takes for background and foreground; None: it is found out.

    Raises:
        FileError: the file is no model of digits.
    """
    from tinycnn import pretrained
    from tinycnn.pretrained.digit_input import USUAL
    from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model

    if path is None:
        return pretrained.load(), BUNDLED, USUAL
    model, name = load_digit_model(path)
    return model, name, digit_input_of(model, name, scale)[0]


def described(model: object, name: str, taken: object = None) -> str:
    """Return a model's name, its size and, of the bundled one, its accuracy.

    Args:
        model, name: from `load_digit_model`.
        taken: how it wants its digits, a `DigitInput`; it is told of where pixels are not from 0 to 1.
    """
    facts = f"{len(model.layers)} layers, {model.count_params():,} weights"
    if name == BUNDLED:
        record = importlib.resources.files("tinycnn.pretrained").joinpath("mnist.json")
        accuracy = json.loads(record.read_text(encoding="utf-8"))["test_accuracy"]
        facts += f", {100 * accuracy:.1f} % right on MNIST"
    if taken is not None and (taken.background, taken.foreground) != (0, 1):
        facts += f", pixels from {taken.range}"
    return f"{name} ({facts})"


def prepare(items: Items) -> object:
    """Return a drawing, of several digits the newest, as MNIST would have it, uint8 (28, 28)."""
    from tinycnn.preprocessing import to_mnist

    if items and isinstance(items[0], Picture):
        return to_mnist(items[0].grey)
    return placed(newest_digit(items))[0]


def fitted(grey: object, side: int) -> object:
    """Return a picture fitted into a square of its own background's tone, uint8 (side, side)."""
    import numpy as np
    from PIL import Image, ImageOps

    image = Image.fromarray((grey * 255).astype(np.uint8))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return np.asarray(ImageOps.pad(image, (side, side), color=int(255 * float(np.median(border)))))


def pgm(grey: bytes, side: int) -> bytes:
    """Return grey pixels as a PGM file, which Tk reads without help.

    Example:
        >>> pgm(b"\\x00\\xff\\xff\\x00", 2)
        b'P5 2 2 255\\n\\x00\\xff\\xff\\x00'
    """
    return b"P5 %d %d 255\n" % (side, side) + grey
