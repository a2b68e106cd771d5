"""`Sequential`: layers in a row, and everything that people do with them. The face is that of Keras."""

import os
import re
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from tinycnn import losses, optimizers, study, training, utils
from tinycnn import metrics as metric_functions
from tinycnn.callbacks import Callback, History
from tinycnn.layers import InputLayer, Layer
from tinycnn.layers.base import refuse, whole
from tinycnn.model_files import layers_from_config, save_model
from tinycnn.plan import plan
from tinycnn.summary import summary


def snake_case(name: str) -> str:
    """Return "max_pooling2d" for "MaxPooling2D", as Keras names layers.

    Example:
        >>> snake_case("MaxPooling2D"), snake_case("ReLU")
        ('max_pooling2d', 're_lu')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Sequential:
    """Layers in a row.

    Args:
        layers: the layers, in order; more can follow with `add`.
        name: of the model.

    Raises:
        TypeError: for something that is no layer.
        ValueError: if a layer does not fit the one before it.

    Example:
        >>> from tinycnn.layers import Dense, Input
        >>> model = Sequential([Input((4,)), Dense(3, activation="softmax")])
        >>> model.predict(np.zeros((2, 4)), verbose=0).shape
        (2, 3)
    """

    def __init__(self, layers: Sequence[Layer] | None = None, name: str = "sequential"):
        self.name = name
        self._layers: list[Layer] = []
        self.optimizer: optimizers.Optimizer | None = None
        self.objective: training.Objective | None = None
        self.built = False
        self.stop_training = False
        self._compiled: dict | None = None
        for layer in layers or []:
            self.add(layer)

    # --- structure ---------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the InputLayer."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    @property
    def weights(self) -> list[np.ndarray]:
        """The parameters themselves, not copies, in order."""
        return [param for layer in self.layers for param in layer.params.values()]

    @property
    def dtype(self) -> str:
        """The dtype that everything is computed in."""
        return self.layers[0].dtype if self.layers else "float32"

    @property
    def input_shape(self) -> tuple:
        """The shape of the input, with None for the number of samples."""
        return self._built_layers()[0].input_shape

    @property
    def output_shape(self) -> tuple:
        """The shape of the output, with None for the number of samples."""
        return self._built_layers()[-1].output_shape

    def add(self, layer: Layer) -> None:
        """Put one more layer at the end; it is built at once if the shape of its input is known.

        Raises:
            TypeError: for something that is no layer.
            ValueError: if the layer does not fit, or is already part of a model.
        """
        if not isinstance(layer, Layer):
            raise TypeError(f"A model is made of layers. Received: {layer!r}")
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError("An InputLayer can only be the first layer of a model.")
        if layer in self._layers or layer.input_shape is not None:
            raise ValueError(f"Layer {layer.name} is already part of a model: make a new one.")
        if self.layers and layer.dtype != self.dtype and not isinstance(layer, InputLayer):
            raise ValueError(f"All layers must be {self.dtype}. Received: dtype={layer.dtype!r}")
        shape = self._next_input_shape(layer)
        layer.name = self._unused_name(layer)
        if shape is not None:
            layer.build(shape, utils.next_rng())
        self._layers.append(layer)
        self.built = shape is not None and bool(self.layers)
        self._make_objective()

    def _next_input_shape(self, layer: Layer) -> tuple | None:
        """Return the shape of what reaches a layer that is about to be added, None if not known."""
        if not self._layers:
            return layer.batch_shape
        return self._layers[-1].output_shape

    def _unused_name(self, layer: Layer) -> str:
        """Return the layer's own name, or the class's with a number, as Keras counts."""
        taken = {other.name for other in self._layers}
        if layer.name is not None:
            if layer.name in taken:
                raise ValueError(f"All layers must have different names. Twice: {layer.name!r}")
            return layer.name
        base = snake_case(type(layer).__name__)
        names = [base, *(f"{base}_{number}" for number in range(1, len(taken) + 1))]
        return next(name for name in names if name not in taken)

    def build(self, input_shape: tuple) -> None:
        """Make all parameters.

        Args:
            input_shape: with the number of samples (or None) in front.

        Raises:
            ValueError: if a layer does not fit the one before it.
        """
        if not self.layers:
            raise ValueError("This model has no layers: add some first.")
        if self.built:
            return
        shape = (None, *input_shape[1:])
        rng = utils.next_rng()
        for layer in self._layers:
            layer.build(shape, rng)
            shape = layer.output_shape
        self.built = True
        self._make_objective()

    def _built_layers(self) -> list[Layer]:
        if not self.built:
            raise ValueError(
                "This model is not built yet: give its first layer an input_shape, or call build()."
            )
        return self.layers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by name or by place.

        Raises:
            ValueError: if there is none.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer takes either a name or an index.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"There are {len(self.layers)} layers. Received: index={index}")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No layer {name!r}. There are: {[layer.name for layer in self.layers]}")

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all parameters, layer by layer."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Copy new values into all parameters.

        Args:
            weights: as from `get_weights`.

        Raises:
            ValueError: for another number of arrays, or another shape; nothing is changed then.
        """
        if len(weights) != len(self.weights):
            raise ValueError(f"The model has {len(self.weights)} weights. Received: {len(weights)}")
        new, before = iter(weights), self.get_weights()
        try:
            for layer in self.layers:
                layer.set_weights([next(new) for _ in layer.params])
        except ValueError:
            for weight, old in zip(self.weights, before, strict=True):
                weight[...] = old
            raise

    def count_params(self) -> int:
        """Return how many numbers the parameters have in all."""
        return sum(layer.count_params() for layer in self._built_layers())

    def summary(
        self,
        line_length: None = None,
        positions: None = None,
        print_fn: Callable[[str], None] | None = None,
    ) -> None:
        """Print the table of layers, shapes and parameters.

        Args:
            line_length, positions: only None.
            print_fn: receives the text instead of standard output.
        """
        refuse(
            "summary",
            {"line_length": line_length, "positions": positions},
            dict.fromkeys(("line_length", "positions")),
        )
        rows = [
            (
                f"{layer.name} ({type(layer).__name__})",
                str(layer.output_shape),
                f"{layer.count_params():,}",
            )
            for layer in self._built_layers()
        ]
        size = sum(weight.nbytes for weight in self.weights)
        slots = self.optimizer.slots.values() if self.optimizer else []
        held = sum(array.size for slot in slots for array in slot)
        (print_fn or print)(summary(self.name, rows, (self.count_params(), size), held))

    def get_config(self) -> dict:
        """Return the name, and each layer's class and arguments, as plain values."""
        described = list(self._layers)
        if self.built and not isinstance(described[0], InputLayer):
            first = InputLayer(self.input_shape[1:], dtype=self.dtype, name="input_layer")
            described = [first, *described]
        pairs = [{"class_name": type(d).__name__, "config": d.get_config()} for d in described]
        return {"name": self.name, "layers": pairs}

    @classmethod
    def from_config(cls, config: dict) -> "Sequential":
        """Make a model from what `get_config` returned, with new weights.

        Raises:
            ValueError, TypeError: if it describes no model.
        """
        model = cls(name=config["name"])
        for layer in layers_from_config(config):
            model.add(layer)
        return model

    # --- training ----------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | optimizers.Optimizer,
        loss: object = None,
        metrics: list | None = None,
        run_eagerly: bool = False,
        **options: object,
    ) -> None:
        """Say what to train for.

        Args:
            optimizer: of `tinycnn.optimizers`, or its name.
            loss: of `tinycnn.losses`, or its name.
            metrics: names or functions of `tinycnn.metrics`.
            run_eagerly: run every layer by itself, with nothing fused.
            options: Keras's others raise unless they change nothing.

        Raises:
            TypeError, ValueError: for something that is not there.
        """
        neutral = {"loss_weights": None, "weighted_metrics": None, "steps_per_execution": 1}
        refuse("compile", options, {**neutral, "jit_compile": "auto", "auto_scale_loss": True})
        if loss is None:
            raise ValueError(f"compile needs a loss: one of {sorted(losses.NAMES)}.")
        self.optimizer = optimizers.get(optimizer)
        given = [metrics] if isinstance(metrics, str) else list(metrics or [])
        self._compiled = {
            "loss": losses.get(loss),
            "metrics": [metric_functions.get(metric) for metric in given],
            "run_eagerly": bool(run_eagerly),
        }
        self._make_objective()

    def _make_objective(self) -> None:
        """Plan what predicting and, once compiled, training will run."""
        if not self.built:
            return
        self.prediction_steps = plan(self.layers)
        if self._compiled is None:
            return
        loss = self._compiled["loss"]
        logits = self.layers[-1].before_softmax() is not None
        if logits and loss.from_logits:
            warnings.warn(
                "from_logits=True, but the model ends in a softmax: as in Keras, the loss takes the "
                "scores before the softmax.",
                stacklevel=3,
            )
        steps = plan(self.layers, logits=logits)
        self.objective = training.Objective(
            steps, loss, logits or loss.from_logits, self._compiled["metrics"]
        )

    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: list[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: tuple[np.ndarray, np.ndarray] | None = None,
        shuffle: bool = True,
        class_weight: None = None,
        sample_weight: None = None,
        initial_epoch: int = 0,
        validation_batch_size: int | None = None,
        **options: object,
    ) -> History:
        """Train.

        Args:
            x: samples (n, ...), numbers.
            y: labels, as the loss takes them.
            batch_size: samples a step; None: 32.
            epochs: the number of the last epoch; training begins at initial_epoch.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 one line an epoch.
            callbacks: of `tinycnn.callbacks`.
            validation_split: the share of the *last* samples, before any shuffling, to validate on.
            validation_data: (x, y) to validate on instead.
            shuffle: a new order of the samples in every epoch.
            initial_epoch: where to begin, to go on with an earlier training.
            validation_batch_size: samples a step of validation.
            class_weight, sample_weight, options: Keras's others raise unless they change nothing.

        Returns:
            A `History`; its `history` holds the losses and metrics of every epoch.

        Raises:
            ValueError, TypeError: for data that do not fit, or options that are not there.
            RuntimeError: if the model is not compiled.
        """
        neutral = {"steps_per_epoch": None, "validation_steps": None, "validation_freq": 1}
        weights = {"class_weight": class_weight, "sample_weight": sample_weight}
        refuse("fit", {**options, **weights}, {**neutral, **dict.fromkeys(weights)})
        batch_size = 32 if batch_size is None else whole("batch_size", batch_size)
        epochs = range(whole("initial_epoch", initial_epoch, low=0), whole("epochs", epochs, low=0))
        data = self._labelled(x, y)
        if validation_data is not None:
            validation = self._labelled(*validation_pair(validation_data))
        else:
            data, validation = split(data, validation_split)
        callbacks = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or [])
        return training.run_fit(
            self,
            data,
            validation,
            callbacks,
            utils.next_rng(),
            batch_size=batch_size,
            validation_batch_size=whole(
                "validation_batch_size", validation_batch_size or training.LARGE_BATCH
            ),
            epochs=epochs,
            shuffle=bool(shuffle),
            verbose=verbosity(verbose),
        )

    def _labelled(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return samples and labels after making sure that they fit the compiled model."""
        x = self._samples(x)
        if self.objective is None:
            raise RuntimeError("Compile the model first: model.compile(optimizer, loss, metrics).")
        y = np.asarray(y)
        if len(x) == 0 or y.ndim == 0 or len(x) != len(y):
            raise ValueError(
                f"x and y must have as many samples, at least 1. Received: {len(x)}, {y.shape}"
            )
        self.objective.loss.target(y, np.empty((len(y), *self.output_shape[1:]), self.dtype))
        return x, y

    def _samples(self, x: np.ndarray) -> np.ndarray:
        """Return x as an array after making sure that the model can take it; build if need be."""
        x = np.asarray(x)
        if x.dtype.kind not in "buif":
            raise ValueError(f"Samples must be numbers. Received: an array of {x.dtype}")
        if not self.built:
            self.build(x.shape)
        shape = self.input_shape
        if x.ndim == len(shape) - 1 and shape[-1] == 1:
            x = x[..., None]  # grey pictures without an axis for their one channel, as in Keras
        if x.ndim != len(shape) or x.shape[1:] != shape[1:]:
            raise ValueError(f"Samples must have the shape {shape}. Received: {x.shape}")
        return x

    def as_batch(self, x: np.ndarray) -> np.ndarray:
        """Return samples as a C-contiguous array of the model's dtype."""
        return np.ascontiguousarray(x, dtype=self.dtype)

    def train_on_batch(self, x: np.ndarray, y: np.ndarray, return_dict: bool = False) -> object:
        """Take one training step; return loss and metrics as `evaluate` does."""
        x, y = self._labelled(x, y)
        means = training.Means(self.objective.names())
        means.add(training.train_step(self, self.as_batch(x), y, utils.next_rng()))
        return results(means.logs(), return_dict)

    def test_on_batch(self, x: np.ndarray, y: np.ndarray, return_dict: bool = False) -> object:
        """Evaluate on one batch: see `evaluate`."""
        return self.evaluate(x, y, batch_size=max(1, len(x)), verbose=0, return_dict=return_dict)

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Predict one batch: see `predict`."""
        return self.predict(x, batch_size=max(1, len(x)), verbose=0)

    def evaluate(
        self,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Return the mean loss and metrics; nothing is learnt.

        Args:
            x: samples (n, ...).
            y: labels, as the loss takes them.
            batch_size: samples a step; None: 256. It changes nothing but the memory that is needed.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 one line.
            return_dict: by name instead of as [loss, metric, ...].

        Returns:
            [loss, metric, ...]; only the loss where there are no metrics.

        Raises:
            ValueError: for data that do not fit.
            RuntimeError: if the model is not compiled.
        """
        x, y = self._labelled(x, y)
        size = whole("batch_size", batch_size or training.LARGE_BATCH)
        return results(self._with_bar(training.run_evaluate, (x, y), size, verbose), return_dict)

    def predict(
        self, x: np.ndarray, batch_size: int | None = None, verbose: int | str = "auto"
    ) -> np.ndarray:
        """Return the model's output for every sample.

        Args:
            x: samples (n, ...).
            batch_size: samples a step; None: 256. It changes nothing but the memory that is needed.
            verbose: 0 silent, 1 a progress bar, 2 one line, "auto" a bar only where it takes long.

        Returns:
            (n, ...), for the classic net the probabilities (n, 10).

        Raises:
            ValueError: for samples that do not fit.
        """
        x = self._samples(x)
        size = whole("batch_size", batch_size or training.LARGE_BATCH)
        verbose = 0 if verbose == "auto" and len(x) <= size else verbose
        return self._with_bar(training.run_predict, (x,), size, verbose)

    def _with_bar(self, run: Callable, data: tuple, batch_size: int, verbose: int | str) -> object:
        verbose = verbosity(verbose)
        if not verbose:
            return run(self, *data, batch_size)
        from tinycnn.progress import Bar

        total = -(-len(data[0]) // batch_size)
        bar = Bar(total, run.__name__.removeprefix("run_"), visible=verbose == 1)
        try:
            found = run(self, *data, batch_size, bar)
        finally:
            bar.close()
        bar.finish(found if isinstance(found, dict) else {})
        return found

    # --- study -------------------------------------------------------------------------------------

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the output of every layer: see `study.activations`."""
        return study.activations(self, self.as_batch(self._samples(x)))

    def gradients(self, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gradient of the mean loss by every parameter: see `study.gradients`."""
        x, y = self._labelled(x, y)
        return study.gradients(self, self.as_batch(x), y)

    def input_gradient(self, x: np.ndarray, class_index: int | np.ndarray) -> np.ndarray:
        """Return how the score of a class changes with every pixel: see `study.input_gradient`."""
        return study.input_gradient(self, self.as_batch(self._samples(x)), class_index)

    # --- files -------------------------------------------------------------------------------------

    def save(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Write the whole model to an HDF5 file that Keras opens, too.

        Args:
            filepath: ends in .h5 or .hdf5.
            overwrite: False to refuse if the file is there.

        Raises:
            ModelFileError: if the file cannot be written.
        """
        save_model(self, filepath, overwrite)


def validation_pair(data: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y), or say that validation_data is something else."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError("validation_data must be a pair (x, y).")
    return data[0], data[1]


def split(data: tuple, share: float) -> tuple[tuple, tuple | None]:
    """Cut off the last `share` of the samples for validation."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        raise ValueError(f"validation_split must lie in 0 to below 1. Received: {share!r}")
    x, y = data
    kept = int(len(x) * (1 - share))
    if share == 0:
        return data, None
    if kept in (0, len(x)):
        raise ValueError(f"validation_split={share} leaves no samples on one side of {len(x)}.")
    return (x[:kept], y[:kept]), (x[kept:], y[kept:])


def verbosity(verbose: int | str) -> int:
    """Return 0, 1 or 2."""
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"verbose must be 0, 1, 2 or 'auto'. Received: verbose={verbose!r}")
    return 1 if verbose == "auto" else int(verbose)


def results(logs: dict[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    """Return loss and metrics as Keras does: a number, a list, or by name."""
    if return_dict:
        return logs
    return list(logs.values()) if len(logs) > 1 else logs["loss"]
