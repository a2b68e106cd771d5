"""The few names that scripts import from Keras's backend, and from its config: here nothing can be set.

Each setter takes the value that is there, so that scripts which set it run, and refuses any other.
"""

FLOATX = "float32"
IMAGE_DATA_FORMAT = "channels_last"
EPSILON = 1e-7


def backend() -> str:
    """Return "numpy"."""
    return "numpy"


def image_data_format() -> str:
    """Return "channels_last": images are (n, height, width, channels), and nothing else is there."""
    return IMAGE_DATA_FORMAT


def set_image_data_format(data_format: str) -> None:
    """Take "channels_last"; raise ValueError for anything else."""
    _take("data_format", data_format, IMAGE_DATA_FORMAT, "images are (n, height, width, channels)")


def floatx() -> str:
    """Return the dtype of layers that name none."""
    return FLOATX


def set_floatx(value: str) -> None:
    """Take "float32"; raise ValueError for anything else."""
    _take("value", value, FLOATX, 'give the layers dtype="float64" for more digits')


def epsilon() -> float:
    """Return the small number that keeps losses from log(0)."""
    return EPSILON


def set_epsilon(value: float) -> None:
    """Take 1e-7; raise ValueError for anything else."""
    _take("value", value, EPSILON, "nothing else is there")


def clear_session(free_memory: bool = True) -> None:
    """Do nothing: there is no session, and models keep no global state."""


def _take(name: str, value: object, there: object, remedy: str) -> None:
    """Raise ValueError, with the name of the argument, for a value that is not the one that is there."""
    if value != there:
        raise ValueError(f"{name} can only be {there!r}: {remedy}. Received: {name}={value!r}")
