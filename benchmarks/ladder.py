"""Times the steps from the definition of a convolution to the fast kernel (`tinycnn/ops/kernels/ladder.py`).

python -m benchmarks.ladder
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import time

import numpy as np

from tinycnn import ops
from tinycnn.ops import fused, reference
from tinycnn.utils.cli import Parser, run, whole_number
from tinycnn.utils.geometry import FusedConvolution

ROUNDS = 10
REST = 0.3  # seconds: after a product the threads of NumPy's BLAS keep the CPUs busy for a while
FARTHEST = 1e-4  # largest difference from the definition, as a share of its largest number
GEOMETRY = ((1, 1), ((0, 0), (0, 0)))  # strides and padding
HEAD = f"{'':24}{'ms':>10}  {'times as fast':>13}  {'largest error':>13}"


def arguments():
    """Return the options of the command line."""
    parser = Parser(prog="python -m benchmarks.ladder", description=__doc__)
    parser.add_argument("--samples", type=whole_number(), default=32, help="images (default 32)")
    parser.add_argument("--channels", type=whole_number(), default=32, help="default 32")
    parser.add_argument("--filters", type=whole_number(), default=64, help="default 64")
    return parser.parse_args()


def milliseconds(function, *given):
    """Return the milliseconds that function(*given) takes: the least of 10 calls, after one to compile."""
    function(*given)
    time.sleep(REST)
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        function(*given)
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)


def error(result, expected):
    """Return the largest difference between arrays, divided by the largest absolute number expected.

    Args:
        result, expected: lists of arrays; the largest of their errors is returned.
    """
    pairs = zip(result, expected, strict=True)
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)


def show(steps, expected):
    """Check and time each step, and print a row for it.

    Args:
        steps: (name, what it does, function without arguments that returns a list of arrays).
        expected: the right list of arrays.

    Raises:
        ValueError: if a step's result is wrong.
    """
    first = None
    for name, what, function in steps:
        off = error(function(), expected)
        if not off < FARTHEST:
            raise ValueError(f"{name} is wrong by {off:.1e} of the largest number: not timed")
        duration = milliseconds(function)
        first = first or duration
        row = f"{name:24}{duration:10.2f}  {first / duration:13.1f}  {off:13.1e}"
        print(f"{row}\n    {what}", flush=True)


def back_through_everything(dy, argmax, y, x, kernel):
    """Back through pooling, ReLU and convolution, one by one: three quarters of the gradients are zero."""
    dz = ops.relu_backward(ops.max_pool2d_backward(dy, argmax, y.shape), y)
    dkernel, dbias = ops.conv2d_backward_kernel(dz, x, kernel.shape, *GEOMETRY)
    return ops.conv2d_backward_input(dz, kernel, x.shape, *GEOMETRY), dkernel, dbias


def show_sparsity(x, kernel, rng):
    """Time the backward pass of Conv2D, ReLU and pooling: on dense gradients, and on those that are not 0.

    Args:
        x: (n, h, w, c).
        kernel: (kh, kw, c, f).
        rng: random numbers for dy.
    """
    bias, pool = np.zeros(kernel.shape[3], x.dtype), (2, 2)
    pooling = FusedConvolution(*GEOMETRY, pool)
    y = fused.conv2d_relu_forward(x, kernel, bias, pooling)
    pooled, argmax = ops.max_pool2d_forward(y, pool, pool, GEOMETRY[1])
    _, in_window = fused.conv2d_relu_max_pool2d_forward(x, kernel, bias, pooling)
    dy = rng.standard_normal(pooled.shape, np.float32)

    def as_csr():
        given = dy, pooled, in_window, x, kernel, pooling
        return fused.conv2d_relu_max_pool2d_backward(*given, 0.0, True)

    def dense():
        return back_through_everything(dy, argmax, y, x, kernel)

    print(f"\nthe way back behind a ReLU and a 2 x 2 pooling, all threads\n\n{HEAD}")
    what = "What is not zero, listed row by row (CSR): only that is multiplied."
    show([("dense", back_through_everything.__doc__, dense), ("listed", what, as_csr)], dense())


def main():
    """Run the command: time the steps, then the backward pass with and without zeros."""
    options = arguments()
    if ops.implementation() is reference:
        raise ValueError("the steps are compiled: run this without NUMBA_DISABLE_JIT=1")
    from tinycnn.ops.kernels import ladder

    rng = np.random.default_rng(0)
    x = rng.standard_normal((options.samples, 26, 26, options.channels), np.float32)
    kernel = rng.standard_normal((3, 3, options.channels, options.filters), np.float32)
    bias = np.zeros(options.filters, np.float32)
    expected = [reference.conv2d_forward(x, kernel, bias, *GEOMETRY)]
    print(f"convolution of {x.shape} with {kernel.shape}, one thread until the last step\n\n{HEAD}")
    steps = [
        (rung.__name__, rung.__doc__, lambda rung=rung: [rung(x, kernel)]) for rung in ladder.RUNGS
    ]
    show(steps, expected)
    show_sparsity(x, kernel, rng)


if __name__ == "__main__":
    run(main)
