"""How one number came about: what a layer's `explain...` methods return, and how it reads.

The numbers are the net's own, the arithmetic on them is float64. `str(explanation)` is for people, the
fields are for programs. Positions leave out the axis of the samples: (row, column, channel).
"""

import dataclasses

import numpy as np

from tinycnn.layers.explanation_text import TOP, index_text, number, signed, term_lines

Position = tuple[int, ...]
FORMULAS = {
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
    """How one number came about. This base says where it stands, and that its layer tells no more.

    Args:
        layer: its name and class.
        what: "y" for an output, "dL/dx" for the gradient of an input, "dL/dkernel" for that of a weight.
        position: in y, x or the weight, without the axis of the samples.
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
        """Return what stands under the first line of the text."""
        kind = self.layer.rpartition("(")[2].rstrip(")")
        return [f"{kind} brings no explanation of its own."]

    def __str__(self) -> str:
        head = f"{self.layer}: {self.what}{index_text(self.position)} = {number(self.value)}"
        return "\n".join([head, *(f"  {line}" for line in self.lines())])


@dataclasses.dataclass(frozen=True, eq=False)
class Elementwise(Explanation):
    """A number that is made of one other number.

    Args:
        source: the position of the other one in the layer's input.
        before: that number.
        formula: what is done with it.
    """

    source: Position
    before: float
    formula: str

    def lines(self) -> list[str]:
        """Return the number before, and what is done with it."""
        return [f"x{index_text(self.source)} = {number(self.before)}", f"y = {self.formula}"]


@dataclasses.dataclass(frozen=True, eq=False)
class Activated:
    """The last step of many layers, y = activation(z), in float64.

    Args:
        name: of the activation.
        z: the number before it.
        y: the number behind it.
        highest: for softmax the largest of its scores, which is taken off first; else None.
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
        """Return the step with its numbers."""
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
    """An output of a layer that is an activation.

    Args:
        step: the number before and behind; for softmax the exponentials, too.
    """

    step: Activated

    def lines(self) -> list[str]:
        """Return the step with its numbers."""
        return self.step.lines()


@dataclasses.dataclass(frozen=True, eq=False)
class WeightedSum(Explanation):
    """An output of Dense or Conv2D: products of inputs and weights, a bias, an activation.

    Args:
        corner: the position in x of the first of the inputs.
        inputs: (c,) of a Dense, (rows, columns, c) of a window, cut where it goes over the border.
        weights: those that they meet, shaped as the inputs.
        products: inputs · weights.
        bias: 0 if there is none.
        z: the sum of the products and the bias.
        activation: the step from z to y.
        padding: ((top, bottom), (left, right)) rows and columns of zeros that are cut off; None for Dense.
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
        """Return the position in x of an input, given its place in `inputs` in reading order."""
        inside = np.unravel_index(place, self.inputs.shape)
        inside = (*[0] * (len(self.corner) - len(inside)), *inside)
        return tuple(int(a + b) for a, b in zip(self.corner, inside, strict=True))

    def counted_for(self) -> np.ndarray:
        """Return the places of the products above 0 in reading order, the largest first."""
        products = self.products.ravel()
        order = np.argsort(-products, kind="stable")
        return order[products[order] > 0]

    def counted_against(self) -> np.ndarray:
        """Return the places of the products below 0 in reading order, the lowest first."""
        products = self.products.ravel()
        order = np.argsort(products, kind="stable")
        return order[products[order] < 0]

    def lines(self) -> list[str]:
        """Return window, largest products, channels, bias and activation."""
        lines = [] if self.padding is None else self._window_lines()
        total = self.products.sum()
        lines.append(f"Σ x · kernel of {self.products.size} products = {number(total)}, of them")
        lines += term_lines(
            lambda place: f"x{index_text(self.source(place))}",
            self.inputs.ravel(),
            self.weights.ravel(),
        )
        if self.padding is not None and 1 < self.products.shape[-1] <= 2 * TOP:
            sums = ", ".join(signed(each) for each in self.channel_sums)
            lines.append(f"by channel: {sums}")
        lines.append(f"z = {number(total)} {signed(self.bias)} (bias) = {number(self.z)}")
        return lines + self.activation.lines()

    def _window_lines(self) -> list[str]:
        rows, columns, channels = self.inputs.shape
        line = f"window: {rows} x {columns} x {channels} numbers from x{index_text(self.corner)} on"
        cut = sum(map(sum, self.padding))
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
        inputs: the window (rows, columns), cut where it goes over the border.
        argmax: the position in x of the maximum; None for a mean.
    """

    corner: Position
    inputs: np.ndarray
    argmax: Position | None = None

    def lines(self) -> list[str]:
        """Return the window and what becomes of it."""
        rows, columns = self.inputs.shape
        lines = [f"window: {rows} x {columns} numbers from x{index_text(self.corner)} on"]
        if self.inputs.size <= 9:
            lines += [" ".join(f"{number(each):>8}" for each in row) for row in self.inputs]
        if self.argmax is not None:
            return [*lines, f"the largest stands at x{index_text(self.argmax)}"]
        total = number(self.inputs.sum())
        return [*lines, f"the mean: {total} / {self.inputs.size} = {number(self.inputs.mean())}"]


@dataclasses.dataclass(frozen=True, eq=False)
class GradientSum(Explanation):
    """A gradient on its way back: each output that used the number adds its own gradient times a factor.

    What a number was multiplied with on its way forward is what its gradient is multiplied with on the
    way back.

    Args:
        outputs: the positions in y of the outputs that used it, (k, axes).
        factors: what it was multiplied with in each of them, (k,).
        dz: the gradient of each of them before the layer's activation, (k,).
        dy: the same behind the activation; a ReLU that is off makes dz 0 of it, (k,).
        products: factors · dz, (k,); value is their sum.
    """

    outputs: np.ndarray
    factors: np.ndarray
    dz: np.ndarray
    dy: np.ndarray
    products: np.ndarray

    def lines(self) -> list[str]:
        """Return the largest products, and how many outputs had nothing to say."""
        if not len(self.products):
            return ["no output used it"]
        # Where an activation lies between, the gradient before it is another one.
        of = "y" if np.array_equal(self.dz, self.dy) else "z"
        sent = int(np.count_nonzero(self.products))
        lines = [
            f"Σ factor · dL/d{of} over the outputs that used it: {sent} of {len(self.dz)} not 0",
            *term_lines(
                lambda place: f"{of}{index_text(self.outputs[place])}", self.factors, self.dz
            ),
        ]
        unused = int(np.count_nonzero(self.factors == 0))
        off = int(np.count_nonzero((self.dz == 0) & (self.dy != 0)))
        lines += [f"{unused} with factor 0: they do not change with it"] * (unused > 0)
        return lines + [f"{off} with dL/dz = 0: their activation has no slope"] * (off > 0)
