"""Say which digit each picture shows, with the probability of all ten.

Any picture of one handwritten digit will do: dark on light or light on dark, of any size, a photo,
a scan or a drawing.
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
import sys
from typing import Any

from tinycnn.utils.cli import Parser, add_model, file_name, run, say

EXAMPLES = """examples:
  tinycnn predict digit.png                    mnist.h5, or else the bundled model
  tinycnn predict *.jpg --model mnist.h5       with your own, several pictures
"""
BAR = 40  # length of the bar for a probability of 1, in characters


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line.

    Args:
        argv: the words after the script's name; None: those that Python was started with.
    """
    parser = Parser(description=__doc__, epilog=EXAMPLES)
    parser.add_argument("images", nargs="+", type=file_name, metavar="IMAGE", help="a picture file")
    add_model(parser)
    return parser.parse_args(argv)


def read_digit(path: str) -> Any:
    """Return the digit in a picture file, prepared as MNIST's were: uint8 (28, 28).

    Raises:
        PictureError: if the file cannot be read, or has no digit in it.
    """
    from tinycnn.preprocessing import to_mnist
    from tinycnn.preprocessing.image_files import read_picture
    from tinycnn.utils.errors import PictureError

    try:
        return to_mnist(read_picture(path))
    except ValueError as error:
        raise PictureError(path, str(error), "Draw one digit, large, on plain paper.") from error


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


def show(path: str, probabilities: list[float]) -> None:
    """Print the most probable digit of one picture, and a bar for each of the ten probabilities."""
    digit = max(range(10), key=probabilities.__getitem__)
    say(f"{path}: {digit}")
    for number, probability in enumerate(probabilities):
        bar = bar_of(sys.stdout.encoding) * round(BAR * probability)
        print(f"  {number}  {probability:6.1%}  {bar}".rstrip())


def main(argv: list[str] | None = None) -> int:
    """Run the script: recognise one picture after the other; return 1 if one could not be read, else 0."""
    options = arguments(argv)
    from tinycnn.pretrained.digit_model import digit_input_of, load_digit_model, probabilities
    from tinycnn.utils.errors import PictureError

    model, name = load_digit_model(options.model, options.force, compile=False)
    say(f"model: {name}")
    digit_input, note = digit_input_of(model, name, options.scale)
    if note:
        say(note)
    failures = 0
    for path in options.images:
        try:
            digit = read_digit(path)
        except PictureError as error:
            say(f"error: {error}", sys.stderr)
            failures += 1
            continue
        x = digit_input.prepare(digit[None])  # (1, 28, 28, 1), or as the model wants it
        show(path, probabilities(model, name, x)[0].tolist())
    return 1 if failures else 0


if __name__ == "__main__":
    run(main)
