"""`Model`, Keras's name for what all models are."""


class Model:
    """What all models are, for `isinstance`; the only kind that can be made is `Sequential`.

    Args:
        arguments, options: Keras's, for the message only.

    Raises:
        TypeError: always; `Sequential` does not call this.

    Example:
        >>> from tinycnn.models import Sequential
        >>> isinstance(Sequential(), Model)
        True
    """

    def __init__(self, *arguments: object, **options: object):
        raise TypeError(
            "There are no functional and no subclassed models here, only Sequential([...]): a list of "
            "layers, each of which takes the output of the one before it."
        )
