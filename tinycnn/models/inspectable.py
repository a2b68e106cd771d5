"""`Inspectable`: a compiled network that checks samples and labels, and shows what it makes of them."""

import contextlib

import numpy as np

from tinycnn.layers import Layer
from tinycnn.layers.explanation import Explanation, Position
from tinycnn.models import explanation, inspection, occlusion
from tinycnn.models.compiled import Compiled
from tinycnn.models.sample_weights import check_sample_weight, weights_of_classes
from tinycnn.utils.array_like import ArrayLike
from tinycnn.utils.validation import plain_array
from tinycnn.utils.warning import warn


class Inspectable(Compiled):
    """A compiled network with the questions about its inside; `Sequential` adds training and prediction.

    Args:
        layers, name: see `Network`.
    """

    def _labelled(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y as arrays, after checking that they fit the compiled model and each other."""
        x = self._samples(x)
        objective = self._compiled_objective()
        if isinstance(y, list | tuple) and len(y) == 1 != len(x):
            y = y[0]  # Keras takes a list of the labels for each output, too
        y = plain_array("Labels", y)
        if len(x) == 0:
            raise ValueError(
                f"There are no samples: x is empty. Received: x of shape {x.shape}, y of shape {y.shape}"
            )
        if y.ndim == 0 or len(x) != len(y):
            raise ValueError(
                "There must be one label for each sample. "
                f"Received: {len(x)} samples, and labels of shape {y.shape}"
            )
        # Called for its errors: it raises for labels that the loss cannot take.
        objective.loss.target(y, np.empty((len(y), *self.output_shape[1:]), self.dtype))
        return x, y

    def _weighted(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        class_weight: dict[int, float] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return x, y and the samples' weights, None if all are 1, as checked arrays; see `fit`."""
        if x is None or y is None:
            raise ValueError(
                f"There are no {'samples' if x is None else 'labels'}: pass x and y, or as x what hands over "
                "batches (x, y) or (x, y, sample_weight)."
            )
        x, y = self._labelled(x, y)
        if class_weight is not None and sample_weight is not None:
            raise ValueError(
                "class_weight and sample_weight cannot both be given: multiply them into sample_weight."
            )
        if class_weight is not None:
            return x, y, weights_of_classes(class_weight, y, self.output_shape[-1])
        if sample_weight is not None:
            return x, y, check_sample_weight(sample_weight, len(x))
        return x, y, None

    def _unlabelled(self, x: ArrayLike, *_: object) -> tuple[np.ndarray, None, None]:
        """Return samples as a checked array, without labels and weights, for a prediction."""
        return self._samples(x), None, None

    def _samples(self, x: ArrayLike) -> np.ndarray:
        """Return x as an array (n, ...) of the model's input shape; build the model if it is not built.

        Gray pictures (n, h, w) become (n, h, w, 1). Raises ValueError for any other shape.
        """
        given, x = x, plain_array("Samples", x)
        alone = (
            isinstance(given, list | tuple) and len(given) == 1 and getattr(given[0], "ndim", 0) > 1
        )
        if alone and not (self.built and x.shape[1:] == self.input_shape[1:]):
            # Keras takes a list of the samples for each input, too. A list of one sample is no such.
            with contextlib.suppress(ValueError):
                return self._samples(given[0])
        if not self.built:
            self.build(x.shape)
        shape = self.input_shape
        if x.shape[1:] == shape[1:]:
            return x
        if shape[-1] == 1 and x.ndim == len(shape) - 1 and x.shape[1:] == shape[1:-1]:
            return x[..., None]  # grey pictures without an axis for their one channel, as in Keras
        text = f"Samples must have the shape {shape}. Received: {x.shape}"
        if x.shape == shape[1:] or (shape[-1] == 1 and x.shape == shape[1:-1]):
            text += (
                ", which is one sample without the axis that counts samples. Instead of x[0] pass x[:1], "
                f"of the shape {(1, *x.shape)}"
            )
        raise ValueError(text)

    def as_batch(self, x: np.ndarray, quiet: bool = False) -> np.ndarray:
        """Return samples as a C-contiguous array of the model's dtype.

        It is writeable, too: for arrays that are not, Numba would compile every kernel once more. A number
        too large for the dtype becomes infinite, with a warning unless `quiet`: training has its own.
        """
        if type(x) is np.ndarray and x.dtype == self.dtype and x.flags.carray:
            return x
        with np.errstate(over="ignore"):
            batch = np.require(x, self.dtype, ["C", "A", "W"])
        narrower = not quiet and x.dtype.kind == "f" and x.itemsize > batch.itemsize
        if narrower and (bad := np.isinf(batch) & np.isfinite(x)).any():
            warn(
                f"x[{np.argwhere(bad)[0, 0]}] holds a number too large for {self.dtype}, which counts as "
                "infinite. Correct the data, or scale them to numbers round 1."
            )
        return batch

    def activations(self, x: ArrayLike) -> list[np.ndarray]:
        """Return the output of every layer: see `inspection.activations`."""
        return inspection.activations(self, self.as_batch(self._samples(x)))

    def gradients(self, x: ArrayLike, y: ArrayLike) -> dict[str, np.ndarray]:
        """Return {"conv2d/kernel": gradient of the mean loss, ...}: see `inspection.gradients`."""
        x, y = self._labelled(x, y)
        return inspection.gradients(self, self.as_batch(x), y)

    def input_gradient(self, x: ArrayLike, class_index: int | np.ndarray) -> np.ndarray:
        """Return the gradient of a class's score with respect to x: see `inspection.input_gradient`."""
        return inspection.input_gradient(self, self.as_batch(self._samples(x)), class_index)

    def input_times_gradient(self, x: ArrayLike, class_index: int | np.ndarray) -> np.ndarray:
        """Return x times the gradient of a class's score: see `inspection.input_times_gradient`."""
        return inspection.input_times_gradient(self, self.as_batch(self._samples(x)), class_index)

    def changes_towards(
        self, x: ArrayLike, class_index: int | np.ndarray, instead_of: int | np.ndarray
    ) -> np.ndarray:
        """Return which pixels to change for another class to win: see `inspection.changes_towards`."""
        x = self.as_batch(self._samples(x))
        return inspection.changes_towards(self, x, class_index, instead_of)

    def occlusion(
        self,
        x: ArrayLike,
        class_index: int | np.ndarray,
        size: int = 4,
        strides: int | None = None,
        value: float = 0.0,
    ) -> np.ndarray:
        """Return how far a class's score falls when a square is covered, (n, i, j): `occlusion.occlusion`."""
        x = self.as_batch(self._samples(x))
        return occlusion.occlusion(self, x, class_index, size, strides, value)

    def activation_gradients(self, x: ArrayLike, y: ArrayLike) -> list[np.ndarray]:
        """Return dL/dy of every layer's output: see `explanation.activation_gradients`."""
        x, y = self._labelled(x, y)
        return explanation.activation_gradients(self, self.as_batch(x), y)

    def explain(self, x: ArrayLike, layer: Layer | str | int, position: Position) -> Explanation:
        """Return how one number of a layer's output is computed from sample x: see `explanation.explain`."""
        return explanation.explain(self, self._one(x), layer, position)

    def explain_gradient(
        self, x: ArrayLike, y: ArrayLike | int, layer: Layer | str | int, position: Position
    ) -> Explanation:
        """Return how dL/dy of one number of a layer's output is computed: `explanation.explain_gradient`."""
        x, y = self._one_labelled(x, y)
        return explanation.explain_gradient(self, x, y, layer, position)

    def explain_weight_gradient(
        self, x: ArrayLike, y: ArrayLike | int, name: str, position: Position
    ) -> Explanation:
        """Return how the gradient of one weight is computed: see `explanation.explain_weight_gradient`."""
        x, y = self._one_labelled(x, y)
        return explanation.explain_weight_gradient(self, x, y, name, position)

    def _one(self, x: ArrayLike) -> np.ndarray:
        """Return one sample as a batch of one, (1, ...), of the model's dtype.

        It may come with or without the first axis of 1, and a gray picture also without its channel axis.
        """
        x = plain_array("x", x)
        shape = self.input_shape[1:]
        without_batch_axis = x.shape == shape or (shape[-1] == 1 and x.shape == shape[:-1])
        batch = self._samples(x[None] if without_batch_axis else x)
        if len(batch) != 1:
            raise ValueError(f"One sample can be explained at a time. Received: {len(batch)}")
        return self.as_batch(batch)

    def _one_labelled(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return one sample and its label as a batch of one; both may come without the first axis of 1."""
        x, y = self._one(x), plain_array("y", y)
        classes = self.output_shape[-1:]
        return self._labelled(x, y[None] if y.ndim == 0 or (y.shape == classes != (1,)) else y)
