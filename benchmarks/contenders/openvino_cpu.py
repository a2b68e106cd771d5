"""The contender OpenVINO: see `engine` for the functions. It computes in float32, as all do here."""

import openvino

from benchmarks.contenders import onnx_file
from benchmarks.contenders.engine import Engine


def runner(converted, batch, threads):
    """Return a runner, see `engine`; its arrays are the engine's own, so that nothing is copied twice."""
    core = openvino.Core()
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    read = core.read_model(converted, b"")
    request = core.compile_model(read, "CPU", options).create_infer_request()
    given, returned = request.get_input_tensor().data, request.get_output_tensor().data

    def predict(x):
        given.reshape(x.shape)[...] = x
        request.infer()
        return returned

    return predict


engine = Engine(onnx_file.model, runner)
set_threads, predictors = engine.set_threads, engine.predictors
