"""The fast implementations, compiled by Numba: their arguments are arrays and numbers only.

Every function here has the name, the arguments and the result of its definition in `tinycnn.ops.reference`;
`tinycnn.ops.dispatch` chooses between the two. Most are a Python function that allocates the result and
calls `workers.run(..._span, length, grain, ...)`. The function `..._span(start, stop, ...)` is compiled. Each
thread calls it for a part of the loop (over samples, columns, ...), the indices from start to stop - 1, and
it writes into arrays that it gets. Results do not depend on the number of threads, to the last bit: each
index owns what it writes, and sums over samples use fixed chunks in a fixed order.

Read `blocks/gemm.py` first: convolution and dense layers, forward and backward, all call it.
"""

from tinycnn.ops.kernels.activations import (
    gelu_backward,
    gelu_forward,
    relu_backward,
    relu_forward,
    tanh_backward,
    tanh_forward,
)
from tinycnn.ops.kernels.batch_normalization import (
    batch_normalization_backward,
    batch_normalization_backward_part,
    batch_normalization_forward,
    batch_statistics,
    batch_sums,
    gradient_sums,
)
from tinycnn.ops.kernels.convolution.average_pool import (
    conv2d_average_pool2d_backward,
    conv2d_average_pool2d_forward,
)
from tinycnn.ops.kernels.convolution.conv2d import (
    conv2d_backward_input,
    conv2d_backward_kernel,
    conv2d_forward,
)
from tinycnn.ops.kernels.convolution.relu import conv2d_relu_backward, conv2d_relu_forward
from tinycnn.ops.kernels.convolution.relu_max_pool import (
    conv2d_relu_max_pool2d_backward,
    conv2d_relu_max_pool2d_forward,
)
from tinycnn.ops.kernels.dense import dense_backward_input, dense_backward_kernel, dense_forward
from tinycnn.ops.kernels.dropout import dropout_backward, dropout_forward
from tinycnn.ops.kernels.optimizers import (
    adadelta_update,
    adagrad_update,
    adam_update,
    adamax_update,
    nadam_update,
    rmsprop_update,
    sgd_update,
)
from tinycnn.ops.kernels.pooling import (
    average_pool2d_backward,
    average_pool2d_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
