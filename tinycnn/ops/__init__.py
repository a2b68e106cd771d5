"""The arithmetic of a net: each operation's definition in `reference`, its fast kernel in `kernels`.

`dispatch` checks the arguments and calls one of the two; `fused` does so for neighbouring layers that are
computed together, such as Conv2D + ReLU + MaxPooling2D.
"""

from tinycnn.ops.dispatch import adadelta_update as adadelta_update
from tinycnn.ops.dispatch import adagrad_update as adagrad_update
from tinycnn.ops.dispatch import adam_update as adam_update
from tinycnn.ops.dispatch import adamax_update as adamax_update
from tinycnn.ops.dispatch import average_pool2d_backward as average_pool2d_backward
from tinycnn.ops.dispatch import average_pool2d_forward as average_pool2d_forward
from tinycnn.ops.dispatch import batch_normalization_backward as batch_normalization_backward
from tinycnn.ops.dispatch import (
    batch_normalization_backward_part as batch_normalization_backward_part,
)
from tinycnn.ops.dispatch import batch_normalization_forward as batch_normalization_forward
from tinycnn.ops.dispatch import batch_statistics as batch_statistics
from tinycnn.ops.dispatch import batch_sums as batch_sums
from tinycnn.ops.dispatch import conv2d_backward_input as conv2d_backward_input
from tinycnn.ops.dispatch import conv2d_backward_kernel as conv2d_backward_kernel
from tinycnn.ops.dispatch import conv2d_forward as conv2d_forward
from tinycnn.ops.dispatch import dense_backward_input as dense_backward_input
from tinycnn.ops.dispatch import dense_backward_kernel as dense_backward_kernel
from tinycnn.ops.dispatch import dense_forward as dense_forward
from tinycnn.ops.dispatch import dropout_backward as dropout_backward
from tinycnn.ops.dispatch import dropout_forward as dropout_forward
from tinycnn.ops.dispatch import gelu_backward as gelu_backward
from tinycnn.ops.dispatch import gelu_forward as gelu_forward
from tinycnn.ops.dispatch import gradient_sums as gradient_sums
from tinycnn.ops.dispatch import implementation as implementation
from tinycnn.ops.dispatch import max_pool2d_backward as max_pool2d_backward
from tinycnn.ops.dispatch import max_pool2d_forward as max_pool2d_forward
from tinycnn.ops.dispatch import nadam_update as nadam_update
from tinycnn.ops.dispatch import program as program
from tinycnn.ops.dispatch import relu_backward as relu_backward
from tinycnn.ops.dispatch import relu_forward as relu_forward
from tinycnn.ops.dispatch import rmsprop_update as rmsprop_update
from tinycnn.ops.dispatch import set_num_threads as set_num_threads
from tinycnn.ops.dispatch import sgd_update as sgd_update
from tinycnn.ops.dispatch import tanh_backward as tanh_backward
from tinycnn.ops.dispatch import tanh_forward as tanh_forward
from tinycnn.utils.geometry import Padding as Padding
from tinycnn.utils.geometry import Pair as Pair
from tinycnn.utils.geometry import conv2d_output as conv2d_output
from tinycnn.utils.geometry import same_padding as same_padding
