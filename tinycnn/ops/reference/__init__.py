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

from tinycnn.ops.reference.absolute_error import absolute_error_backward as absolute_error_backward
from tinycnn.ops.reference.absolute_error import absolute_error_forward as absolute_error_forward
from tinycnn.ops.reference.activations import bounded_relu_backward as bounded_relu_backward
from tinycnn.ops.reference.activations import bounded_relu_forward as bounded_relu_forward
from tinycnn.ops.reference.activations import elu_backward as elu_backward
from tinycnn.ops.reference.activations import elu_forward as elu_forward
from tinycnn.ops.reference.activations import gelu_backward as gelu_backward
from tinycnn.ops.reference.activations import gelu_forward as gelu_forward
from tinycnn.ops.reference.activations import leaky_relu_backward as leaky_relu_backward
from tinycnn.ops.reference.activations import leaky_relu_forward as leaky_relu_forward
from tinycnn.ops.reference.activations import linear_backward as linear_backward
from tinycnn.ops.reference.activations import linear_forward as linear_forward
from tinycnn.ops.reference.activations import log_softmax_backward as log_softmax_backward
from tinycnn.ops.reference.activations import log_softmax_forward as log_softmax_forward
from tinycnn.ops.reference.activations import relu_backward as relu_backward
from tinycnn.ops.reference.activations import relu_forward as relu_forward
from tinycnn.ops.reference.activations import selu_backward as selu_backward
from tinycnn.ops.reference.activations import selu_forward as selu_forward
from tinycnn.ops.reference.activations import sigmoid_backward as sigmoid_backward
from tinycnn.ops.reference.activations import sigmoid_forward as sigmoid_forward
from tinycnn.ops.reference.activations import silu_backward as silu_backward
from tinycnn.ops.reference.activations import silu_forward as silu_forward
from tinycnn.ops.reference.activations import softmax_backward as softmax_backward
from tinycnn.ops.reference.activations import softmax_forward as softmax_forward
from tinycnn.ops.reference.activations import softplus_backward as softplus_backward
from tinycnn.ops.reference.activations import softplus_forward as softplus_forward
from tinycnn.ops.reference.activations import tanh_backward as tanh_backward
from tinycnn.ops.reference.activations import tanh_forward as tanh_forward
from tinycnn.ops.reference.batch_normalization import (
    batch_normalization_backward as batch_normalization_backward,
)
from tinycnn.ops.reference.batch_normalization import (
    batch_normalization_backward_part as batch_normalization_backward_part,
)
from tinycnn.ops.reference.batch_normalization import (
    batch_normalization_forward as batch_normalization_forward,
)
from tinycnn.ops.reference.batch_normalization import batch_statistics as batch_statistics
from tinycnn.ops.reference.batch_normalization import batch_sums as batch_sums
from tinycnn.ops.reference.batch_normalization import gradient_sums as gradient_sums
from tinycnn.ops.reference.binary_cross_entropy import (
    binary_cross_entropy_backward as binary_cross_entropy_backward,
)
from tinycnn.ops.reference.binary_cross_entropy import (
    binary_cross_entropy_forward as binary_cross_entropy_forward,
)
from tinycnn.ops.reference.conv2d import conv2d_backward_input as conv2d_backward_input
from tinycnn.ops.reference.conv2d import conv2d_backward_kernel as conv2d_backward_kernel
from tinycnn.ops.reference.conv2d import conv2d_forward as conv2d_forward
from tinycnn.ops.reference.cross_entropy import cross_entropy_backward as cross_entropy_backward
from tinycnn.ops.reference.cross_entropy import cross_entropy_forward as cross_entropy_forward
from tinycnn.ops.reference.dense import dense_backward_input as dense_backward_input
from tinycnn.ops.reference.dense import dense_backward_kernel as dense_backward_kernel
from tinycnn.ops.reference.dense import dense_forward as dense_forward
from tinycnn.ops.reference.dropout import dropout_backward as dropout_backward
from tinycnn.ops.reference.dropout import dropout_forward as dropout_forward
from tinycnn.ops.reference.fused import (
    conv2d_average_pool2d_backward as conv2d_average_pool2d_backward,
)
from tinycnn.ops.reference.fused import (
    conv2d_average_pool2d_forward as conv2d_average_pool2d_forward,
)
from tinycnn.ops.reference.fused import conv2d_relu_backward as conv2d_relu_backward
from tinycnn.ops.reference.fused import conv2d_relu_forward as conv2d_relu_forward
from tinycnn.ops.reference.fused import (
    conv2d_relu_max_pool2d_backward as conv2d_relu_max_pool2d_backward,
)
from tinycnn.ops.reference.fused import (
    conv2d_relu_max_pool2d_forward as conv2d_relu_max_pool2d_forward,
)
from tinycnn.ops.reference.more_optimizers import adagrad_update as adagrad_update
from tinycnn.ops.reference.more_optimizers import adamax_update as adamax_update
from tinycnn.ops.reference.more_optimizers import nadam_update as nadam_update
from tinycnn.ops.reference.more_optimizers import rmsprop_update as rmsprop_update
from tinycnn.ops.reference.optimizers import adadelta_update as adadelta_update
from tinycnn.ops.reference.optimizers import adam_update as adam_update
from tinycnn.ops.reference.optimizers import sgd_update as sgd_update
from tinycnn.ops.reference.pooling import average_pool2d_backward as average_pool2d_backward
from tinycnn.ops.reference.pooling import average_pool2d_forward as average_pool2d_forward
from tinycnn.ops.reference.pooling import max_pool2d_backward as max_pool2d_backward
from tinycnn.ops.reference.pooling import max_pool2d_forward as max_pool2d_forward
from tinycnn.ops.reference.squared_error import squared_error_backward as squared_error_backward
from tinycnn.ops.reference.squared_error import squared_error_forward as squared_error_forward
