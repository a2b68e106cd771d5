"""The few names that scripts import from Keras's backend."""


def image_data_format() -> str:
    """Return "channels_last": images are (n, height, width, channels), and nothing else is there."""
    return "channels_last"


def floatx() -> str:
    """Return the dtype of layers that name none."""
    return "float32"


def epsilon() -> float:
    """Return the small number that keeps losses from log(0)."""
    return 1e-7


def clear_session() -> None:
    """Do nothing: there is no session, and models keep no global state."""
