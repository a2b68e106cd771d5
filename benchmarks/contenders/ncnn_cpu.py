"""The contender ncnn: see `engine` for the functions. The net is written as ncnn's two files are.

By default ncnn keeps kernels in half precision; here it is told to keep float32, as all others do.
"""

import pathlib
import struct
import tempfile

import ncnn
import numpy as np

from benchmarks.contenders.channels_first import from_keras
from benchmarks.contenders.engine import Engine

MAGIC = 7767517  # begins a description
RELU = "9=1"  # the option that a layer ends in a ReLU


def line(kind, options, arrays):
    """Return (ncnn's name of a layer, its options) as in a line of ncnn's description; None for Dropout.

    Args:
        kind, options: an entry of `nets.Net.layers`.
        arrays: its weights.
    """
    relu = f" {RELU}" if options.get("activation") == "relu" else ""
    if kind == "Conv2D":
        sizes = f"0={options['filters']} 1={options['kernel_size']} 3={options['strides']}"
        return "Convolution", f"{sizes} 5=1 6={arrays[0].size}{relu}"
    if kind == "Dense":
        return "InnerProduct", f"0={options['units']} 1=1 2={arrays[0].size}{relu}"
    if kind == "MaxPooling2D":
        return "Pooling", f"0=0 1={options['pool_size']} 2={options['pool_size']}"
    return {"Flatten": ("Flatten", ""), "Dropout": None}[kind]


def description(net, weights):
    """Return ncnn's description of a `nets.Net`, and the name of its output; that of its input is "0"."""
    entries = zip(net.layers, net.by_layer(weights), strict=True)
    lines = [line(kind, options, arrays) for (kind, options), arrays in entries]
    lines = [("Input", "0=28 1=28 2=1"), *filter(None, lines), ("Softmax", "0=0")]
    texts = [f"Input layer0 0 1 0 {lines[0][1]}"]
    for place, (kind, options) in enumerate(lines[1:], start=1):
        texts.append(f"{kind} layer{place} 1 1 {place - 1} {place} {options}")
    return "\n".join([str(MAGIC), f"{len(lines)} {len(lines)}", *texts, ""]), str(len(lines) - 1)


def numbers(net, weights):
    """Return the bytes of ncnn's file of weights: a 0 for float32 before each kernel."""
    arrays = from_keras(net, weights)
    return b"".join((struct.pack("<I", 0) if a.ndim > 1 else b"") + a.tobytes() for a in arrays)


def converted(net, weights, batch):
    """Return (description, name of the output, bytes of the weights); batch: always 1."""
    return *description(net, weights), numbers(net, weights)


def runner(converted, batch, threads, half=False):
    """Return a runner, see `engine`, for one image.

    Args:
        converted, batch, threads: see `engine`.
        half: True to let it keep kernels in half precision.
    """
    loaded, (text, last, weights) = ncnn.Net(), converted
    loaded.opt.num_threads = threads
    loaded.opt.use_fp16_packed = loaded.opt.use_fp16_storage = half
    loaded.opt.use_fp16_arithmetic = half
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "net.bin")
        file.write_bytes(weights)
        if loaded.load_param_mem(text) or loaded.load_model(str(file)):
            raise ValueError(f"ncnn does not take this description:\n{text}")

    def predict(x):
        extractor = loaded.create_extractor()
        extractor.input("0", ncnn.Mat(x.reshape(1, 28, 28)))
        return np.asarray(extractor.extract(last)[1])

    return predict


engine = Engine(converted, runner, sizes=(1,))
set_threads, predictors = engine.set_threads, engine.predictors
