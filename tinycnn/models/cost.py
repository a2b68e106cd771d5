"""How much a model will compute and hold for one sample, estimated from its shapes before anything runs.

It guards against files: a model file of a few kilobytes can describe a net that computes for hours,
because the number of weights does not say how often they are applied.
"""

from tinycnn.layers.base import Layer, flat_size
from tinycnn.utils.errors import ModelFileError

# Limits for one sample. "The classic net" is Keras's old example for MNIST, mnist_cnn.
# 190 times the classic net's 26 million; a few seconds at most on one slow core.
MOST_OPERATIONS = 5_000_000_000
# 28 times the classic net's 36,864; 1 GiB in float32 for the 256 samples that are predicted at once.
MOST_NUMBERS = 2**20
_REMEDY = "Give a smaller model, or run a script of the project with --force."


def operations(layers: list[Layer]) -> int:
    """Return about how many additions, multiplications and comparisons the forward pass of a sample takes.

    Args:
        layers: of a built model.

    Example:
        >>> from tinycnn.layers import Dense, Input
        >>> from tinycnn.models import Sequential
        >>> operations(Sequential([Input((784,)), Dense(10)]).layers)
        15680
    """
    return sum(layer.operations() for layer in layers)


def largest_output(layers: list[Layer]) -> int:
    """Return the size, in numbers for one sample, of the largest output among these layers."""
    return max(flat_size(layer.output_shape) for layer in layers)


def check_cost(layers: list[Layer], path: str) -> None:
    """Raise if a model exceeds `MOST_OPERATIONS` or `MOST_NUMBERS`; else do nothing.

    Args:
        layers: of a built model.
        path: its file, for the message.

    Raises:
        ModelFileError: with the estimate and the limit.
    """
    needed, largest = operations(layers), largest_output(layers)
    if needed > MOST_OPERATIONS:
        cause = (
            f"one sample takes about {needed:,} operations, and {MOST_OPERATIONS:,} are the most"
        )
    elif largest > MOST_NUMBERS:
        cause = f"a layer hands on {largest:,} numbers a sample, and {MOST_NUMBERS:,} are the most"
    else:
        return
    raise ModelFileError(path, cause, _REMEDY)
