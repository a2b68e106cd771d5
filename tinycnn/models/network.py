"""`Network`: a list of layers, their shapes and their weights; the base of `Compiled` and `Sequential`."""

import itertools
from collections.abc import Sequence
from typing import Self

import numpy as np

from tinycnn import utils
from tinycnn.layers import InputLayer, Layer, layers_from_config
from tinycnn.layers.weights import warn_of_weights
from tinycnn.models.model import Model
from tinycnn.utils.array_like import ArrayLike
from tinycnn.utils.naming import snake_case
from tinycnn.utils.validation import check_bool, check_int, check_name, check_supported, is_int


class Network(Model):
    """A list of layers, each fed with the output of the one before it.

    A layer is built (gets its weights) as soon as the shape of its input is known.

    Args:
        layers: the layers, in order; more can follow with `add`.
        name: of the network.

    Raises:
        TypeError: for something that is no layer.
        ValueError: if a layer does not fit the one before it.

    Example:
        >>> from tinycnn.layers import Dense, Input
        >>> Network([Input((4,)), Dense(3)], "small").output_shape
        (None, 3)
    """

    def __init__(self, layers: Sequence[Layer] | None, name: str):
        self.name = check_name("name", name)
        # For first weights; None: `utils.next_rng()`, called anew for each layer.
        self._rng: np.random.Generator | None = None
        self.built = False
        self._layers: list[Layer] = []
        # "training": an Objective, "prediction": a list of steps; each made at its first use.
        self._plans: dict[str, object] = {}
        if not isinstance(layers, list | tuple | None):
            raise TypeError(f"layers must be a list of layers. Received: {layers!r}")
        for layer in layers or []:
            self.add(layer)

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the InputLayer."""
        first = 1 if self._layers and isinstance(self._layers[0], InputLayer) else 0
        return self._layers[first:]

    @property
    def weights(self) -> list[np.ndarray]:
        """All parameter arrays of all layers, in order: the arrays themselves, not copies."""
        return [param for layer in self.layers for param in layer.params.values()]

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """The parameter arrays that training changes by their gradients, in order."""
        return [layer.params[name] for layer in self.layers for name in layer.trained_names]

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """The others: those of layers that are not trainable, and running means."""
        pairs = [(layer, name) for layer in self.layers for name in layer.params]
        return [layer.params[name] for layer, name in pairs if name not in layer.trained_names]

    # Keras's other names.
    variables, trainable_variables = weights, trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether a layer is trainable; setting it sets it for all layers."""
        return any(layer.trainable for layer in self._layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._layers:
            layer.trainable = check_bool("trainable", value)

    @property
    def dtype(self) -> str:
        """The dtype of all weights and outputs, "float32" or "float64"."""
        last = self._layers[-1] if self._layers else None
        return "float32" if last is None or isinstance(last, InputLayer) else last.dtype

    @property
    def input_shape(self) -> tuple:
        """The shape of the input, with None for the number of samples."""
        self._require_built()
        return self.layers[0].input_shape

    @property
    def output_shape(self) -> tuple:
        """The shape of the output, with None for the number of samples."""
        self._require_built()
        return self._layers[-1].output_shape

    def add(self, layer: Layer) -> None:
        """Append a layer; its weights are made at once if the shape of its input is known.

        Args:
            layer: that is in no model yet; without a name it gets one. A layer that was called, or is
                from `pop`, keeps its weights.

        Raises:
            TypeError: for something that is no layer.
            ValueError: if the layer does not fit, or is already part of a model.
        """
        if isinstance(layer, Model):
            raise TypeError(
                "There are no models within models. Add the other layers to the model itself, or to a copy: "
                f"copy.deepcopy(model).add(layer). Received: {layer!r}"
            )
        if not isinstance(layer, Layer):
            raise TypeError(f"A model is made of layers. Received: {layer!r}")
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError("An InputLayer can only be the first layer of a model.")
        if layer.attached:
            raise ValueError(
                f"Layer {layer.name} is already part of a model, and no two share layers. To give a model "
                "another end: model.pop(), model.add(layer), model.compile(...), with the model itself or "
                "copy.deepcopy(model). Else make a new layer."
            )
        if self.layers and layer.dtype != self.dtype and not isinstance(layer, InputLayer):
            raise ValueError(f"All layers must be {self.dtype}. Received: dtype={layer.dtype!r}")
        shape = self._next_input_shape(layer)
        layer.name = self._unused_name(layer)
        if shape is not None:
            self._build_layer(layer, shape)
        self._layers.append(layer)
        layer.attached = True
        self.built = shape is not None and bool(self.layers)
        # A new dict, not cleared: another thread may be filling the old, a shallow copy may share it.
        self._plans = {}

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer out, with its weights, and return it.

        Args:
            rebuild: only True.

        Raises:
            ValueError: if there is no layer.
        """
        check_supported("pop", {"rebuild": rebuild}, {"rebuild": True})
        if not self.layers:
            raise ValueError("This model has no layers.")
        layer = self._layers.pop()
        layer.attached = False
        self.built = self.built and bool(self.layers)
        self._plans = {}  # a new dict: see `add`
        return layer

    def _next_input_shape(self, layer: Layer) -> tuple | None:
        """Return the input shape, (None, ...), of a layer about to be added; None if it is not known yet."""
        if not self._layers:
            return layer.batch_shape or layer.input_shape
        return self._layers[-1].output_shape

    def _unused_name(self, layer: Layer) -> str:
        """Return a name for a layer about to be added.

        That is its own name, or else its class's: "conv2d", then "conv2d_1", "conv2d_2", ...

        Raises:
            ValueError: if another layer has the layer's own name.
        """
        used = {other.name for other in self._layers}
        if layer.name is not None:
            if layer.name in used:
                raise ValueError(f"All layers must have different names. Twice: {layer.name!r}")
            return layer.name
        base = snake_case(type(layer).__name__)
        names = itertools.chain([base], (f"{base}_{number}" for number in itertools.count(1)))
        return next(name for name in names if name not in used)

    def build(self, input_shape: tuple) -> None:
        """Make the weights of all layers for this shape of the input; does nothing if they are made.

        Args:
            input_shape: with the number of samples (or None) in front.

        Raises:
            ValueError: if a layer does not fit the one before it.
        """
        if not self.layers:
            raise ValueError("This model has no layers: add some first.")
        if self.built:
            return
        if not isinstance(input_shape, tuple | list):
            raise ValueError(f"input_shape must be a tuple. Received: input_shape={input_shape!r}")
        shape = (None, *(check_int("input_shape", size) for size in input_shape[1:]))
        for layer in self._layers:
            self._build_layer(layer, shape)
            shape = layer.output_shape
        self.built = True
        # A new dict, not cleared: another thread may be filling the old, a shallow copy may share it.
        self._plans = {}

    def __repr__(self) -> str:
        shape = self.output_shape if self.built else "not built"
        return f"<{type(self).__name__} name={self.name}, {len(self.layers)} layers, {shape}>"

    def _build_layer(self, layer: Layer, shape: tuple) -> None:
        """Make a layer's weights for inputs of this shape.

        Layers without weights get no generator, so they do not change what other layers draw.
        """
        if layer.input_shape is not None:
            if layer.input_shape[1:] != tuple(shape[1:]):
                raise ValueError(
                    f"Layer {layer.name} was built for {layer.input_shape}, not {shape}."
                )
            return
        layer.compute_output_shape(shape)  # raises if the layer cannot take this
        weighted = bool(layer.weight_shapes(shape))
        layer.build(shape, (self._rng or utils.next_rng()) if weighted else None)

    def _built_layers(self) -> list[Layer]:
        """Return `layers`; raise ValueError if the model is not built."""
        self._require_built()
        return self.layers

    def _require_built(self) -> None:
        """Raise ValueError if the model is not built."""
        if not self.built:
            raise ValueError(
                "This model is not built yet: give its first layer an input_shape, or call build()."
            )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer with this name, or at this index of `layers`; pass one of the two.

        Raises:
            ValueError: if there is none.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer takes either a name or an index.")
        if index is not None:
            if not is_int(index) or not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"There are {len(self.layers)} layers. Received: index={index!r}")
            return self.layers[int(index)]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No layer {name!r}. There are: {[layer.name for layer in self.layers]}")

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all parameters, layer by layer."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy new values into all parameters.

        Args:
            weights: as from `get_weights`.

        Raises:
            ValueError: for another number of arrays, or another shape; nothing is changed then.

        Warns:
            UserWarning: if some are NaN or infinite.
        """
        if not isinstance(weights, list | tuple):
            raise ValueError(f"weights must be a list of arrays. Received: {weights!r}")
        if len(weights) != len(self.weights):
            raise ValueError(f"The model has {len(self.weights)} weights. Received: {len(weights)}")
        new, before = iter(weights), self.get_weights()
        try:
            for layer in self.layers:
                layer.copy_weights([next(new) for _ in layer.params])
        except ValueError:
            for weight, old in zip(self.weights, before, strict=True):
                weight[...] = old
            raise
        warn_of_weights(self.layers)

    def count_params(self) -> int:
        """Return how many numbers all parameters have together."""
        return sum(layer.count_params() for layer in self._built_layers())

    def get_config(self) -> dict:
        """Return {"name": ..., "layers": [{"class_name": ..., "config": {...}}, ...]} in plain values.

        The first layer is always an InputLayer if the model is built.
        """
        described = [layer.serialize() for layer in self.with_input()]
        return {"name": self.name, "layers": described}

    def with_input(self) -> list[Layer]:
        """Return `layers` with an InputLayer before them, if the model is built or has one."""
        if self.built and not isinstance(self._layers[0], InputLayer):
            first = InputLayer(self.input_shape[1:], dtype=self.dtype, name="input_layer")
            return [first, *self._layers]
        return list(self._layers)

    @classmethod
    def from_config(cls, config: dict, rng: np.random.Generator | None = None) -> Self:
        """Make a model from what `get_config` returned, with new weights.

        Args:
            config: as from `get_config`.
            rng: random numbers for the first weights; None: the default generator.

        Raises:
            ValueError, TypeError: if it describes no model.
        """
        try:
            layers, name = layers_from_config(config), config["name"]
        except KeyError as error:
            raise ValueError(
                f"This is not what `get_config` returned: {error} is missing."
            ) from error
        return cls._of(layers, name, rng)

    @classmethod
    def _of(cls, layers: list[Layer], name: str, rng: np.random.Generator | None) -> Self:
        """Return a model of these new layers, whose first weights are drawn from `rng`."""
        model = cls(name=name)
        model._rng = rng
        for layer in layers:
            model.add(layer)
        return model
