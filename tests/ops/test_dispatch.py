"""What compiled code could not bear is refused or made bearable; `test_validation.py` hands over anything."""

import re

import numpy as np
import pytest

from tinycnn import ops
from tinycnn.ops import fused, reference
from tinycnn.utils.geometry import FusedConvolution

F = np.float32
NONE = ((0, 0), (0, 0))


def ones(*shape):
    return np.ones(shape, F)


IMAGES, KERNEL, BIAS, GRADIENT = ones(2, 9, 9, 1), ones(3, 3, 1, 6), ones(6), ones(2, 7, 7, 6)
CALLS = {  # what takes strides and padding
    "forward": lambda *geometry: ops.conv2d_forward(IMAGES, KERNEL, BIAS, *geometry),
    "input": lambda *geometry: ops.conv2d_backward_input(GRADIENT, KERNEL, (2, 9, 9, 1), *geometry),
    "kernel": lambda *geometry: ops.conv2d_backward_kernel(
        GRADIENT, IMAGES, (3, 3, 1, 6), *geometry
    ),
    "maximum": lambda *geometry: ops.max_pool2d_forward(IMAGES, (3, 3), *geometry),
    "mean": lambda *geometry: ops.average_pool2d_forward(IMAGES, (3, 3), *geometry),
}


def arrays(actual):
    return [one for one in (actual if isinstance(actual, tuple) else (actual,)) if one is not None]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "strides", [(1.0, 1.0), ("1", 1), (None, 1), (1,), (1, 1, 1), 1, (), (2**70, 1), (np.nan, 1)]
)
def test_strides_that_are_no_whole_numbers(name, strides):
    with pytest.raises(ValueError, match=r"strides must be two whole numbers\. Received"):
        CALLS[name](strides, NONE)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "padding", [((0.0, 0), (0, 0)), (0, 0), ((0, 0), (0,)), ((0, 0),), 0, "same"]
)
def test_padding_that_is_not_two_pairs_of_whole_numbers(name, padding):
    with pytest.raises(ValueError, match=r"padding must be two pairs of whole numbers\. Received"):
        CALLS[name]((1, 1), padding)


@pytest.mark.parametrize("name", CALLS)
def test_whole_numbers_of_other_kinds(name):
    wanted = arrays(CALLS[name]((1, 1), NONE))
    for strides, padding in (
        ([1, 1], [[0, 0], [0, 0]]),
        (np.ones(2, np.int8), np.zeros((2, 2), np.int8)),
    ):
        for one, other in zip(arrays(CALLS[name](strides, padding)), wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_stride_larger_than_any_image():
    huge = (2**40, 2**40)
    y = ops.conv2d_forward(IMAGES, KERNEL, BIAS, huge, NONE)
    np.testing.assert_array_equal(y, 10 * ones(2, 1, 1, 6))
    dx = ops.conv2d_backward_input(y, KERNEL, IMAGES.shape, huge, NONE)
    np.testing.assert_array_equal(dx[:, :3, :3], 60)
    assert not dx[:, 3:].any()
    assert not dx[:, :, 3:].any()


@pytest.mark.parametrize("c", [0, 1])
@pytest.mark.parametrize("f", [0, 6])
def test_a_kernel_with_nothing_in_it(c, f):
    rng = np.random.default_rng(2)
    shapes = (2, 9, 9, c), (3, 3, c, f), (f,), (2, 7, 7, f)
    x, kernel, bias, dy = (rng.integers(-3, 4, shape).astype(F) for shape in shapes)
    geometry = (1, 1), NONE
    for name, arguments in {
        "conv2d_forward": (x, kernel, bias),
        "conv2d_backward_input": (dy, kernel, x.shape),
        "conv2d_backward_kernel": (dy, x, kernel.shape),
    }.items():
        actual, wanted = (getattr(side, name)(*arguments, *geometry) for side in (ops, reference))
        for one, other in zip(arrays(actual), arrays(wanted), strict=True):
            np.testing.assert_array_equal(one, other)
    pooling = FusedConvolution(*geometry, (2, 2))
    y = fused.conv2d_relu_forward(x, kernel, bias, pooling)
    np.testing.assert_array_equal(y, reference.conv2d_relu_forward(x, kernel, bias, pooling))
    y, _ = fused.conv2d_average_pool2d_forward(x, kernel, bias, pooling)
    assert y.shape == (2, 3, 3, f)


@pytest.mark.parametrize("samples", [0, 1, 4, 5, 9])
def test_a_dense_layer_without_inputs_gives_the_bias(samples):
    arguments = ones(samples, 0), ones(0, 5), np.arange(5, dtype=F)
    np.testing.assert_array_equal(
        ops.dense_forward(*arguments), reference.dense_forward(*arguments)
    )


@pytest.mark.parametrize(
    ("x", "kernel", "bias", "words"),
    [
        ((1, 4, 4, 2), (3, 3, 3, 1), 1, "kernel must have the shape (None, None, 2, None)"),
        ((1, 4, 4, 2), (3, 3, 2, 1), 2, "bias must have the shape (1,)"),
        ((4, 4, 2), (3, 3, 2, 1), 1, "x must have the shape"),
        ((1, 2, 4, 2), (3, 3, 2, 1), 1, "does not fit"),
    ],
)
def test_shapes_that_do_not_go_together_are_named(x, kernel, bias, words):
    arrays = [np.zeros(shape, np.float32) for shape in (x, kernel, bias)]
    with pytest.raises(ValueError, match=re.escape(words)):
        ops.conv2d_forward(*arrays, (1, 1), NONE)


@pytest.mark.parametrize("dtype", ["f2", "i4", ">f4", "c8", "O"])
def test_only_two_dtypes_are_taken(dtype):
    with pytest.raises(ValueError, match="x must be an array of float32 or float64"):
        ops.relu_forward(np.zeros(3, dtype))


def test_two_dtypes_are_not_taken_together():
    with pytest.raises(ValueError, match=r"kernel must be an array of float32\. Received: float64"):
        ops.dense_forward(np.zeros((1, 2), np.float32), np.zeros((2, 3)), np.zeros(3))


def test_what_is_changed_in_place_must_be_one_block():
    param = np.arange(16, dtype=np.float32).reshape(4, 4)
    with pytest.raises(ValueError, match="param must be C-contiguous"):
        ops.sgd_update(param.T, param.copy(), param.copy(), 0.5, 0.0, False)
    with pytest.raises(ValueError, match="velocity must be C-contiguous"):
        ops.sgd_update(param, param.copy(), param.copy().T, 0.5, 0.0, False)
    wanted = param - 0.5 * param.T
    ops.sgd_update(param, param.T, param.copy(), 0.5, 0.0, False)  # the gradient is only read
    np.testing.assert_array_equal(param, wanted)
