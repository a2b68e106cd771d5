"""Names that are made from the names of classes and functions."""

import re


def snake_case(name: str) -> str:
    """Return a name in small letters with underscores, as Keras names layers, losses and metrics.

    Example:
        >>> snake_case("MaxPooling2D"), snake_case("ReLU"), snake_case("<lambda>")
        ('max_pooling2d', 're_lu', 'lambda')
    """
    name = re.sub(r"\W+", "", name)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()
