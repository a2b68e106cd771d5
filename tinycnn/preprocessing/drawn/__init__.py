"""A generator of drawings: digits as people write them round the world, and what is no digit.

`digits.json` and `signs.json` hold the styles as lines in a unit box, with free parameters (`styles.py` reads
them); `hand.py` writes them as a hand does, and `rendering.py` makes images of that, as the window does or
as pictures of a thick pen. Nothing in it was copied from anybody's drawings.
"""

from tinycnn.preprocessing.drawn.digits import digit_styles, drawn_digit, drawn_digits
from tinycnn.preprocessing.drawn.others import NO_DIGIT, drawn_other, drawn_others, other_styles

__all__ = [
    "NO_DIGIT",
    "digit_styles",
    "drawn_digit",
    "drawn_digits",
    "drawn_other",
    "drawn_others",
    "other_styles",
]
