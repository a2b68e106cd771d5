"""The classes that a layer's `explain...` methods return: how one number was computed.

Inputs and weights are the net's own numbers; sums and products of them are computed anew in float64.
`str(explanation)` is text for people, the fields are for programs. A position is an index into the array
of one sample, without the axis of the samples, as (row, column, channel).
"""

import dataclasses

import numpy as np

from tinycnn.layers.explanation_text import TOP, index_text, number, signed, term_lines

Position = tuple[int, ...]
FORMULAS = {  # of activations, as text
    "relu": "max(z, 0)",
    "sigmoid": "1 / (1 + exp(-z))",
    "tanh": "tanh(z)",
    "linear": "z",
    "leaky_relu": "z where z > 0, else 0.2 · z",
    "elu": "z where z > 0, else exp(z) - 1",
    "selu": "1.0507 · (z where z > 0, else 1.6733 · (exp(z) - 1))",
    "gelu": "z · (the share of a normal distribution below z)",
    "silu": "z / (1 + exp(-z))",
    "softplus": "log(1 + exp(z))",
    "log_softmax": "z - log Σ exp(z)",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """Base class: which number it is, and its value. A layer without own explanations returns only this.

    Args:
        layer: name and class of the layer, as "conv2d (Conv2D)".
        what: "y" for an output, "dL/dx" for the gradient of an input, "dL/dkernel" for that of a weight.
        position: in y, x or the weight.
        value: the number itself.

    Example:
        >>> print(Explanation("scale (Scale)", "y", (3,), 0.5))
        scale (Scale): y[3] = 0.5000
          Scale brings no explanation of its own.
    """

    layer: str
    what: str
    position: Position
    value: float

    def lines(self) -> list[str]:
        """Return the lines of the text after the first; each subclass has its own."""
        kind = self.layer.rpartition("(")[2].rstrip(")")
        return [f"{kind} brings no explanation of its own."]

    def __str__(self) -> str:
        head = f"{self.layer}: {self.what}{index_text(self.position)} = {number(self.value)}"
        return "\n".join([head, *(f"  {line}" for line in self.lines())])


@dataclasses.dataclass(frozen=True, eq=False)
class Elementwise(Explanation):
    """An output that depends on one input only.

    Args:
        source: the position of that input in x.
        before: that input, x[source].
        formula: how the output follows from it, such as "relu(x)".
    """

    source: Position
    before: float
    formula: str

    def lines(self) -> list[str]:
        """Return a line with the input, and one with the formula."""
        return [f"x{index_text(self.source)} = {number(self.before)}", f"y = {self.formula}"]


@dataclasses.dataclass(frozen=True, eq=False)
class Activated:
    """y = activation(z) for one number, in float64; a part of other explanations.

    Args:
        name: of the activation.
        z: the number that goes in.
        y: the number that comes out.
        highest: for softmax the largest of its scores, which is subtracted first; else None.
        exponentials: for softmax exp(z - highest) of all its scores, (classes,); else None.
    """

    name: str
    z: float
    y: float
    highest: float | None = None
    exponentials: np.ndarray | None = None

    @property
    def total(self) -> float | None:
        """The sum of the exponentials; None where there are none."""
        return None if self.exponentials is None else float(self.exponentials.sum())

    def lines(self) -> list[str]:
        """Return the formula with its numbers: one line, for softmax two."""
        if self.exponentials is None:
            formula = FORMULAS.get(self.name, f"{self.name}(z)")
            return [f"{self.name}: y = {formula} = {number(self.y)} for z = {number(self.z)}"]
        power = number(np.exp(self.z - self.highest))
        return [
            f"softmax: exp(z - largest z) = exp({number(self.z)} - {number(self.highest)}) = {power}",
            f"y = {power} / {number(self.total)} = {number(self.y)}, "
            f"shared among {len(self.exponentials)} exponentials",
        ]


@dataclasses.dataclass(frozen=True, eq=False)
class ActivationStep(Explanation):
    """An output of a layer that only applies an activation.

    Args:
        step: the numbers before and after the activation.
    """

    step: Activated

    def lines(self) -> list[str]:
        """Return the lines of `step`."""
        return self.step.lines()


@dataclasses.dataclass(frozen=True, eq=False)
class WeightedSum(Explanation):
    """An output of Dense or Conv2D: products of inputs and weights, a bias, an activation.

    Args:
        corner: the position in x of the first of the inputs.
        inputs: (c,) for Dense; for Conv2D the window (rows, columns, c), cut at the border of the image.
        weights: what each input is multiplied with, shaped as the inputs.
        products: inputs · weights.
        bias: 0 if there is none.
        z: the sum of the products and the bias.
        activation: y = activation(z).
        padding: ((top, bottom), (left, right)) rows and columns of the window that lie outside the image
            and are left out; None for Dense.
    """

    corner: Position
    inputs: np.ndarray
    weights: np.ndarray
    products: np.ndarray
    bias: float
    z: float
    activation: Activated
    padding: tuple | None = None

    @property
    def channel_sums(self) -> np.ndarray:
        """The sum of the products over the window, for each channel of the input, (c,)."""
        return self.products.sum(axis=tuple(range(self.products.ndim - 1)))

    def source(self, place: int) -> Position:
        """Return the position in x of one of the inputs.

        Args:
            place: its index in `inputs.ravel()`.
        """
        inside = np.unravel_index(place, self.inputs.shape)
        # Dense on more axes: corner has more indices than inputs has axes; those stay.
        inside = (*[0] * (len(self.corner) - len(inside)), *inside)
        return tuple(int(a + b) for a, b in zip(self.corner, inside, strict=True))

    def counted_for(self) -> np.ndarray:
        """Return the indices into `products.ravel()` of all products above 0, the largest first."""
        products = self.products.ravel()
        order = np.argsort(-products, kind="stable")
        return order[products[order] > 0]

    def counted_against(self) -> np.ndarray:
        """Return the indices into `products.ravel()` of all products below 0, the lowest first."""
        products = self.products.ravel()
        order = np.argsort(products, kind="stable")
        return order[products[order] < 0]

    def lines(self) -> list[str]:
        """Return lines with window, sum, largest products, sums by channel, bias and activation."""
        lines = [] if self.padding is None else self._window_lines()
        total = self.products.sum()
        lines.append(f"Σ x · kernel of {self.products.size} products = {number(total)}, of them")
        lines += term_lines(
            lambda place: f"x{index_text(self.source(place))}",
            self.inputs.ravel(),
            self.weights.ravel(),
        )
        zeros = int(np.count_nonzero(self.products == 0))
        lines += [f"{zeros} are 0"] * (zeros > 0)
        if self.padding is not None and 1 < self.products.shape[-1] <= 2 * TOP:
            sums = ", ".join(signed(channel_sum) for channel_sum in self.channel_sums)
            lines.append(f"by channel: {sums}")
        lines.append(f"z = {number(total)} {signed(self.bias)} (bias) = {number(self.z)}")
        return lines + self.activation.lines()

    def _window_lines(self) -> list[str]:
        """Return one line with the window's size and position in x (Conv2D only)."""
        rows, columns, channels = self.inputs.shape
        line = f"window: {rows} x {columns} x {channels} numbers from x{index_text(self.corner)} on"
        cut = sum(map(sum, self.padding))  # 0 if the whole window lies in the image
        return [f"{line}; the rest lies in the padding, where x is 0" if cut else line]


@dataclasses.dataclass(frozen=True, eq=False)
class Normalized(Explanation):
    """An output of a batch normalization, which when predicting uses running means.

    Args:
        before: the number of x at the same position.
        mean, variance: the running ones of its channel.
        epsilon: added to the variance.
        gamma, beta: scale and shift of the channel.
    """

    before: float
    mean: float
    variance: float
    epsilon: float
    gamma: float
    beta: float

    @property
    def normalized(self) -> float:
        """The number with the channel's mean taken off, in units of its spread."""
        return (self.before - self.mean) / np.sqrt(self.variance + self.epsilon)

    def lines(self) -> list[str]:
        """Return the normalization, then scale and shift."""
        spread = f"√({number(self.variance)} + {number(self.epsilon)})"
        normalized = number(self.normalized)
        return [
            f"normalized = ({number(self.before)} - {number(self.mean)}) / {spread} = {normalized}",
            f"y = gamma · normalized + beta = {number(self.gamma)} · {normalized} {signed(self.beta)}",
        ]


@dataclasses.dataclass(frozen=True, eq=False)
class Pooled(Explanation):
    """An output of a pooling layer: the maximum or the mean of a window.

    Args:
        corner: the position in x of the first of the inputs.
        inputs: the window (rows, columns), cut at the border of the image.
        argmax: the position in x of the maximum; None for a mean.
    """

    corner: Position
    inputs: np.ndarray
    argmax: Position | None = None

    def lines(self) -> list[str]:
        """Return lines with the window's size, its numbers if they are few, and its maximum or mean."""
        rows, columns = self.inputs.shape
        lines = [f"window: {rows} x {columns} numbers from x{index_text(self.corner)} on"]
        if self.inputs.size <= 9:
            lines += [" ".join(f"{number(x):>8}" for x in row) for row in self.inputs]
        if self.argmax is not None:
            return [*lines, f"the largest stands at x{index_text(self.argmax)}"]
        total = number(self.inputs.sum())
        return [*lines, f"the mean: {total} / {self.inputs.size} = {number(self.inputs.mean())}"]


@dataclasses.dataclass(frozen=True, eq=False)
class GradientSum(Explanation):
    """The gradient of an input or a weight, as a sum over the k outputs that were computed from it.

    Each term is the output's gradient times a factor. The factor is what the input or weight was
    multiplied with to compute that output.

    Args:
        outputs: the positions of these outputs in y, int (k, axes of y).
        factors: (k,).
        dz: the gradient of each output before the layer's activation, (k,).
        dy: the gradient of each output after the activation, (k,); dz is 0 where a ReLU was off.
        products: factors · dz, (k,); `value` is their sum.
    """

    outputs: np.ndarray
    factors: np.ndarray
    dz: np.ndarray
    dy: np.ndarray
    products: np.ndarray

    def lines(self) -> list[str]:
        """Return lines with the largest products, and how many products are 0 and why."""
        if not len(self.products):
            return ["no output used it"]
        # Without an activation dz and dy are the same, and the text speaks of y only.
        name = "y" if np.array_equal(self.dz, self.dy) else "z"
        not_zero = int(np.count_nonzero(self.products))
        lines = [
            f"Σ factor · dL/d{name} over the outputs that used it: {not_zero} of {len(self.dz)} not 0",
            *term_lines(
                lambda place: f"{name}{index_text(self.outputs[place])}", self.factors, self.dz
            ),
        ]
        unused = int(np.count_nonzero(self.factors == 0))
        off = int(np.count_nonzero((self.dz == 0) & (self.dy != 0)))
        # A list times False is empty: these lines are there only where there is something to count.
        lines += [f"{unused} with factor 0: they do not change with it"] * (unused > 0)
        return lines + [f"{off} with dL/dz = 0: their activation has no slope"] * (off > 0)
