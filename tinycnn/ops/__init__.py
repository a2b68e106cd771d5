"""The arithmetic of a net: each operation's definition in `reference`, its fast kernel in `kernels`.

`dispatch` checks the arguments and calls one of the two; `fused` does so for neighbouring layers that are
computed together, such as Conv2D + ReLU + MaxPooling2D.
"""

from tinycnn.ops.dispatch import (
    adadelta_update,
    adam_update,
    average_pool2d_backward,
    average_pool2d_forward,
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
    dense_backward_input,
    dense_backward_kernel,
    dense_forward,
    dropout_backward,
    dropout_forward,
    implementation,
    max_pool2d_backward,
    max_pool2d_forward,
    relu_backward,
    relu_forward,
    set_num_threads,
    sgd_update,
    tanh_backward,
    tanh_forward,
)
from tinycnn.utils.geometry import Padding, Pair, conv2d_output, same_padding

__all__ = [
    "Padding",
    "Pair",
    "adadelta_update",
    "adam_update",
    "average_pool2d_backward",
    "average_pool2d_forward",
    "conv2d_backward_input",
    "conv2d_backward_kernel",
    "conv2d_forward",
    "conv2d_output",
    "dense_backward_input",
    "dense_backward_kernel",
    "dense_forward",
    "dropout_backward",
    "dropout_forward",
    "implementation",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "relu_backward",
    "relu_forward",
    "same_padding",
    "set_num_threads",
    "sgd_update",
    "tanh_backward",
    "tanh_forward",
]
