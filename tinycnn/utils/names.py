"""Names as Keras makes them of the names of classes."""

import re


def snake_case(name: str) -> str:
    """Return a class's name in small letters with underscores, as Keras names layers.

    Example:
        >>> snake_case("MaxPooling2D"), snake_case("ReLU"), snake_case("PReLU")
        ('max_pooling2d', 're_lu', 'p_re_lu')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()
