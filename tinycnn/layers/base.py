"""`Layer`, the base class of all layers: shapes, parameters, `forward` and `backward`."""

import math
from collections.abc import Mapping

import numpy as np

from tinycnn.layers import calling, explaining
from tinycnn.layers.explanation import Explanation, Position
from tinycnn.layers.input_shapes import given_shape
from tinycnn.layers.weights import HoldsWeights
from tinycnn.utils.array_like import ArrayLike
from tinycnn.utils.configurable import Configurable
from tinycnn.utils.validation import affordable, check_bool, check_int, check_name

DTYPES = ("float32", "float64")
DATA_FORMAT = ("channels_last", None)  # the accepted values of Keras's option

Shape = tuple[int | None, ...]  # (None, 28, 28, 1): the number of samples is open
Rng = np.random.Generator | None  # random numbers for dropout: needed in training only
# dx, which may be None where nobody needs it, and {parameter: gradient}.
Gradients = tuple[np.ndarray | None, dict[str, np.ndarray]]


class Layer(HoldsWeights, Configurable):
    """Base of the layers.

    Once built, a layer keeps only its parameters (`params`, by name). What `backward` needs from
    `forward` is not stored in the layer: `forward` returns it as `ctx`, and `backward` takes it as an
    argument. So several threads can use one layer at once.

    Args:
        name: None to be named by the model, after the class.
        dtype: "float32" or "float64".
        input_shape: of one sample, such as (28, 28, 1); for the first layer of a model.
        trainable: False to keep the parameters as they are while the model trains; may be set later.
        options: `input_dim` or `batch_input_shape`, instead of `input_shape`; other arguments of Keras's
            layers, each of which raises unless it has the value that changes nothing.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.
    """

    # What a subclass says of itself. The arguments that make the layer again, each an attribute, too:
    config_names: tuple[str, ...] = ("name", "dtype", "trainable")
    fixed_options: Mapping[str, tuple] = {"activity_regularizer": (None,)}
    renamed_options: Mapping[str, str] = {}  # {the option's name in Keras 2: its name now}
    weight_names: tuple[str, ...] = ()  # in the order of Keras's files; the last may be left out
    state_names: tuple[str, ...] = ()  # parameters that have no gradient, such as running means
    weights_from_0: tuple[str, ...] = ()  # those that are never negative: a file's must not be, too
    # For tests: (arguments, shape of a sample).
    examples: tuple[tuple[dict, tuple[int, ...]], ...] = ()
    # The formula of y[i] if it depends on x[i] alone, else "". {name} stands for an attribute.
    elementwise: str = ""
    changes = 0  # how often an attribute of this layer was set: what was planned before is outdated

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = "float32",
        input_shape: tuple[int, ...] | None = None,
        trainable: bool = True,
        **options: object,
    ):
        if hasattr(type(self), "call") and type(self).forward is Layer.forward:
            raise TypeError(
                f"{type(self).__name__} is a layer in Keras's style, with call, and cannot run here. It "
                "needs forward(x, training, rng), which returns (y, ctx), and backward(dy, ctx, "
                "input_gradient), which returns (dx, {parameter: gradient}); weight_shapes(input_shape) "
                "for parameters."
            )
        input_shape = given_shape(options, input_shape)
        self.check_options(options)
        self.trainable = check_bool("trainable", trainable)
        if dtype not in (None, *DTYPES):
            raise ValueError(f"dtype must be one of {DTYPES}. Received: dtype={dtype!r}")
        self.name = None if name is None else check_name("name", name)
        self.dtype = str(dtype or "float32")
        self.batch_shape = None
        if input_shape is not None:
            if not isinstance(input_shape, tuple | list):
                raise ValueError(
                    "input_shape must be the shape of one sample, such as (28, 28, 1). "
                    f"Received: input_shape={input_shape!r}"
                )
            self.batch_shape = (None, *(check_int("input_shape", size) for size in input_shape))
        self.input_shape: Shape | None = None
        self.output_shape: Shape | None = None
        self.params: dict[str, np.ndarray] = {}
        self.attached = False  # whether it is part of a model, which may still be without shapes

    def __setattr__(self, name: str, value: object) -> None:
        if self.__dict__.get("params", {}).get(name, value) is not value:
            # The model would go on with the old numbers.
            raise AttributeError(f"Copy the new numbers into {name}: layer.{name}[...] = numbers.")
        super().__setattr__(name, value)
        self.__dict__["changes"] = self.changes + 1  # afterwards: a plan made meanwhile is outdated

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return {parameter: shape}, without making the arrays; {} for a layer without parameters."""
        return {}

    @classmethod
    def weight_names_of(cls, config: dict) -> tuple[str, ...]:
        """Return those of `weight_names` that a layer of this configuration has; the last may be left out."""
        return cls.weight_names

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape; this default returns the input's.

        Args:
            input_shape: with the number of samples, which may be None, in front.

        Raises:
            ValueError: if the layer cannot take such an input.
        """
        return tuple(input_shape)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Set `input_shape` and `output_shape`, and make the parameters.

        Args:
            input_shape: with the number of samples, which may be None, in front.
            rng: random numbers for the first weights.

        Raises:
            ValueError: if the layer cannot take such an input, or would have too many weights.
        """
        output_shape = self.compute_output_shape(input_shape)
        shapes = self.weight_shapes(input_shape)
        affordable(self.name or type(self).__name__, shapes, self.dtype)
        self.output_shape, self.input_shape = output_shape, tuple(input_shape)
        self.params = {name: self.initial(name, shape, rng) for name, shape in shapes.items()}

    def initial(self, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return the first values of a parameter: what the layer's attribute `<name>_initializer` returns."""
        return getattr(self, f"{name}_initializer")(shape, self.dtype, rng)

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, object]:
        """Return the output y (n, ...), and ctx: whatever `backward` needs.

        Args:
            x: (n, ...), C-contiguous, of the layer's dtype.
            training: True in a training step: dropout is on.
            rng: random numbers for dropout; may be None unless training.
        """
        raise TypeError(f"{type(self).__name__} has no forward step")

    def backward(self, dy: np.ndarray, ctx: object, input_gradient: bool = True) -> Gradients:
        """Return dx, shaped as x, and {parameter: gradient}.

        Args:
            dy: gradient of the loss with respect to y, shaped as y.
            ctx: what `forward` returned.
            input_gradient: False if nobody needs dx: then it may be None.
        """
        raise TypeError(f"{type(self).__name__} has no backward step")

    def updates(self, ctx: object) -> dict[str, np.ndarray]:
        """Return {parameter: its value after a training step} of `state_names`, given the step's ctx."""
        return {}

    @property
    def gradient_names(self) -> list[str]:
        """The names of the parameters that `backward` returns a gradient of, in order."""
        return [name for name in self.params if name not in self.state_names]

    @property
    def trained_names(self) -> list[str]:
        """The names of the parameters that an optimizer changes: none while `trainable` is False."""
        return self.gradient_names if self.trainable else []

    def as_logits(self, end: str = "softmax") -> "Layer | None":
        """Return a copy of this layer without its softmax, sharing its parameters; None if it has none.

        Args:
            end: the activation to leave out, "softmax" or "sigmoid".
        """
        return None

    def activation_pattern(self, ctx: object) -> tuple[np.ndarray, ...]:
        """Return arrays that change where the layer's slope jumps, as (y > 0,) for a ReLU; () by default.

        Gradient checks compare these arrays for x + eps and x - eps: where they differ, the output has a
        kink in between, and a difference tells nothing about the gradient.

        Args:
            ctx: what `forward` returned.
        """
        return ()

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return how y[position] was computed when predicting; `str` of the result is a few lines.

        Args:
            x, y: the layer's input and output for one sample, without the axis of the samples.
            position: in y.

        Raises:
            ValueError: for a position that is not in y.
        """
        return explaining.of_output(self, x, y, position)

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return how dx[position], the gradient of the loss, was computed, without dropout.

        Args:
            x, y, dy: of one sample, without the axis of the samples.
            position: in x.

        Raises:
            ValueError: for a position that is not in x.
        """
        return explaining.of_input_gradient(self, x, y, dy, position)

    def explain_weight_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, name: str, position: Position
    ) -> Explanation:
        """Return how the gradient of the loss with respect to one number of a parameter was computed.

        Args:
            x, y, dy: of one sample, without the axis of the samples.
            name: of the parameter, such as "kernel".
            position: in the parameter.

        Raises:
            ValueError: for a parameter or a position that is not there.
        """
        return explaining.of_weight_gradient(self, x, dy, name, position)

    def __call__(self, x: ArrayLike, training: bool = False) -> np.ndarray:
        """Return the output for samples x (n, ...), as a layer of Keras does: see `calling.call`."""
        return calling.call(self, x, training)

    def __getattr__(self, name: str) -> np.ndarray:
        """Return the parameter of this name, itself, not a copy, as `layer.kernel`: see `calling.param`."""
        return calling.param(self, name)

    def operations(self) -> int:
        """Return about how many operations `forward` takes for one sample: by default one for each output."""
        return flat_size(self.output_shape)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, output_shape={self.output_shape}>"


def flat_size(shape: Shape) -> int:
    """Return how many numbers one sample has.

    Args:
        shape: (n, ...); the first axis is left out.
    """
    return math.prod(shape[1:])
