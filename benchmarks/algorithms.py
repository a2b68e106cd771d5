"""Times every convolution algorithm of `tinycnn/ops/kernels/convolution/algorithms.py` on this machine.

python -m benchmarks.algorithms
"""

if __name__ == "__main__":  # before anything else is imported
    from tinycnn.utils.start import end_on_interrupt

    end_on_interrupt()

import contextlib
import statistics
import time

import numpy as np

from benchmarks.ladder import FARTHEST, error
from tinycnn import ops
from tinycnn.ops import fused, reference
from tinycnn.utils.cli import Parser, run, whole_number
from tinycnn.utils.geometry import FusedConvolution

ROUNDS = 12  # how often each is timed
NONE = ((0, 0), (0, 0))  # padding
SHAPES = {  # rows and columns of the image, the kernel, the pooling behind it
    "classic net, second layer": ((26, 26), (3, 3, 32, 64), (2, 2)),
    "8 channels, 8 filters": ((26, 26), (3, 3, 8, 8), (2, 2)),
    "small images": ((11, 11), (3, 3, 64, 64), (2, 2)),
    "classic net, first layer": ((28, 28), (3, 3, 1, 32), (2, 2)),
    "LeNet, first layer": ((28, 28), (5, 5, 1, 6), (2, 2)),
    "LeNet, second layer": ((12, 12), (5, 5, 6, 16), (2, 2)),
    "a net for small images, last layer": ((5, 5), (3, 3, 16, 32), (1, 1)),
    "colour pictures": ((32, 32), (3, 3, 3, 32), (2, 2)),
}


def arguments():
    """Return the options of the command line."""
    parser = Parser(prog="python -m benchmarks.algorithms", description=__doc__)
    parser.add_argument("--samples", type=whole_number(), default=32, help="images (default 32)")
    parser.add_argument("--rounds", type=whole_number(), default=ROUNDS, help=f"default {ROUNDS}")
    return parser.parse_args()


@contextlib.contextmanager
def chosen(operation, algorithm):
    """Within this context, run `operation` by `algorithm`, whatever the table says; others as usual."""
    from tinycnn.ops.kernels.convolution import algorithms

    by_table = algorithms.select
    algorithms.select = lambda name, problem: (
        algorithm if name == operation else by_table(name, problem)
    )
    try:
        yield
    finally:
        algorithms.select = by_table


def calls(rng, samples, size, kernel_shape, pool):
    """Return {operation: (function without arguments that runs it, its `Problem`)} on random arrays.

    Args:
        rng: random numbers.
        samples: how many images.
        size: (h, w) of the images.
        kernel_shape: (kh, kw, c, f).
        pool: (ph, pw) of the pooling after the convolution.
    """
    from tinycnn.ops.kernels.convolution.algorithms import Problem

    def normal(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    x, kernel, bias = (
        normal(samples, *size, kernel_shape[2]),
        normal(*kernel_shape),
        normal(kernel_shape[3]),
    )
    geometry, pooling = ((1, 1), NONE), FusedConvolution((1, 1), NONE, pool, "tanh")
    dy = ops.conv2d_forward(x, kernel, bias, *geometry)
    means, a = fused.conv2d_average_pool2d_forward(x, kernel, bias, pooling)
    back = means, a, x, kernel, pooling, False
    problem = Problem(size, kernel_shape, (1, 1), NONE, pool)
    return {
        "forward": (lambda: ops.conv2d_forward(x, kernel, bias, *geometry), problem),
        "max_pool_forward": (
            lambda: fused.conv2d_relu_max_pool2d_forward(x, kernel, bias, pooling)[0],
            problem,
        ),
        "average_pool_forward": (
            lambda: fused.conv2d_average_pool2d_forward(x, kernel, bias, pooling)[0],
            problem,
        ),
        "backward_input": (
            lambda: ops.conv2d_backward_input(dy, kernel, x.shape, *geometry),
            problem,
        ),
        "backward_kernel": (
            lambda: ops.conv2d_backward_kernel(dy, x, kernel_shape, *geometry)[0],
            problem,
        ),
        "average_pool_backward": (
            lambda: fused.conv2d_average_pool2d_backward(*back)[1],
            problem._replace(input_gradient=False),
        ),
    }


def compare(operation, call, problem, rounds):
    """Return {algorithm: direct algorithm's time / its time}, for all algorithms that fit the problem.

    All run in turns; the number is the median of the ratios of each round.

    Args:
        operation: its name in `algorithms.TABLE`.
        call: runs it and returns an array.
        problem: the `Problem` of the call.
        rounds: how often each algorithm runs.

    Raises:
        ValueError: if an algorithm's result differs from the direct one's.
    """
    from tinycnn.ops.kernels.convolution.algorithms import TABLE

    fitting = [choice.algorithm for choice in TABLE[operation] if choice.fits(problem)]
    times, results = {name: [] for name in fitting}, {}
    for _ in range(rounds + 1):
        for name in fitting:
            with chosen(operation, name):
                begin = time.perf_counter()
                results[name] = call()
                times[name].append(time.perf_counter() - begin)
    direct, expected = times.pop("direct")[1:], results.pop("direct")  # the first round may compile
    for name, result in results.items():
        if not error([result], [expected]) < FARTHEST:
            raise ValueError(f"{operation} by {name} is wrong: its time means nothing")
    return {
        name: statistics.median(d / t for d, t in zip(direct, seconds[1:], strict=True))
        for name, seconds in times.items()
    }


def main():
    """Print a line for each algorithm of each operation on each of `SHAPES`."""
    options = arguments()
    if ops.implementation() is reference:
        raise ValueError("the algorithms are compiled: run this without NUMBA_DISABLE_JIT=1")
    rng = np.random.default_rng(0)
    print(f"{options.samples} images; times as fast as the direct algorithm")
    for name, (size, kernel_shape, pool) in SHAPES.items():
        print(f"\n{name}: {size[0]} x {size[1]}, kernel {kernel_shape}", flush=True)
        for operation, (call, problem) in calls(
            rng, options.samples, size, kernel_shape, pool
        ).items():
            for algorithm, ratio in compare(operation, call, problem, options.rounds).items():
                print(f"  {operation:24}{algorithm:16}{ratio:6.2f}", flush=True)


if __name__ == "__main__":
    run(main)
