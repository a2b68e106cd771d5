"""Every operation and every optimizer, given anything: a ValueError that names it, or a right result."""

import inspect
import re

import numpy as np
import pytest

from tinycnn import ops, optimizers
from tinycnn.layers import Conv2D, Dense, Input, layers_from_config
from tinycnn.models.sequential import Sequential
from tinycnn.ops import dispatch, reference
from tinycnn.ops import fused as fused_ops
from tinycnn.utils.geometry import FusedConvolution
from tinycnn.utils.validation import MOST_PARAMETERS

F = np.float32
RNG = np.random.default_rng(5)


def normal(*shape):
    return RNG.normal(size=shape).astype(F)


IMAGE = {"x": normal(2, 7, 7, 2)}
KERNEL = {"kernel": normal(3, 3, 2, 4)}
BIAS = {"bias": normal(4)}
STEPS = {"strides": (1, 1), "padding": ((0, 0), (0, 0))}
POOL, BACK = {"pool": (2, 2)}, {"input_gradient": True}
DROPOUT = {"rate": 0.25, "seed": 7}
CONVOLUTION = {**IMAGE, **KERNEL, **BIAS, **STEPS}
Y, POOLED = np.maximum(normal(2, 5, 5, 4), 0), normal(2, 2, 2, 4)
ARRAYS = {name: normal(3, 5) for name in ("param", "grad")}
SQUARES = {name: np.abs(normal(3, 5)) for name in ("one", "other")}
RATE = {"learning_rate": 0.5}
ADADELTA = {"accumulated_grad": SQUARES["one"], "accumulated_delta": SQUARES["other"]}
STATISTICS = {
    "mean": F([0.1, 0.2, 0, -1]),
    "variance": F([1, 2, 3, 4]),
    "gamma": F([1, 2, -1, 0.5]),
}
ADAM = {"momentum": normal(3, 5), "velocity": SQUARES["one"]}
BETAS = {"beta_1": 0.5, "beta_2": 0.5}
CASES = {
    "conv2d_forward": CONVOLUTION,
    "conv2d_backward_input": {"dy": Y, **KERNEL, "x_shape": (2, 7, 7, 2), **STEPS},
    "conv2d_backward_kernel": {"dy": Y, **IMAGE, "kernel_shape": (3, 3, 2, 4), **STEPS},
    "dense_forward": {"x": normal(3, 5), "kernel": normal(5, 4), "bias": normal(4)},
    "dense_backward_input": {"dy": normal(3, 4), "kernel": normal(5, 4)},
    "dense_backward_kernel": {"dy": normal(3, 4), "x": normal(3, 5)},
    "max_pool2d_forward": {**IMAGE, **POOL, **STEPS},
    "max_pool2d_backward": {
        "dy": normal(1, 2, 2, 3),
        "argmax": np.arange(12, dtype=np.int32).reshape(1, 2, 2, 3),
        "x_shape": (1, 4, 4, 3),
    },
    "average_pool2d_forward": {**IMAGE, **POOL, **STEPS},
    "average_pool2d_backward": {"dy": normal(2, 6, 6, 2), "x_shape": (2, 7, 7, 2), **POOL, **STEPS},
    "relu_forward": {"x": normal(3, 5)},
    "relu_backward": {"dy": normal(3, 5), "y": normal(3, 5)},
    "tanh_forward": {"x": normal(3, 5)},
    "tanh_backward": {"dy": normal(3, 5), "y": np.tanh(normal(3, 5))},
    "dropout_forward": {"x": normal(3, 5), **DROPOUT},
    "dropout_backward": {"dy": normal(3, 5), **DROPOUT},
    "sgd_update": {**ARRAYS, "velocity": normal(3, 5), **RATE, "momentum": 0.5, "nesterov": True},
    "adadelta_update": {**ARRAYS, **ADADELTA, **RATE, "rho": 0.5, "epsilon": 1e-7},
    "adagrad_update": {**ARRAYS, "accumulator": SQUARES["one"], **RATE, "epsilon": 1e-7},
    "rmsprop_update": {
        **ARRAYS,
        "velocity": SQUARES["one"] + F(4),
        "last_step": normal(3, 5),
        "average_gradient": SQUARES["other"] / F(4),
        **RATE,
        "rho": 0.5,
        "momentum": 0.5,
        "epsilon": 1e-7,
    },
    "adam_update": {
        **ARRAYS, **ADAM, "velocity_hat": SQUARES["other"], **RATE, **BETAS, "epsilon": 1e-7,
    },
    "nadam_update": {
        **ARRAYS, **ADAM, "momentum_rate": 0.5, "grad_rate": 0.5, **BETAS, "correction": 2.0,
        "epsilon": 1e-7,
    },
    "adamax_update": {
        **ARRAYS, "momentum": normal(3, 5), "norm": SQUARES["one"], **RATE, **BETAS, "epsilon": 1e-7,
    },
    "conv2d_relu_forward": CONVOLUTION,
    "conv2d_relu_backward": {"dy": normal(2, 5, 5, 4), "y": Y, **IMAGE, **KERNEL, **STEPS, **BACK},
    "conv2d_relu_max_pool2d_forward": {**CONVOLUTION, **POOL, **DROPOUT},
    "conv2d_relu_max_pool2d_backward": {
        "dy": POOLED,
        "y": np.abs(POOLED),
        "argmax": RNG.integers(0, 4, POOLED.shape).astype(np.uint8),
        **IMAGE,
        **KERNEL,
        **STEPS,
        **POOL,
        "rate": 0.25,
        **BACK,
    },
    "conv2d_average_pool2d_forward": {**CONVOLUTION, "activation": "relu", **POOL},
    "conv2d_average_pool2d_backward": {
        "dy": POOLED, "a": Y, **IMAGE, **KERNEL, **STEPS, "activation": "relu", **POOL, **BACK,
    },
    "gelu_forward": {"x": normal(3, 5)},
    "gelu_backward": {"dy": normal(3, 5), "x": normal(3, 5)},
    "batch_statistics": {"x": normal(3, 5)},
    "batch_normalization_forward": {
        "x": normal(2, 3, 4), **STATISTICS, "beta": normal(4), "epsilon": 1e-3,
    },
    "batch_normalization_backward": {
        "dy": normal(2, 3, 4), "x": normal(2, 3, 4), **STATISTICS, "epsilon": 1e-3,
    },
}  # fmt: skip
CHANGED = ("param", "velocity", "momentum", "accumulated_grad", "accumulated_delta", "accumulator")
CHANGED += ("last_step", "average_gradient", "velocity_hat", "norm")


SIZES = ("strides", "padding", "pool", "activation")  # of a `FusedConvolution`


def function(name):
    """Return an operation that takes its arguments by name, one by one even if they come as one object."""
    if hasattr(ops, name):
        return getattr(ops, name)

    def fused(**arguments):
        sizes = {size: arguments.pop(size) for size in SIZES if size in arguments}
        return getattr(fused_ops, name)(**arguments, fused=FusedConvolution(**sizes))

    return fused


def copied(arguments):
    return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in arguments.items()}


def outcome(run, arguments):
    """Return every array that a call returns or changes."""
    results = run(**arguments)
    results = results if isinstance(results, tuple) else (results,)
    changed = [arguments[name] for name in CHANGED if isinstance(arguments.get(name), np.ndarray)]
    return [np.asarray(one) for one in (*results, *changed) if one is not None]


def spoilt_arrays(array):
    """Yield things that are not this array: nothing, other kinds of numbers, other axes."""
    yield from (None, [], 1.0, "x", array.tolist(), np.array(1, array.dtype), array[0], array[None])
    for dtype in (np.int64, np.int8, bool, np.complex64, object, np.float16, "U9", "M8[s]", "S4"):
        yield array.astype("i8").astype(dtype) if dtype == "M8[s]" else array.astype(dtype)
    yield array.astype(array.dtype.newbyteorder())
    yield array.astype(np.float64)
    yield np.ma.masked_array(array, array > 0)
    yield array[..., :-1]
    yield array[:0]


SPOILT = {
    "sizes": [
        None, 2, (), (2,), (1.0, 1.0), ("1", "1"), (None, 1), (np.nan, 1), (-1, 1), (0, 0), (2**70, 1),
        (1, 1, 1), (True, True), "same", ((0.0, 0), (0, 0)), ((0, 0), (0,)), ((-1, 0), (0, 0)), ((0, 0),),
        (2, 9, 9), (1, 1, 1, 1, 1), (-2, 7, 7, 2), (2, 7, 7, -2), (2.0, 7, 7, 2), (None, 7, 7, 2),
        (2, -7, 7, 2), (0, 0, 0, 0), np.ones((2, 2)), object(), {1: 2},
    ],
    "number": [None, "x", np.nan, np.inf, -1, 1.5 + 0j, [0.5], True, np.ones(2), object(), 1e300],
    "seed": [None, "x", np.nan, 1.5, -1, 2**64, True, [1], np.float32(1), np.ones(2, int), object()],
    "activation": [None, "gelu", 3, b"relu", np.array(["relu", "tanh"]), ["relu"], object()],
    "truth": [None, "yes", 2, 1.0, [True], np.ones(2), object()],
}  # fmt: skip


def kind_of(name, value):
    if name in ("seed", "activation"):
        return name
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, float) else "sizes"


def spoilt(name, value):
    yield from (
        spoilt_arrays(value) if isinstance(value, np.ndarray) else SPOILT[kind_of(name, value)]
    )


ARGUMENTS = [(name, argument) for name, case in CASES.items() for argument in case]


def test_every_operation_is_tried_with_every_argument():
    operations = {
        name: list(inspect.signature(operation).parameters)
        for module in (ops, fused_ops)
        for name, operation in inspect.getmembers(module, inspect.isfunction)
        if name.endswith(("_forward", "_backward", "_input", "_kernel", "_statistics", "_update"))
    }
    sizes = dict.fromkeys(SIZES, "fused")
    wanted = {
        name: list(case)
        if hasattr(ops, name)
        else list(dict.fromkeys(sizes.get(a, a) for a in case))
        for name, case in CASES.items()
    }
    assert operations == wanted


@pytest.mark.parametrize("fused", [None, ((1, 1), ((0, 0), (0, 0))), {}, FusedConvolution, "relu"])
def test_what_a_fused_convolution_does_must_have_been_checked(fused):
    with pytest.raises(ValueError, match=r"fused must be a FusedConvolution\. Received"):
        fused_ops.conv2d_relu_forward(*IMAGE.values(), *KERNEL.values(), *BIAS.values(), fused)


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_what_does_not_fit_is_refused_by_name_or_right(name, argument):
    refused = []
    for value in spoilt(argument, CASES[name][argument]):
        arguments = {**copied(CASES[name]), argument: value}
        before = copied(arguments)
        try:
            actual = outcome(function(name), arguments)
        except ValueError as error:  # and nothing else
            refused.append(str(error))
            unchanged = {key: before[key] for key in CHANGED if key in before}
            for key, array in unchanged.items():
                assert array is arguments[key] or array.tobytes() == arguments[key].tobytes()
        else:
            wanted = outcome(definition(name), before)
            for one, other in zip(actual, wanted, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    words = re.compile("Received|does not fit|argmax|without a pixel|inhomogeneous")
    assert [text for text in refused if not words.search(text)] == []
    assert len(refused) >= 3


def definition(name):
    """Return the slow definition; those of windows take what the checks make of their arguments."""
    if name == "dropout_backward":
        return lambda dy, rate, seed: reference.dropout_forward(dy, rate, seed)
    if hasattr(ops, name) and "pool2d" not in name:
        return getattr(reference, name)

    def behind_the_same_checks(**arguments):
        with pytest.MonkeyPatch.context() as patch:
            for module in (dispatch, fused_ops):
                patch.setattr(module, "implementation", lambda: reference)
            return function(name)(**arguments)

    return behind_the_same_checks


def layouts(array):
    """Yield the same numbers, laid out in other ways."""
    yield np.asfortranarray(array)
    yield np.repeat(array, 2, axis=0)[::2]
    yield array[::-1].copy()[::-1]
    frozen = array.copy()
    frozen.flags.writeable = False
    yield frozen
    buffer = np.zeros(array.nbytes + 1, np.uint8)
    crooked = buffer[1:].view(array.dtype).reshape(array.shape)
    crooked[...] = array
    yield crooked


@pytest.mark.parametrize(
    ("name", "argument"),
    [pair for pair in ARGUMENTS if isinstance(CASES[pair[0]][pair[1]], np.ndarray)],
)
def test_the_layout_in_memory_changes_nothing_or_is_refused(name, argument):
    wanted = outcome(function(name), copied(CASES[name]))
    for array in layouts(CASES[name][argument]):
        arguments, kept = {**copied(CASES[name]), argument: array}, array.copy()
        if argument in CHANGED and name.endswith("_update") and not array.flags.carray:
            with pytest.raises(ValueError, match=f"{argument} must be C-contiguous.*Received"):
                function(name)(**arguments)
        else:
            for one, other in zip(outcome(function(name), arguments), wanted, strict=True):
                assert one.tobytes() == other.tobytes()
        if argument not in CHANGED:
            np.testing.assert_array_equal(array, kept)


@pytest.mark.parametrize("sizes", SPOILT["sizes"])
@pytest.mark.parametrize("place", range(3))
def test_sizes_of_a_padding_that_make_no_sense(sizes, place):
    arguments = [(7, 7), (3, 3), (1, 1)]
    arguments[place] = sizes
    with pytest.raises(ValueError, match=r"Received|does not fit"):
        ops.same_padding(*arguments)
    with pytest.raises(ValueError, match=r"Received|does not fit"):
        ops.conv2d_output(*arguments, ((0, 0), (0, 0)))


# --- optimizers ----------------------------------------------------------------------------------------

OPTIMIZERS = list(optimizers.CLASSES.values())
NO_LISTS = [None, 1.0, "x", {}, np.ones((1, 3), F), iter([np.ones(3, F)])]


@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_optimizers_take_lists_of_arrays(cls):
    for wrong in NO_LISTS:
        for arguments in ((wrong, [np.ones(3, F)]), ([np.ones(3, F)], wrong)):
            optimizer = cls()
            with pytest.raises(ValueError, match="must be a list of arrays"):
                optimizer.apply(*arguments)
            assert optimizer.iterations == 0


@pytest.mark.parametrize("which", ["grads", "params"])
@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_optimizers_refuse_what_they_cannot_move_and_change_nothing(cls, which):
    good = normal(3, 5)
    for wrong in spoilt_arrays(good):
        arrays = {"grads": [good.copy(), good.copy()], "params": [good.copy(), good.copy()]}
        first = arrays["params"][0]
        arrays[which][1] = wrong
        optimizer = cls()
        with pytest.raises(ValueError, match="Received"):
            optimizer.apply(**arrays)
        assert optimizer.iterations == 0
        np.testing.assert_array_equal(first, good)


@pytest.mark.parametrize("dtype", [np.int64, bool, np.complex64, np.float16])
@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_parameters_of_other_kinds_of_numbers_are_refused(cls, dtype):
    params = [np.ones(3, dtype)]
    with pytest.raises(ValueError, match=f"float32 or float64. Received: {np.dtype(dtype)}"):
        cls().apply([np.ones(3, dtype)], params)
    assert params[0].tolist() == [1, 1, 1]


# --- layers that no memory could hold --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "count", "size"),
    [
        (lambda: Conv2D(2**31 - 1, 3), (28, 28, 1), 10 * (2**31 - 1), 40 * (2**31 - 1)),
        (lambda: Conv2D(1, 2**14, dtype="float64"), (2**14, 2**14, 1), 2**28 + 1, 8 * 2**28 + 8),
        (lambda: Dense(2**31 - 1), (1,), 2 * (2**31 - 1), 8 * (2**31 - 1)),
        (
            lambda: Dense(2**31 - 1, use_bias=False),
            (2**31 - 1,),
            (2**31 - 1) ** 2,
            4 * (2**31 - 1) ** 2,
        ),
    ],
)
def test_a_layer_that_is_too_large_is_refused_before_it_is_made(layer, shape, count, size):
    words = f"would have {count:,} weights, {size:,} bytes, and {MOST_PARAMETERS:,} weights are the most"
    model, large = Sequential([Input(shape)]), layer()
    with pytest.raises(ValueError, match=words):
        model.add(large)
    assert large.params == {}
    assert large.output_shape is None
    config = {"class_name": type(large).__name__, "config": large.get_config() | {"name": "a"}}
    (again,) = layers_from_config({"layers": [config]})
    with pytest.raises(ValueError, match=words):
        again.build((None, *shape), np.random.default_rng())
