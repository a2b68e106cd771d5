"""The definitions: what every operation computes, forward beside backward, in plain NumPy.

This is the folder to read. Nothing here is fast and nothing is clever; `tinycnn.ops.kernels` has a fast
implementation of each hot function, with the same name, arguments and result, which the tests hold to these.
With `NUMBA_DISABLE_JIT=1` in the environment the whole library runs on this folder.

One legend of sizes, here and in the kernels:

    n samples · h, w height and width · c channels · kh, kw kernel height and width · f filters
    oh, ow output height and width · sh, sw strides · ph, pw pool height and width
    b a sample · i, j an output row and column · di, dj an offset in the window · ch a channel

A gradient is the name of its array with a d in front: dx is the gradient of the loss with respect to x.
"""

from tinycnn.ops.reference.absolute_error import absolute_error_backward, absolute_error_forward
from tinycnn.ops.reference.activations import (
    bounded_relu_backward,
    bounded_relu_forward,
    elu_backward,
    elu_forward,
    gelu_backward,
    gelu_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    linear_backward,
    linear_forward,
    log_softmax_backward,
    log_softmax_forward,
    relu_backward,
    relu_forward,
    selu_backward,
    selu_forward,
    sigmoid_backward,
    sigmoid_forward,
    silu_backward,
    silu_forward,
    softmax_backward,
    softmax_forward,
    softplus_backward,
    softplus_forward,
    tanh_backward,
    tanh_forward,
)
from tinycnn.ops.reference.batch_normalization import (
    batch_normalization_backward,
    batch_normalization_forward,
    batch_statistics,
)
from tinycnn.ops.reference.binary_cross_entropy import (
    binary_cross_entropy_backward,
    binary_cross_entropy_forward,
)
from tinycnn.ops.reference.conv2d import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)
from tinycnn.ops.reference.cross_entropy import cross_entropy_backward, cross_entropy_forward
from tinycnn.ops.reference.dense import dense_backward_input, dense_backward_kernel, dense_forward
from tinycnn.ops.reference.dropout import dropout_backward, dropout_forward
from tinycnn.ops.reference.fused import (
    conv2d_average_pool2d_backward,
    conv2d_average_pool2d_forward,
    conv2d_relu_backward,
    conv2d_relu_forward,
    conv2d_relu_max_pool2d_backward,
    conv2d_relu_max_pool2d_forward,
)
from tinycnn.ops.reference.optimizers import (
    adadelta_update,
    adagrad_update,
    adam_update,
    adamax_update,
    nadam_update,
    rmsprop_update,
    sgd_update,
)
from tinycnn.ops.reference.pooling import (
    average_pool2d_backward,
    average_pool2d_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
from tinycnn.ops.reference.squared_error import squared_error_backward, squared_error_forward
