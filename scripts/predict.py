"""Say which digits each picture shows: of one digit the probability of all ten, of several what is written.

Any picture of handwritten digits will do: dark on light or light on dark, of any size, a photo, a scan or a
drawing; one digit, a number, or rows of numbers, on plain, ruled or squared paper.
"""

try:
    from tinycnn.utils.start import end_on_interrupt
except ModuleNotFoundError:
    raise SystemExit(
        "error: this Python lacks tinycnn. In the project's folder: python -m pip install -e ."
    ) from None
if __name__ == "__main__":  # before anything else is imported
    end_on_interrupt()

import argparse
import os
import sys
from typing import Any

from tinycnn.utils.cli import Parser, add_model, file_name, run, say

EXAMPLES = """examples:
  tinycnn predict digit.png                    mnist.h5, or else the bundled model
  tinycnn predict *.jpg --model mnist.h5       with your own, several pictures
  tinycnn predict page.jpg --boxes found.png   every digit on a page, and a picture of what was found
"""
REMEDY = "Draw digits, large, on plain paper."
BAR = 40  # length of the bar for a probability of 1, in characters


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line.

    Args:
        argv: the words after the script's name; None: those that Python was started with.
    """
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    parser.add_argument("images", nargs="+", type=file_name, metavar="IMAGE", help="a picture file")
    parser.add_argument(
        "--boxes", type=file_name, metavar="FILE", help="write IMAGE there, what was found outlined"
    )
    add_model(parser)
    options = parser.parse_args(argv)
    if options.boxes is not None and len(options.images) > 1:
        parser.error(f"--boxes takes one IMAGE. Received: {len(options.images)}")
    return options


def read(path: str, classify: Any, boxes: str | None) -> list:
    """Return the digits in a picture file: rows of `tinycnn.pretrained.reading.Digit`.

    Args:
        path: the picture file.
        classify: returns the probabilities (n, 10) of images, uint8 (n, 28, 28).
        boxes: a file that a picture of what was found is written to; None: none is.

    Raises:
        PictureError: if the file cannot be read, or has no digit in it.
    """
    from tinycnn.preprocessing import image_files
    from tinycnn.pretrained.reading import SURE, read_picture
    from tinycnn.utils.errors import PictureError

    picture = image_files.read_picture(path)
    try:
        rows = read_picture(picture, classify)
    except ValueError as error:
        raise PictureError(path, str(error), REMEDY) from error
    digits = [digit for row in rows for digit in row]
    if boxes is not None:
        from tinycnn.utils.plots import save_picture

        save_picture(outline(picture, digits), boxes)
    if len(digits) > 1 and not any(digit.probability >= SURE for digit in digits):
        cause = f"none of the {len(digits)} marks in the picture can be read as a digit"
        raise PictureError(path, cause, REMEDY)
    return rows


def check_boxes(boxes: str, path: str) -> None:
    """Raise PictureError unless a picture can be written to `boxes`, and is not that at `path`."""
    from tinycnn.utils.errors import PictureError
    from tinycnn.utils.plots import check_picture

    check_picture(boxes)
    if os.path.exists(boxes) and os.path.exists(path) and os.path.samefile(boxes, path):
        raise PictureError(boxes, "that is the picture itself", "Give --boxes another name.")


def outline(picture: Any, digits: list) -> Any:
    """Return a picture, float (h, w), as a Pillow image with a box and its digit for all that was found."""
    import numpy as np
    from PIL import Image, ImageDraw

    image = Image.fromarray(np.rint(255 * picture).astype(np.uint8)).convert("RGB")
    pen = ImageDraw.Draw(image)
    for digit in digits:
        top, left, bottom, right = digit.box
        box = max(left - 3, 0), max(top - 3, 0), right + 2, bottom + 2
        pen.rectangle(box, outline=(220, 30, 30), width=2)
        size = max(12, (bottom - top) // 4)
        pen.text((box[0], max(box[1] - size, 0)), sign(digit), fill=(20, 60, 220), font_size=size)
    return image


def sign(digit: Any) -> str:
    """Return a digit as it is printed: "?" if it is not sure."""
    from tinycnn.pretrained.reading import SURE

    return str(digit.digit) if digit.probability >= SURE else "?"


def bar_of(encoding: str | None) -> str:
    """Return the character that bars are made of: a block, or "#" if the encoding lacks it.

    Args:
        encoding: of standard output.
    """
    try:
        "█".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#"
    return "█"


def show(path: str, probabilities: list[float], sure: bool) -> None:
    """Print the most probable digit of one picture, and a bar for each of the ten probabilities.

    Args:
        path: the picture file.
        probabilities: ten numbers.
        sure: whether it is a digit at all.
    """
    digit = max(range(10), key=probabilities.__getitem__)
    say(f"{path}: {digit if sure else f'no digit, most like {digit}'}")
    for number, probability in enumerate(probabilities):
        bar = bar_of(sys.stdout.encoding) * round(BAR * probability)
        print(f"  {number}  {probability:6.1%}  {bar}".rstrip())


def show_rows(path: str, rows: list) -> None:
    """Print the digits of one picture, a line for each row; "?" for those that are not sure."""
    say(f"{path}:")
    lines = ["".join(map(sign, row)) for row in rows]
    for line in lines:
        print(f"  {line}")
    unsure = sum(line.count("?") for line in lines)
    if unsure:
        marks = "1 mark" if unsure == 1 else f"{unsure} marks"
        say(f"  {marks} of {sum(map(len, lines))} cannot be read as a digit: ?")


def main(argv: list[str] | None = None) -> int:
    """Run the script: recognise one picture after the other; return 1 if one could not be read, else 0.

    A mark that is most probably no digit counts as not read.
    """
    options = arguments(argv)
    from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model, probabilities
    from tinycnn.pretrained.reading import SURE
    from tinycnn.utils.errors import PictureError

    if options.boxes is not None:
        check_boxes(options.boxes, options.images[0])  # before the work
    model, name = load_digit_model(options.model, options.force, compile=False)
    say(f"model: {name}")
    digit_input, note = digit_input_of(model, name, options.scale)
    if note:
        say(note)

    def classify(images: Any) -> Any:
        return probabilities(model, name, digit_input.prepare(images))

    failures = 0
    for path in options.images:
        try:
            rows = read(path, classify, options.boxes)
        except PictureError as error:
            say(f"error: {error}", sys.stderr)
            failures += 1
            continue
        if sum(map(len, rows)) > 1:
            show_rows(path, rows)
            continue
        [[one]] = rows
        sure = one.probability >= SURE
        show(path, classify(one.image[None])[0].tolist(), sure)
        failures += not sure
    return 1 if failures else 0


if __name__ == "__main__":
    run(main)
