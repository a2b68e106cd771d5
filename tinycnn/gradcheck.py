"""Checks gradients against differences: is what `backward` says really how the output changes?

Each weight and each input is moved a little up and a little down; the output's change, divided by the
distance, must be what `backward` computed. Everything runs in float64, through the same kernels that
train in float32. The output is weighed with random numbers first ("cotangent"), because a plain sum
would let errors of opposite sign cancel.

    python -m tinycnn.gradcheck mnist.h5

Where a ReLU switches or another pixel wins a maximum between "up" and "down", the output has a kink and
no difference can check it; such entries are tried with a smaller distance, then left out and counted.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np

from tinycnn.layers import Layer
from tinycnn.layers.weights import named_weights
from tinycnn.models.plan import Step, backward, forward, plan

BOUND = 1e-7
DISTANCES = (1e-5, 1e-6)
FORM = "{:<18} {:<16} {:>9}  {:>9} {:>9} {:>7} {:>7}  {}"
HEAD = FORM.format(
    "tensor", "shape", "analytic", "numeric", "error", "checked", "kinks", ""
).rstrip()


@dataclasses.dataclass(frozen=True)
class Row:
    """The result for one array.

    Args:
        tensor: its name, such as "conv2d/kernel", or "x" for the input.
        shape: of the array.
        analytic: the largest gradient that `backward` computed, without sign.
        numeric: the largest that the differences gave.
        error: the largest disagreement, divided by the larger of the two.
        checked: how many entries were compared.
        kinks: how many were left out because of a kink.
    """

    tensor: str
    shape: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    checked: int
    kinks: int

    @property
    def good(self) -> bool:
        """Whether something was compared, is not all zero, and agrees within the bound."""
        return self.checked > 0 and self.analytic > 0 and self.error <= BOUND


def compare(
    name: str,
    array: np.ndarray,
    gradient: np.ndarray,
    value: Callable[[], tuple[float, list[np.ndarray]]],
    entries: int,
    rng: np.random.Generator,
) -> Row:
    """Compare a gradient with central differences, (value(up) - value(down)) / distance.

    Args:
        name: for the row.
        array: float64, C-contiguous; moved in place and put back.
        gradient: what `backward` says, shaped as array.
        value: computes the output and the activation pattern from the array as it stands.
        entries: how many entries to compare, chosen at random; all if there are no more.
        rng: makes the choice.
    """
    indices = np.arange(array.size)
    if array.size > entries:
        indices = rng.choice(array.size, entries, replace=False)
        indices[0] = np.abs(gradient).argmax()  # the largest is always among them
    flat, pairs = array.reshape(-1), []
    for index in indices:
        slope = difference(flat, index, value)
        if slope is not None:
            pairs.append((gradient.reshape(-1)[index], slope))
    analytic, numeric = np.array(pairs).reshape(-1, 2).T
    scales = np.abs(analytic).max(initial=0), np.abs(numeric).max(initial=0)
    error = float(np.abs(analytic - numeric).max(initial=0) / (max(scales) or 1))
    kinks = len(indices) - len(pairs)
    return Row(name, array.shape, *map(float, scales), error, len(pairs), kinks)


def difference(
    flat: np.ndarray, index: int, value: Callable[[], tuple[float, list[np.ndarray]]]
) -> float | None:
    """Return the central difference with respect to one entry, or None at a kink: see `compare`."""
    before = flat[index]
    for distance in DISTANCES:
        flat[index] = up = before + distance
        value_up, pattern_up = value()
        flat[index] = down = before - distance
        value_down, pattern_down = value()
        flat[index] = before
        if all(map(np.array_equal, pattern_up, pattern_down)):
            return (value_up - value_down) / (up - down)
    return None


def check_steps(
    steps: list[Step],
    params: dict[str, np.ndarray],
    x: np.ndarray,
    *,
    training: bool,
    entries: int,
    seed: int,
) -> Iterator[Row]:
    """Check every parameter and the input of some steps: see `check_layer` and `check_model`."""
    rng = np.random.default_rng(seed)

    def run() -> tuple[np.ndarray, list[object]]:  # the same dropout masks every time
        return forward(steps, x, training, np.random.default_rng(seed))

    y, tape = run()
    cotangent = rng.standard_normal(y.shape)

    def value() -> tuple[float, list[np.ndarray]]:
        y, tape = run()
        each = zip(steps, tape, strict=True)
        pattern = [part for step, ctx in each for part in step.activation_pattern(ctx)]
        return float((cotangent * y).sum()), pattern

    dx, grads = backward(steps, cotangent, tape)
    gradients = [gradient for layer in grads for gradient in layer.values()]
    named = [*zip(params.items(), gradients, strict=True), (("x", x), dx)]
    for (name, array), grad in named:
        yield compare(name, array, grad, value, entries, rng)


def check_layer(
    layer: Layer,
    input_shape: tuple[int, ...],
    *,
    samples: int = 2,
    training: bool = True,
    entries: int = 100,
    seed: int = 0,
) -> list[Row]:
    """Check all gradients of one layer.

    Args:
        layer: of any dtype, built or not; it is not changed.
        input_shape: of one sample, such as (5, 5, 3).
        samples: how many, from 1.
        training: whether dropout is on, with one mask throughout.
        entries: how many entries of each array to compare at most.
        seed: for weights, samples and choice.

    Returns:
        A row for each parameter and one for the input.

    Example:
        >>> from tinycnn.layers import Dense
        >>> [row.tensor for row in check_layer(Dense(3), (4,)) if row.good]
        ['dense/kernel', 'dense/bias', 'x']
    """
    twin = type(layer)(**{**layer.get_config(), "dtype": "float64"})
    rng = np.random.default_rng(seed)
    twin.build((None, *input_shape), rng)
    for name, param in twin.params.items():
        param[...] = layer.params[name] if layer.params else rng.standard_normal(param.shape)
    prefix = layer.name or type(layer).__name__.lower()
    params = {f"{prefix}/{name}": param for name, param in twin.params.items()}
    x = rng.standard_normal((samples, *input_shape))
    steps = [Step(twin)]
    return list(check_steps(steps, params, x, training=training, entries=entries, seed=seed))


def check_model(model: object, *, samples: int = 2, entries: int = 20, seed: int = 0) -> list[Row]:
    """Check the gradients of a whole model: of the logits with respect to everything.

    Args:
        model: built; it is not changed.
        samples: how many random pictures, from 1.
        entries: how many entries of each array to compare at most.
        seed: for pictures and choice.

    Returns:
        A row for each parameter, one for the input and, if the model is compiled, one for the loss.
    """
    return list(check_rows(model, samples, entries, seed))


def check_rows(model: object, samples: int, entries: int, seed: int) -> Iterator[Row]:
    """Yield what `check_model` returns, each row as soon as it is there."""
    layers = [
        _in_float64(layer) for layer in model.layers
    ]  # of the same classes, somebody's own, too
    rng = np.random.default_rng(seed)
    x = rng.random((samples, *model.input_shape[1:]))
    steps = plan(layers, logits=True)
    params = named_weights(layers)
    yield from check_steps(steps, params, x, training=True, entries=entries, seed=seed)
    if model.objective is not None:
        yield check_loss(model.objective, model.output_shape[-1], samples, entries, rng)


def _in_float64(layer: Layer) -> Layer:
    """Return a copy of a built layer that computes in float64, with parameters of its own."""
    twin = copy.copy(layer)
    twin.dtype = "float64"
    twin.params = {name: param.astype(np.float64) for name, param in layer.params.items()}
    return twin


def check_loss(
    objective: object, classes: int, samples: int, entries: int, rng: np.random.Generator
) -> Row:
    """Check the gradient of a model's mean loss with respect to the logits or probabilities."""
    loss, logits = objective.loss, objective.from_logits
    y_pred = rng.standard_normal((samples, classes)) if logits else rng.random((samples, classes))
    chosen = rng.integers(classes, size=samples)
    sparse = "Sparse" in type(loss).__name__
    target = loss.target(chosen if sparse else np.eye(classes)[chosen], y_pred)

    def value() -> tuple[float, list[np.ndarray]]:
        return float(loss.forward(target, y_pred, logits)[0].mean()), []

    gradient = loss.backward(target, loss.forward(target, y_pred, logits)[1], logits)
    name = "loss by logits" if logits else "loss by y_pred"
    return compare(name, y_pred, gradient, value, entries, rng)


def table(rows: list[Row]) -> str:
    """Return the rows as text for people.

    Example:
        >>> print(table([Row("x", (2, 3), 1.0, 1.0, 1e-9, 6, 0)]).splitlines()[1])
        x                  (2, 3)           1.000e+00  1.000e+00   1.0e-09       6       0  ok
    """
    return "\n".join([HEAD, *map(line, rows)])


def line(row: Row) -> str:
    """Return one row as text, to stand under `HEAD`."""
    sizes = f"{row.analytic:.3e}", f"{row.numeric:.3e}", f"{row.error:.1e}"
    status = "ok" if row.good else "WRONG" if row.analytic else "ALL ZERO"
    status = status if row.checked else "NOTHING CHECKED"
    return FORM.format(row.tensor, str(row.shape), *sizes, row.checked, row.kinks, status)


def worst(rows: list[Row]) -> float:
    """Return the largest relative error of all rows; infinite if a row is no good for another reason."""
    return max(
        (row.error if row.good or row.error > BOUND else math.inf for row in rows), default=0.0
    )


def main() -> int:
    """Check a saved model from the command line; return 1 if a gradient is wrong."""
    from tinycnn.utils.cli import Parser, file_name, say, whole_number

    parser = Parser(
        prog="python -m tinycnn.gradcheck",
        description="Check the gradient of every array of a saved model against central differences.",
        epilog="example: python -m tinycnn.gradcheck mnist.h5 --entries 50",
    )
    parser.add_argument(
        "model",
        nargs="?",
        type=file_name,
        help="an .h5 file; default: mnist.h5, or else the bundled model",
    )
    count = whole_number()
    parser.add_argument("--samples", type=count, default=2, help="random pictures (default 2)")
    parser.add_argument(
        "--entries", type=count, default=20, help="entries of each array (default 20)"
    )
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="of the random choices (default 0)"
    )
    parser.add_argument(
        "--force", action="store_true", help="check a model even if it takes very long"
    )
    options = parser.parse_args()
    from tinycnn.models import load_model
    from tinycnn.models.cost import check_cost
    from tinycnn.pretrained.digit_model import load_digit_model

    if options.model is None:
        model, name = load_digit_model(force=options.force)
    else:
        model, name = load_model(options.model), options.model
    if not options.force:
        check_cost(model.layers, name)
    say(f"{name}: {options.entries} entries of each array, in float64, on random pictures")
    rows = []
    print(HEAD, flush=True)
    for row in check_rows(model, options.samples, options.entries, options.seed):
        print(line(row), flush=True)
        rows.append(row)
    print(f"largest relative error: {worst(rows):.1e} (bound {BOUND:.0e})")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    from tinycnn.utils.cli import run

    run(main)
