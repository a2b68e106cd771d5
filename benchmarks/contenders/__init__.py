"""Who takes part. Each file knows one framework, and offers the same five functions.

    version()                        -> what is measured, in words
    set_threads(count)               -> must be called before anything is computed
    trainers(net, data, batch)       -> {way: Trainer}
    predictors(net, weights, x)      -> {way: function that returns probabilities (n, 10)}
    convolutions(case, arrays)       -> {way: Pass}

A *way* is one of several usual ways to do the same; the fastest is taken. A Trainer has `set_weights`,
`weights`, `learn(x, one_hot)` for one step on a given batch, and `steps(count)` for steps as a user would
run them: gather a shuffled batch, masks, loss, accuracy, optimizer. A Pass has `forward()`, `both()`,
and `results()`. Weights and arrays cross these borders as NumPy arrays in Keras's order and layout.
"""

import importlib

FILES = {
    "tinycnn": "ours",
    "PyTorch": "pytorch",
    "Keras": "keras_tensorflow",
    "NumPy": "plain_numpy",
}
OURS, PEERS = "tinycnn", ("PyTorch", "Keras")


def load(name, threads):
    """Return a contender's module, ready with so many threads.

    Raises:
        ImportError: if its framework is not installed.
    """
    module = importlib.import_module(f"{__name__}.{FILES[name]}")
    module.set_threads(threads)
    return module
