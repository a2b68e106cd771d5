"""The contenders: what is compared. One module for each, with those of these functions that it can do:

    set_threads(count)               -> must be called before anything is computed
    trainers(net, data, batch)       -> {way: Trainer}
    predictors(net, weights, x)      -> {way: function without arguments, returns probabilities (n, 10)}
    convolutions(case, arrays)       -> {way: Pass}

`FRAMEWORKS` have all of them, `COMPILERS` have trainers, `ENGINES` predictors.

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
    "torch.compile": "pytorch_compiled",
    "JAX": "jax_xla",
    "ONNX Runtime": "onnx_runtime",
    "OpenVINO": "openvino_cpu",
    "MNN": "mnn_cpu",
    "ncnn": "ncnn_cpu",
    "ncnn, half precision": "ncnn_half",
    "LiteRT": "litert",
}
OURS, PEERS = "tinycnn", ("PyTorch", "Keras")
FRAMEWORKS = (OURS, *PEERS, "NumPy")
COMPILERS = ("torch.compile", "JAX")
ENGINES = ("ONNX Runtime", "OpenVINO", "MNN", "ncnn", "LiteRT")  # all in float32
HALF = "ncnn, half precision"


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
