"""What Conv2D and Dense share: sums weighted by a kernel, plus a bias, then an activation."""

import copy

import numpy as np

from tinycnn import activations, initializers
from tinycnn.layers.base import Layer, flat_size
from tinycnn.utils.validation import check_bool


class Affine(Layer):
    """Base of the layers with kernel, bias and activation; their `ctx` is (x, y).

    Args:
        activation: a name of `tinycnn.activations`, or None.
        use_bias: whether a number for each output is added.
        kernel_initializer, bias_initializer: names of `tinycnn.initializers`.
        options: see `Layer`.
    """

    config_names: tuple[str, ...] = (
        *Layer.config_names,
        *("activation", "use_bias", "kernel_initializer", "bias_initializer"),
    )
    fixed_options = Layer.fixed_options | {
        **dict.fromkeys(("kernel_regularizer", "bias_regularizer"), (None,)),
        **dict.fromkeys(("kernel_constraint", "bias_constraint"), (None,)),
        **dict.fromkeys(("lora_rank", "lora_alpha", "quantization_config"), (None,)),
    }
    weight_names = ("kernel", "bias")

    def __init__(
        self,
        activation: str | activations.ActivationFunction | None,
        use_bias: bool,
        kernel_initializer: str | dict | initializers.Initializer,
        bias_initializer: str | dict | initializers.Initializer,
        **options: object,
    ):
        super().__init__(**options)
        self.activation = activations.get(activation)
        self.use_bias = check_bool("use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def named(self, kernel: object, bias: object) -> dict[str, object]:
        """Return what belongs to kernel and bias by name, without the bias if there is none."""
        return {"kernel": kernel, "bias": bias} if self.use_bias else {"kernel": kernel}

    def kernel_and_bias(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the kernel (..., f), and the bias (f,), zeros if there is none."""
        kernel = self.params["kernel"]
        bias = self.params["bias"] if self.use_bias else np.zeros(kernel.shape[-1], kernel.dtype)
        return kernel, bias

    def as_logits(self) -> "Affine | None":
        """Return a copy with linear activation that shares the parameters; None without a softmax."""
        if self.activation != activations.softmax:
            return None
        linear = copy.copy(self)
        linear.activation = activations.linear
        return linear

    def activation_pattern(self, ctx: tuple) -> tuple[np.ndarray, ...]:
        """Return which outputs of a ReLU are on."""
        return (ctx[1] > 0,) if self.activation == activations.relu else ()

    def operations(self) -> int:
        """Return how many operations one sample takes: 2 for each weight and place it is applied at."""
        positions = flat_size(self.output_shape) // self.output_shape[-1]
        return 2 * positions * self.params["kernel"].size
