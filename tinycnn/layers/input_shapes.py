"""The shape of a sample, under each of the names that Keras has for it."""

from tinycnn.utils.validation import check_int


def given_shape(options: dict[str, object], input_shape: object) -> object:
    """Return the shape of a sample, as given under one of Keras's three names.

    Args:
        options: of a layer; `input_dim` and `batch_input_shape` are taken out.
        input_shape: the third.

    Raises:
        ValueError: for a batch_input_shape that does not begin with a number of samples, or None.
    """
    input_dim, batch = options.pop("input_dim", None), options.pop("batch_input_shape", None)
    if batch is not None:
        return without_batch_axis("batch_input_shape", batch)
    return input_shape if input_dim is None else (input_dim,)


def without_batch_axis(name: str, shape: object) -> tuple[int, ...]:
    """Return a shape without its first axis, the number of samples: one that is given is not kept to.

    Raises:
        ValueError: if it does not begin with a whole number or None; the message has the name.
    """
    if not isinstance(shape, tuple | list) or not shape:
        raise ValueError(f"{name} must be such as (None, 28, 28, 1). Received: {name}={shape!r}")
    if shape[0] is not None:
        check_int(name, shape[0])
    return tuple(shape[1:])
