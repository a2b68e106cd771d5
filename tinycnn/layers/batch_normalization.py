"""The batch normalization layer."""

from collections.abc import Callable, Sequence

import numpy as np

from tinycnn import initializers, ops, regularizers
from tinycnn.layers.affine import positions_of
from tinycnn.layers.base import Gradients, Layer, Rng, Shape, flat_size
from tinycnn.layers.explaining import check_position, check_weight, gradient_sum, label
from tinycnn.layers.explanation import Explanation, Normalized, Position
from tinycnn.utils.recording import recorded
from tinycnn.utils.validation import check_bool, check_int, check_number

Total = Callable[[list[np.ndarray]], np.ndarray]  # of one array of float64 for each part: their sum


class BatchNormalization(Layer):
    """Brings each channel to mean 0 and variance 1, then scales and shifts it by trained numbers.

    While training, mean and variance are those of the batch, and running means of them are kept; when
    predicting, and as long as `trainable` is False, the running ones are used.

    Args:
        axis: of the channels; only the last.
        momentum: how slowly the running means forget, 0 to 1.
        epsilon: added to the variance, above 0.
        center, scale: whether a trained number is added, multiplied.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: names
            of `tinycnn.initializers`.
        beta_regularizer, gamma_regularizer: of `tinycnn.regularizers`, or None.
        options: see `Layer`.

    Input shape: (samples, ..., channels). Output shape: the same.

    Raises:
        TypeError, ValueError: for an option that is not there, with its name and value.

    Example:
        >>> layer = BatchNormalization(epsilon=1e-12)
        >>> layer.build((None, 1), None)
        >>> layer.forward(np.float32([[1], [3]]), training=True, rng=None)[0].tolist()
        [[-1.0], [1.0]]

    Source: S. Ioffe, C. Szegedy, "Batch Normalization", 2015.
    """

    config_names = (
        *Layer.config_names,
        *("axis", "momentum", "epsilon", "center", "scale"),
        *("beta_initializer", "gamma_initializer"),
        *("moving_mean_initializer", "moving_variance_initializer"),
        *("beta_regularizer", "gamma_regularizer"),
    )
    fixed_options = Layer.fixed_options | {
        **dict.fromkeys(("beta_constraint", "gamma_constraint"), (None,)),
        **dict.fromkeys(("synchronized", "renorm"), (False,)),
        "renorm_clipping": (None,),
        "renorm_momentum": (0.99,),
    }
    weight_names = ("gamma", "beta", "moving_mean", "moving_variance")
    state_names = ("moving_mean", "moving_variance")
    weights_from_0 = ("moving_variance",)
    examples = (
        ({"epsilon": 0.01}, (3,)),
        ({"momentum": 0.9}, (4, 3, 2)),
        ({"center": False, "scale": False}, (2, 3, 4)),
    )

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | dict | initializers.Initializer = "zeros",
        gamma_initializer: str | dict | initializers.Initializer = "ones",
        moving_mean_initializer: str | dict | initializers.Initializer = "zeros",
        moving_variance_initializer: str | dict | initializers.Initializer = "ones",
        beta_regularizer: regularizers.Option = None,
        gamma_regularizer: regularizers.Option = None,
        **options: object,
    ):
        super().__init__(**options)
        one = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
        self.axis = check_int("axis", one, low=-1)
        self.momentum = check_number("momentum", momentum, 0, 1)
        self.epsilon = check_number("epsilon", epsilon, 1e-30, 1e30)
        self.center, self.scale = check_bool("center", center), check_bool("scale", scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return gamma, beta, moving_mean and moving_variance, each (c,), of those that there are."""
        names = self.weight_names_of({"scale": self.scale, "center": self.center})
        return dict.fromkeys(names, input_shape[-1:])

    @classmethod
    def weight_names_of(cls, config: dict) -> tuple[str, ...]:
        """Return the names without "gamma" where `scale` is False, and "beta" where `center` is."""
        wanted = {"gamma": config.get("scale", True), "beta": config.get("center", True)}
        return tuple(name for name in cls.weight_names if wanted.get(name, True))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(
                f"BatchNormalization takes (samples, ..., channels). Received: {tuple(input_shape)}"
            )
        if self.axis not in (-1, len(input_shape) - 1):
            raise ValueError(
                "BatchNormalization normalizes the last axis, axis=-1. "
                f"Received: axis={self.axis} for samples of shape {tuple(input_shape[1:])}"
            )
        return tuple(input_shape)

    def gamma_and_beta(self) -> tuple[np.ndarray, np.ndarray]:
        """Return scale and shift of each channel, (c,): ones and zeros where they are not trained."""
        like = self.params["moving_mean"]
        gamma = self.params["gamma"] if "gamma" in self.params else recorded(np.ones_like, like)
        beta = self.params["beta"] if "beta" in self.params else recorded(np.zeros_like, like)
        return gamma, beta

    def scale_and_shift(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the scale and shift (c,) that the layer comes to when predicting: y = x · scale + shift."""
        gamma, beta = self.gamma_and_beta()
        variance = self.params["moving_variance"]
        scale = gamma / np.sqrt(variance + variance.dtype.type(self.epsilon))
        return scale, beta - self.params["moving_mean"] * scale

    def forward(self, x: np.ndarray, training: bool, rng: Rng) -> tuple[np.ndarray, tuple]:
        """Return y, shaped as x."""
        of_batch = training and self.trainable
        if of_batch:
            mean, variance = ops.batch_statistics(x)
        else:
            mean, variance = self.params["moving_mean"], self.params["moving_variance"]
        gamma, beta = self.gamma_and_beta()
        y = ops.batch_normalization_forward(x, mean, variance, gamma, beta, self.epsilon)
        return y, (x, mean, variance, of_batch)

    def backward(self, dy: np.ndarray, ctx: tuple, input_gradient: bool = True) -> Gradients:
        """Return dx, shaped as x, and the gradients of gamma and beta."""
        x, mean, variance, of_batch = ctx
        gamma, _ = self.gamma_and_beta()
        statistics = mean, variance, gamma, self.epsilon
        dx, dgamma, dbeta = ops.batch_normalization_backward(dy, x, *statistics)
        if not of_batch:
            # forward: y = (x - mean) · gamma / √(variance + epsilon) + beta, mean and variance fixed
            dx = dy * self.scale_and_shift()[0]
        named = {"gamma": dgamma} if self.scale else {}
        return dx, named | ({"beta": dbeta} if self.center else {})

    def forward_shards(
        self, xs: Sequence[np.ndarray], total: Total
    ) -> tuple[list[np.ndarray], list[tuple]]:
        """Return y and ctx of each part of a batch in training; mean and variance are those of all parts.

        Args:
            xs: the parts (n, ..., c), some of them perhaps of no samples; others may be elsewhere.
            total: returns the sum, over all parts, of one array of float64 for each of xs.
        """
        if not self.trainable:
            return tuple(map(list, zip(*(self.forward(x, True, None) for x in xs), strict=True)))
        pivot, c = self.params["moving_mean"], self.input_shape[-1]
        sums = total([np.append(ops.batch_sums(x, pivot), x.size // c) for x in xs])
        shift, squares = sums[:-1].reshape(2, c) / sums[-1]
        mean = (pivot + shift).astype(pivot.dtype)
        variance = np.maximum(squares - shift * shift, 0).astype(pivot.dtype)
        statistics = mean, variance, *self.gamma_and_beta(), self.epsilon
        ys = [ops.batch_normalization_forward(x, *statistics) for x in xs]
        return ys, [(x, mean, variance, int(sums[-1])) for x in xs]

    def backward_shards(
        self, dys: Sequence[np.ndarray], ctxs: Sequence[tuple], total: Total
    ) -> tuple[list[np.ndarray], dict[str, np.ndarray] | None]:
        """Return dx of each part, and the gradients of gamma and beta of all; arguments as `forward_shards`.

        They are None as long as `trainable` is False: nobody needs them then.
        """
        if not self.trainable:
            pairs = zip(dys, ctxs, strict=True)
            return [self.backward(dy, ctx)[0] for dy, ctx in pairs], None
        pairs = list(zip(dys, ctxs, strict=True))
        sums = total([ops.gradient_sums(dy, x, mean) for dy, (x, mean, *_) in pairs])
        gamma, _ = self.gamma_and_beta()
        outcomes = [
            ops.batch_normalization_backward_part(dy, *ctx[:3], gamma, self.epsilon, sums, ctx[3])
            for dy, ctx in pairs
        ]
        _, dgamma, dbeta = outcomes[0]
        named = {"gamma": dgamma} if self.scale else {}
        named |= {"beta": dbeta} if self.center else {}
        return [dx for dx, *_ in outcomes], named

    def updates(self, ctx: tuple) -> dict[str, np.ndarray]:
        """Return the running means after a training step: see `Layer.updates`."""
        _, mean, variance, of_batch = ctx
        if not of_batch:
            return {}
        return {
            "moving_mean": self._running("moving_mean", mean),
            "moving_variance": self._running("moving_variance", variance),
        }

    def _running(self, name: str, value: np.ndarray) -> np.ndarray:
        momentum = value.dtype.type(self.momentum)
        return self.params[name] * momentum + value * (1 - momentum)

    def explain(self, x: np.ndarray, y: np.ndarray, position: Position) -> Explanation:
        """Return the number before, and what it is normalized with: see `Layer.explain`."""
        *_, c = position = check_position("position", position, y.shape)
        gamma, beta = self.gamma_and_beta()
        about = label(self), "y", position, float(y[position]), float(x[position])
        running = (self.params[name][c] for name in self.state_names)
        numbers = (*running, self.epsilon, gamma[c], beta[c])
        return Normalized(*about, *map(float, numbers))

    def explain_input_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, position: Position
    ) -> Explanation:
        """Return scale times dy: see `Layer.explain_input_gradient`."""
        *_, c = position = check_position("position", position, x.shape)
        # forward: y = x · scale + shift
        uses = [position], self.scale_and_shift()[0][c : c + 1]
        return gradient_sum(self, "dL/dx", position, uses, (dy, dy))

    def explain_weight_gradient(
        self, x: np.ndarray, y: np.ndarray, dy: np.ndarray, name: str, position: Position
    ) -> Explanation:
        """Return the sum over the channel's numbers: see `Layer.explain_weight_gradient`."""
        (c,) = position = check_weight(self, name, position)
        outputs = positions_of(x.shape[:-1], c)
        # forward: y = normalized · gamma + beta
        factors = np.ones(len(outputs))
        if name == "gamma":
            mean, variance = (self.params[each][c].astype(np.float64) for each in self.state_names)
            factors = (x[..., c].astype(np.float64).ravel() - mean) / np.sqrt(
                variance + self.epsilon
            )
        return gradient_sum(self, f"dL/d{name}", position, (outputs, factors), (dy, dy))

    def operations(self) -> int:
        """Return how many operations one sample takes: 2 for each number."""
        return 2 * flat_size(self.output_shape)
