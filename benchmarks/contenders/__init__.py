"""The contenders: the frameworks that are compared. One module for each, all with the same functions:

    version()                        -> name and version of the framework
    set_threads(count)               -> must be called before anything is computed
    trainers(net, data, batch)       -> {way: Trainer}
    predictors(net, weights, x)      -> {way: function without arguments, returns probabilities (n, 10)}
    convolutions(case, arrays)       -> {way: Pass}

net is a `nets.Net`, data a `digits.Data`, batch the number of samples in a batch, case a
`nets.Convolution`, and arrays its (x, kernel, bias, dy). A *way* is the name of one of several usual ways
to do the same thing in a framework; the fastest is taken. A Trainer has `set_weights(weights)`,
`weights()`, `learn(x, one_hot)`, which takes one step on a given batch and returns the loss before it, and
`steps(count)`, which takes steps as a user would: gather a shuffled batch, dropout, loss, accuracy,
optimizer. A Pass computes one convolution: `forward()` the output, `both()` the output and all three
gradients, `results()` the same four as NumPy arrays. All arrays that are passed in or out are NumPy arrays
in Keras's order and layout.
"""

import importlib

FILES = {  # contender: module
    "tinycnn": "ours",
    "PyTorch": "pytorch",
    "Keras": "keras_tensorflow",
    "NumPy": "plain_numpy",
}
OURS, PEERS = "tinycnn", ("PyTorch", "Keras")


def load(name, threads):
    """Return a contender's module, after telling it how many threads to use.

    Args:
        name: one of `FILES`.
        threads: how many.

    Raises:
        ImportError: if its framework is not installed.
    """
    module = importlib.import_module(f"{__name__}.{FILES[name]}")
    module.set_threads(threads)
    return module
