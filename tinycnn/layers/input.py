"""The input layer: it computes nothing, and only states the shape of a sample."""

import numpy as np

from tinycnn.layers.base import Gradients, Layer, Rng
from tinycnn.layers.input_shapes import given_shape, without_batch_axis
from tinycnn.utils.validation import check_int


class InputLayer(Layer):
    """Fixes the shape of the samples, so that a model can be built before it sees any.

    Args:
        shape: of one sample, such as (28, 28, 1).
        batch_size: None or a whole number; any number of samples can be given all the same.
        dtype: "float32" or "float64".
        sparse, ragged: only at Keras's defaults.
        batch_shape: the shape with None, or `batch_size`, in front, instead of `shape`.
        name: None to be named by the model.
        options: `input_shape` or `batch_input_shape`, the names of Keras 2; anything else that Keras takes
            raises.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> InputLayer((28, 28, 1)).batch_shape
        (None, 28, 28, 1)
    """

    config_names = (*Layer.config_names, "batch_shape")
    fixed_options = Layer.fixed_options | dict.fromkeys(("sparse", "ragged", "optional"), (False,))
    examples = (({"shape": (4,)}, (4,)),)
    elementwise = "x: a number of the sample itself"

    def __init__(
        self,
        shape: tuple[int, ...] | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: None = None,
        ragged: None = None,
        batch_shape: tuple[int | None, ...] | None = None,
        *,
        name: str | None = None,
        **options: object,
    ):
        if batch_size is not None:
            check_int("batch_size", batch_size)
        shape = given_shape(options, options.pop("input_shape", shape))
        super().__init__(name, dtype, sparse=sparse, ragged=ragged, **options)
        if batch_shape is not None:
            if shape is not None:
                raise ValueError(
                    "Pass either shape or batch_shape. "
                    f"Received: shape={shape!r}, batch_shape={batch_shape!r}"
                )
            shape = without_batch_axis("batch_shape", batch_shape)
        if not isinstance(shape, tuple | list) or not shape:
            raise ValueError(
                f"shape must be the shape of one sample, such as (28, 28, 1). Received: {shape!r}"
            )
        self.batch_shape = (None, *(check_int("shape", size) for size in shape))

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, None]:
        """Return x unchanged, and None."""
        return x, None

    def backward(self, dy: np.ndarray, ctx: None, input_gradient: bool = True) -> Gradients:
        """Return dy unchanged, and {}."""
        return dy, {}


def Input(
    shape: tuple[int, ...] | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: None = None,
    ragged: None = None,
    batch_shape: tuple[int | None, ...] | None = None,
    name: str | None = None,
    **options: object,
) -> InputLayer:
    """Return an `InputLayer`, to be the first layer of a `Sequential`.

    Args:
        shape: of one sample, such as (28, 28, 1).
        batch_size, dtype, sparse, ragged, batch_shape, name, options: see `InputLayer`.
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, name=name, **options)
