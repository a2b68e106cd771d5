"""What a model costs before anything runs: operations and memory for one sample, from its shapes alone.

A file of a few kilobytes can describe a net that computes for hours: windows of pooling have no weights,
and those of a kernel say nothing of how often it is applied.
"""

from tinycnn.layers.base import Layer, flat_size
from tinycnn.utils.errors import ModelFileError

# 190 times the classic net's 26 million; a few seconds at most on one slow core.
MOST_OPERATIONS = 5_000_000_000
# 28 times the classic net's 36,864; 1 GiB in float32 for the 256 samples that are predicted at once.
MOST_NUMBERS = 2**20
_REMEDY = "Give a smaller model, or run a script of the project with --force."


def operations(layers: list[Layer]) -> int:
    """Return how many additions, multiplications and comparisons one sample takes, about.

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
    """Return how many numbers the largest output of a layer has for one sample."""
    return max(flat_size(layer.output_shape) for layer in layers)


def check_cost(layers: list[Layer], path: str) -> None:
    """Raise for a model that would keep the machine busy for minutes, or fill its memory.

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
