"""What the engines share, that predict but do not train: ONNX Runtime, OpenVINO, MNN, ncnn, LiteRT.

A *runner* predicts batches of one size: it is called with x, float32 (batch, 28, 28, 1), and returns the
probabilities (batch, 10), in an array that it may fill anew at its next call. Each engine's module has two
functions, `converted(net, weights, batch)`, which returns a net in the engine's form, and
`runner(converted, batch, threads)`, which makes a runner of it; and an `Engine` with both.
"""

import concurrent.futures

import numpy as np

SIZES = (1, 25, 125, 500, 1000)  # of the batches that 1,000 images are taken in


class Engine:
    """Predicts in several ways, the fastest of which is taken.

    Args:
        converted, runner: see this module.
        sizes: of batches that the engine takes, the first is 1.
    """

    def __init__(self, converted, runner, sizes=SIZES):
        self.converted, self.runner, self.sizes, self.threads = converted, runner, sizes, 1

    def set_threads(self, count):
        """Let the engine use `count` threads."""
        self.threads = count

    def predictors(self, net, weights, x):
        """Return {way: function that returns the probabilities of x, (n, 10)}.

        The ways: all threads on one batch, one thread, and a thread for each of several batches at a time.
        """
        ways, sizes = {}, [size for size in self.sizes if len(x) % size == 0]
        for size in (
            sizes[1:] or sizes
        ):  # one by one only if there is no other way: it is the slowest
            batches, given = x.reshape(-1, size, *x.shape[1:]), self.converted(net, weights, size)
            for streams, threads in self.divisions(len(batches)):
                runners = [self.runner(given, size, threads) for _ in range(streams)]
                shared = f"{threads} thread{'s' * (threads > 1)}"
                name = shared if streams == 1 else f"{streams} at a time, a thread each"
                ways[f"batches of {size}, {name}"] = predictor(runners, batches)
        return ways

    def divisions(self, batches):
        """Return [(how many batches at a time, threads for each)] for so many batches."""
        alone = [(1, threads) for threads in sorted({1, self.threads})]
        if batches == 1:
            return alone
        return sorted({(1, self.threads), (min(batches, self.threads), 1)})


def predictor(runners, batches):
    """Return a function that returns the probabilities of all images, (n, 10).

    Args:
        runners: one for each thread of Python that is to predict.
        batches: float32 (count, batch, 28, 28, 1).
    """
    results = np.empty((*batches.shape[:2], 10), np.float32)

    def share(place):  # predicts every len(runners)-th batch
        for number in range(place, len(batches), len(runners)):
            results[number] = runners[place](batches[number])

    def together():
        list(pool.map(share, range(len(runners))))
        return results.reshape(-1, 10)

    def alone():
        share(0)
        return results.reshape(-1, 10)

    if len(runners) == 1:
        return alone
    pool = concurrent.futures.ThreadPoolExecutor(len(runners))
    return together
