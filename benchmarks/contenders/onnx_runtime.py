"""The contender ONNX Runtime, on its own CPU kernels: see `engine` for the functions."""

import onnxruntime

from benchmarks.contenders import onnx_file
from benchmarks.contenders.engine import Engine


def runner(converted, batch, threads):
    """Return a runner, see `engine`, with all optimizations of the graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(converted, options, providers=providers)
    return lambda x: session.run(None, {"x": x.reshape(batch, 1, 28, 28)})[0]


engine = Engine(onnx_file.model, runner)
set_threads, predictors = engine.set_threads, engine.predictors
