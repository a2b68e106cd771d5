"""`tinycnn draw --inside picture.png --output view.png`: the inside as a picture. No Tk."""

import os

from gui.drawing.drawing import Picture
from gui.inside.export import view
from gui.recognition.opened import digits_in
from tinycnn.preprocessing.image_files import read_picture
from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model, probabilities
from tinycnn.utils.cli import say
from tinycnn.utils.errors import PictureError
from tinycnn.utils.plots import check_picture, save_picture


def write_view(
    source: str,
    output: str,
    model_path: str | None,
    label: int | None,
    scale: tuple[float, float] | None = None,
) -> None:
    """Read a picture of a digit, and write what a net makes of it.

    Args:
        source: the picture file; of several digits the last is shown, as in the window.
        output: the picture to write; what is there already is replaced.
        model_path: a model file; None: ./mnist.h5, or else the bundled model.
        label: the digit for the way back; None: without one.
        scale: what the model takes for background and foreground; None: it is found out.

    Raises:
        FileError: a file cannot be read or written, or shows no digit.
    """
    if os.path.exists(output) and os.path.samefile(source, output):
        raise PictureError(output, "that is the picture of the digit itself", "Give another name.")
    check_picture(output)  # a bad name is noticed before the work, not after it
    picture = Picture(read_picture(source), os.path.basename(source))
    model, name = load_digit_model(model_path)
    say(f"model: {name}")
    taken, note = digit_input_of(model, name, scale)
    if note:
        say(note)
    try:
        found = digits_in(picture, lambda images: probabilities(model, name, taken.prepare(images)))
        image = view(model, name, (picture,), label, taken, found[-1][-1])
    except ValueError as error:
        raise PictureError(source, str(error), "Draw one digit, large, on plain paper.") from error
    save_picture(image, output)
    say(f"wrote {output}")
