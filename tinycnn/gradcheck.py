"""Gradient check: compares what `backward` computes with central differences of the output.

An entry of a weight or input array is moved up and down by a small distance; the change of the output,
divided by the distance between the two, must be the gradient that `backward` returned. "Output" is here
one number, the sum of all outputs times random factors (the "cotangent"); without factors, errors of
opposite sign could cancel. Everything runs in float64, through the kernels that train in float32.

    python -m tinycnn.gradcheck mnist.h5

Where between the two points a ReLU switches on or off, or another number becomes a window's maximum, the
output has a kink, and a difference is not the gradient. Such an entry is tried with a smaller distance,
then left out and counted.
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import copy
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tinycnn import activations
from tinycnn.layers import BatchNormalization, Conv2D, Dense, Layer
from tinycnn.layers.weights import named_trained
from tinycnn.models.penalty import Penalty
from tinycnn.models.plan import Step, backward, forward, plan

BOUND = 1e-7  # the largest relative error of a right gradient
DISTANCES = (1e-5, 1e-6)  # by which an entry is moved; the second if the first crosses a kink
# A row of the printed table
FORM = "{:<18} {:<16} {:>9}  {:>9} {:>9} {:>7} {:>7}  {}"
COLUMNS = ("tensor", "shape", "analytic", "numeric", "error", "checked", "kinks", "")
HEAD = FORM.format(*COLUMNS).rstrip()


@dataclasses.dataclass(frozen=True)
class Row:
    """The result for one array.

    Args:
        tensor: its name, such as "conv2d/kernel", or "x" for the input.
        shape: of the array.
        analytic: the largest absolute gradient that `backward` computed.
        numeric: the largest absolute central difference.
        error: the largest absolute difference between the two for one entry, divided by the larger of
            `analytic` and `numeric`.
        checked: how many entries were compared.
        kinks: how many were left out because of a kink.
        is_zero: whether the gradient must be 0 (see `zero_biases`); then `error` is the larger of `analytic`
            and `numeric`, divided by the largest gradient of the layer's other parameters.
    """

    tensor: str
    shape: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    checked: int
    kinks: int
    is_zero: bool = False

    @property
    def good(self) -> bool:
        """Whether entries were compared, not all gradients are 0 unless they must be, within `BOUND`."""
        there = self.analytic > 0 or self.is_zero
        return self.checked > 0 and there and self.error <= BOUND


def compare(
    name: str,
    array: np.ndarray,
    gradient: np.ndarray,
    value: Callable[[], tuple[float, list[np.ndarray]]],
    entries: int,
    rng: np.random.Generator,
) -> Row:
    """Return the row of one array: its gradient compared with central differences.

    Args:
        name: for the row.
        array: float64, C-contiguous; its entries are changed in place and restored.
        gradient: what `backward` returned, shaped as array.
        value: returns, for the present values of array, the output as one number, and the arrays of
            `Layer.activation_pattern`, which show kinks.
        entries: how many entries to compare, chosen at random; all if there are no more.
        rng: random numbers for the choice.
    """
    indices = np.arange(array.size)
    if array.size > entries:
        indices = rng.choice(array.size, entries, replace=False)
        indices[0] = np.abs(gradient).argmax()  # the largest is always among them
    flat, pairs = array.reshape(-1), []  # pairs of gradient and central difference
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
    """Return (value(up) - value(down)) / (up - down) for one entry; None if there is a kink in between.

    Args:
        flat: the array, flattened, not a copy; the entry is changed and restored.
        index: of the entry.
        value: see `compare`.
    """
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
    """Yield a row for each parameter, and one for the input, of steps that run one after the other.

    Args:
        steps: from `plan`, in float64.
        params: the parameter arrays by name, in the order of the steps.
        x: the input, float64 (n, ...).
        training: True to have dropout on, with the same masks in every run.
        entries: how many entries of each array to compare at most.
        seed: for masks, cotangent and choice.
    """
    rng = np.random.default_rng(seed)

    def run() -> tuple[np.ndarray, list[object]]:
        # A new generator of the same seed: the dropout masks are the same every time.
        return forward(steps, x, training, np.random.default_rng(seed))

    y, tape = run()
    cotangent = rng.standard_normal(y.shape)

    def value() -> tuple[float, list[np.ndarray]]:
        # The output as one number, and the arrays that show kinks: see `compare`.
        y, tape = run()
        pattern = []
        for step, ctx in zip(steps, tape, strict=True):
            pattern += step.activation_pattern(ctx)
        return float((cotangent * y).sum()), pattern

    # value() is the sum of cotangent · y, so the gradient with respect to y is the cotangent.
    dx, grads = backward(steps, cotangent, tape)
    of_layers = itertools.groupby(params, key=lambda name: name.rpartition("/")[0])
    gradients = [
        grad[name.rpartition("/")[2]]
        for (_, names), grad in zip(of_layers, filter(None, grads), strict=True)
        for name in names
    ]
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
    """Check all gradients of one layer, on a float64 copy of it and random samples.

    Args:
        layer: of any dtype, built or not (then its weights are random, running means positive); it is
            not changed.
        input_shape: of one sample, such as (5, 5, 3).
        samples: how many, from 1.
        training: True to have dropout on, with one mask throughout.
        entries: how many entries of each array to compare at most.
        seed: for weights, samples and choice.

    Returns:
        A row for each parameter and one for the input.

    Example:
        >>> from tinycnn.layers import Dense
        >>> [row.tensor for row in check_layer(Dense(3), (4,)) if row.good]
        ['dense/kernel', 'dense/bias', 'x']
    """
    # A copy of the layer itself: a user's own class may have other arguments than its get_config says.
    double = copy.copy(layer)
    double.dtype, double.params = "float64", {}
    rng = np.random.default_rng(seed)
    double.build((None, *input_shape), rng)
    for name, param in double.params.items():
        has_gradient = name in double.gradient_names
        param[...] = rng.standard_normal(param.shape) if has_gradient else rng.random(param.shape)
    if layer.params:
        double.params = {name: param.astype(np.float64) for name, param in layer.params.items()}
    prefix = layer.name or type(layer).__name__.lower()
    params = {f"{prefix}/{name}": double.params[name] for name in double.gradient_names}
    x = rng.standard_normal((samples, *input_shape))
    steps = [Step(double)]
    return list(check_steps(steps, params, x, training=training, entries=entries, seed=seed))


def check_model(model: object, *, samples: int = 2, entries: int = 20, seed: int = 0) -> list[Row]:
    """Check the gradients of a whole model's output with respect to every parameter and the input.

    What the loss takes the scores of at the end, such as a softmax, is left out. It runs on a float64 copy of
    the model, with dropout on.

    Args:
        model: built; it is not changed.
        samples: how many random pictures, from 1.
        entries: how many entries of each array to compare at most.
        seed: for pictures and choice.

    Returns:
        A row for each parameter, one for the input and, if the model is compiled, for loss and penalties.
    """
    return list(check_rows(model, samples, entries, seed))


def check_rows(model: object, samples: int, entries: int, seed: int) -> Iterator[Row]:
    """Yield the rows of `check_model`, with its arguments, one by one, to be printed at once."""
    # Copies of the layers themselves: a user's own classes are checked, too.
    layers = [_in_float64(layer) for layer in model.layers]
    rng = np.random.default_rng(seed)
    x = rng.random((samples, *model.input_shape[1:]))
    objective = model.objective
    steps = plan(layers, logits=True if objective is None else objective.end)
    params = named_trained(layers)
    zeros, largest = zero_biases(layers), {}  # the largest gradient of each layer so far
    for row in check_steps(steps, params, x, training=True, entries=entries, seed=seed):
        layer = row.tensor.rpartition("/")[0]
        if row.tensor in zeros:  # the kernel's row came before
            error = max(row.analytic, row.numeric) / (largest[layer] or 1)
            row = dataclasses.replace(row, error=error, is_zero=True)
        largest[layer] = max(largest.get(layer, 0.0), row.analytic)
        yield row
    if objective is not None:
        yield check_loss(objective, (samples, *model.output_shape[1:]), entries, rng)
        yield from check_penalties(objective.penalties, entries, rng)


def zero_biases(layers: list[Layer]) -> set[str]:
    """Return the names of the biases that nothing depends on: a batch normalization takes the mean off again.

    Args:
        layers: of a model, as it trains.

    Example:
        >>> from tinycnn.layers import Dense
        >>> from tinycnn.models import Sequential
        >>> model = Sequential([Dense(3, input_shape=(4,)), BatchNormalization(), Dense(2)])
        >>> zero_biases(model.layers)
        {'dense/bias'}
    """
    return {
        f"{layer.name}/bias"
        for layer, behind in itertools.pairwise(layers)
        if isinstance(behind, BatchNormalization)
        and behind.trainable
        and isinstance(layer, Conv2D | Dense)
        and layer.use_bias
        and layer.activation == activations.linear
    }


def _in_float64(layer: Layer) -> Layer:
    """Return a copy of a built layer that computes in float64, with parameters of its own."""
    double = copy.copy(layer)
    double.dtype = "float64"
    double.params = {name: param.astype(np.float64) for name, param in layer.params.items()}
    return double


def check_loss(
    objective: object, shape: tuple[int, ...], entries: int, rng: np.random.Generator
) -> Row:
    """Return the row of a loss: its gradient with respect to random predictions, (samples, ...).

    They are scores if the model ends in them, else 0.1 to 0.9, where a logarithm has no steep slope.
    """
    loss, logits = objective.loss, objective.from_logits
    y_pred = rng.standard_normal(shape) if logits else 0.1 + 0.8 * rng.random(shape)
    target = loss.target(loss.random_labels(shape, rng), y_pred)

    def value() -> tuple[float, list[np.ndarray]]:
        # The mean loss for the present y_pred, and where an absolute error has its kink.
        return float(loss.forward(target, y_pred, logits)[0].mean()), [y_pred > target]

    gradient = loss.backward(target, loss.forward(target, y_pred, logits)[1], logits)
    name = "loss by logits" if logits else "loss by y_pred"
    return compare(name, y_pred, gradient, value, entries, rng)


def check_penalties(
    penalties: Sequence[Penalty], entries: int, rng: np.random.Generator
) -> Iterator[Row]:
    """Yield a row for each penalty of a model: its gradient with respect to random weights."""
    for layer, name, regularizer in (each[1:] for each in penalties):
        weights = rng.standard_normal(layer.params[name].shape)
        pair = f"{layer.name}/{name} penalty", weights, regularizer.gradient(weights)
        # |w| has its kink at 0.
        row = compare(*pair, lambda r=regularizer, w=weights: (float(r(w)), [w > 0]), entries, rng)
        yield dataclasses.replace(row, is_zero=row.analytic == row.numeric == 0)  # of strength 0


def table(rows: list[Row]) -> str:
    """Return the rows as a table, with a head.

    Example:
        >>> print(table([Row("x", (2, 3), 1.0, 1.0, 1e-9, 6, 0)]).splitlines()[1])
        x                  (2, 3)           1.000e+00  1.000e+00   1.0e-09       6       0  ok
    """
    return "\n".join([HEAD, *map(line, rows)])


def line(row: Row) -> str:
    """Return one row of the table as text: its numbers, and "ok" or what is wrong."""
    sizes = f"{row.analytic:.3e}", f"{row.numeric:.3e}", f"{row.error:.1e}"
    status = "ok" if row.good else "WRONG" if row.analytic else "ALL ZERO"
    status = f"{status}, 0" if row.good and row.is_zero else status
    status = status if row.checked else "NOTHING CHECKED"
    return FORM.format(row.tensor, str(row.shape), *sizes, row.checked, row.kinks, status)


def worst(rows: list[Row]) -> float:
    """Return the largest relative error of all rows; infinity if a row is bad for another reason."""
    return max(
        (row.error if row.good or row.error > BOUND else math.inf for row in rows), default=0.0
    )


def main() -> int:
    """Run the command: check a saved model, print a row for each array; return 1 if one is wrong, else 0."""
    from tinycnn.utils.cli import Parser, file_name, say, whole_number

    parser = Parser(
        prog="tinycnn gradcheck",
        description="Check the gradient of every array of a saved model against central differences.",
        epilog="example: tinycnn gradcheck mnist.h5 --entries 50",
    )
    count, add = whole_number(), parser.add_argument
    about = "a model file; default: mnist.h5, or else the bundled model"
    add("model", nargs="?", type=file_name, help=about)
    add("--samples", type=count, default=2, help="random pictures (default 2)")
    add("--entries", type=count, default=20, help="entries of each array (default 20)")
    add("--seed", type=whole_number(0), default=0, help="of the random choices (default 0)")
    add("--force", action="store_true", help="check a model even if it takes very long")
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
